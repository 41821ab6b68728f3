import { type Row, ranked, rowsOf } from "./rows";
import { differenceScaleOf, type Scale, scaleOf } from "./scale";
import type { Traits } from "./traits";
import * as words from "./words";

/** The regions as they are now: of one model or of two, of all faces or of a group of them. */
export class Scores {
  /** The highest first. */
  rows: readonly Row[] = [];
  /** The names of the regions in the kernel's order, which is that of a chart. */
  places: readonly string[] = [];
  models: readonly string[] = [];
  /** The spans of the colours; null while no region has a score, or where there is no difference. */
  heat: Scale | null = null;
  difference: Scale | null = null;

  constructor(
    readonly traits: Pick<Traits, "regions" | "other" | "groups" | "grouped" | "group" | "models">,
  ) {}

  /** Reads the traits. */
  read(): void {
    const { regions, other, grouped, group, models } = this.traits;
    const shown = grouped[group] ?? regions;
    const two = other.length > 0;
    this.places = shown.map(({ name }) => name);
    this.rows = ranked(rowsOf(shown, other));
    this.models = [models[0] || (two ? "model 1" : "the model"), ...(two ? [models[1] || "model 2"] : [])];
    this.heat = scaleOf(this.rows, grouped.flat());
    this.difference = differenceScaleOf(this.rows);
  }

  /** Two models stand beside each other. */
  get two(): boolean {
    return this.models.length > 1;
  }

  /** The groups to choose from; none of two models. */
  get groups(): readonly string[] {
    return this.two ? [] : this.traits.groups;
  }

  /** The scores are those of a part of the faces. */
  get partial(): boolean {
    return this.groups.length > 1 && this.traits.group > 0;
  }

  /** The model has been evaluated on a face at least. */
  evaluated(model: number): boolean {
    return [this.traits.regions, this.traits.other][model]!.some(({ count }) => (count ?? 0) > 0);
  }

  row(name: string): Row | null {
    return this.rows.find((row) => row.name === name) ?? null;
  }

  label(name: string): string {
    return this.row(name)?.label ?? name;
  }

  /** For the ear. */
  describe(name: string): string {
    const row = this.row(name);
    return row
      ? words.spoken(row, this.rows, this.models, (model) => this.evaluated(model))
      : `${name}: not measured`;
  }
}
