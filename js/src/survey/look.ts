import { className } from "../shared/format";
import { filtered, ordered } from "./order";
import { inflated, Table } from "./table";
import type { Filters, SurveyFrame } from "./traits";

const ALL: Filters = {
  ...{ sort: "surprise", wrong: false, unsure: false },
  ...{ truth: -1, prediction: -1, change: "", text: "" },
};
const NOBODY = new Uint32Array(0);

/** The table, and which of its pictures the gallery shows. */
export class Look {
  table: Table | null = null;
  /** The files of the pictures; none where they are from no files. */
  paths: readonly string[] = [];
  /** Words where something cannot be read. */
  wrong = "";
  #small: readonly string[] = [];
  #tableBytes: unknown;
  #pathBytes: unknown;
  #order: { table: Table; sort: Filters["sort"]; pictures: Uint32Array } | null = null;
  #shown: { order: Uint32Array; filters: Filters; small: readonly string[]; pictures: Uint32Array } | null =
    null;

  constructor(readonly frame: SurveyFrame) {}

  get filters(): Filters {
    return this.frame.traits.filters ?? ALL;
  }

  /** The pictures that the gallery shows, in their order: the same array until they change. */
  get shown(): Uint32Array {
    const { table, filters } = this;
    if (!table) return NOBODY;
    if (this.#order?.table !== table || this.#order.sort !== filters.sort)
      this.#order = { table, sort: filters.sort, pictures: ordered(table, filters.sort) };
    const { pictures: order } = this.#order;
    const before = this.#shown;
    if (before?.order !== order || before.filters !== filters || before.small !== this.#small)
      this.#shown = {
        order,
        filters,
        small: this.#small,
        pictures: filtered(order, table, filters, this.#small),
      };
    return this.#shown!.pictures;
  }

  name = (index: number) => className(this.frame.traits.labels, index);

  /** Changes filters, here at once, and tells the kernel. */
  change(values: Partial<Filters>, since = performance.now()): void {
    this.frame.clock(since);
    this.frame.save({ filters: { ...this.filters, ...values } });
  }

  /** Shows a true and a predicted class, or all again where these are shown. */
  toggle(truth: number, prediction: number, since: number): void {
    const now = this.filters;
    const off = now.truth === truth && now.prediction === prediction;
    this.change(off ? { truth: -1, prediction: -1 } : { truth, prediction }, since);
  }

  /** Takes over what the kernel has sent. */
  read(): void {
    void this.#readTable();
    void this.#readPaths();
  }

  async #readTable(): Promise<void> {
    const { table: bytes, pictures, second } = this.frame.traits;
    if (bytes === this.#tableBytes) return;
    this.#tableBytes = bytes;
    const hasSecond = second !== "";
    const data = await inflated(bytes).catch(() => undefined);
    if (bytes !== this.#tableBytes || this.frame.scope.signal.aborted) return;
    const fits = data?.length === Table.bytes(pictures, hasSecond);
    this.wrong = data === null || fits ? "" : "the table cannot be read";
    this.table = data && fits ? new Table(pictures, hasSecond, data.buffer as ArrayBuffer) : null;
    this.frame.refresh();
  }

  async #readPaths(): Promise<void> {
    const { paths: bytes } = this.frame.traits;
    if (bytes === this.#pathBytes) return;
    this.#pathBytes = bytes;
    const data = await inflated(bytes).catch(() => null);
    if (bytes !== this.#pathBytes || this.frame.scope.signal.aborted) return;
    this.paths = data ? new TextDecoder().decode(data).split("\n") : [];
    this.#small = this.paths.map((path) => path.toLowerCase());
    this.frame.refresh();
  }
}
