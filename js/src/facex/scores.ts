import { byEffect, type Row, ranked, rowsOf } from "./rows";
import { differenceScaleOf, type Scale, scaleOf } from "./scale";
import type { Quantity, Region, Traits } from "./traits";
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
  /** The effect was measured, so that there is a choice. */
  choice = false;
  #models: readonly (readonly Region[])[] = [];

  constructor(
    readonly traits: Pick<
      Traits,
      "regions" | "other" | "groups" | "grouped" | "group" | "models" | "quantity"
    >,
  ) {}

  /** Reads the traits. */
  read(): void {
    const { group, models } = this.traits;
    const effect = this.quantity === "effect";
    const read = (regions: readonly Region[]) => (effect ? regions.map(byEffect) : regions);
    const [regions, other] = [read(this.traits.regions), read(this.traits.other)];
    const grouped = this.traits.grouped.map(read);
    const shown = grouped[group] ?? regions;
    this.#models = [regions, other];
    this.choice = this.traits.regions.some((region) => region.effect !== null);
    const two = other.length > 0;
    this.places = shown.map(({ name }) => name);
    this.rows = ranked(rowsOf(shown, other));
    this.models = [models[0] || (two ? "model 1" : "the model"), ...(two ? [models[1] || "model 2"] : [])];
    this.heat = scaleOf(this.rows, grouped.flat());
    this.difference = differenceScaleOf(this.rows);
  }

  /** The values that the rows have first: the other ones are their `effect`. */
  get quantity(): Quantity {
    return this.traits.quantity;
  }

  get otherQuantity(): Quantity {
    return this.quantity === "effect" ? "attention" : "effect";
  }

  /** The end of the axis that the values stand on, which begins at 0. */
  get end(): number {
    if (this.quantity === "attention") return 1;
    const values = this.rows.flatMap(({ by }) => by.map((region) => region?.high ?? region?.ior ?? 0));
    return Math.max(0.1, ...values);
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
    return (this.#models[model] ?? []).some(({ count }) => (count ?? 0) > 0);
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
      ? words.spoken(row, this.rows, this.models, (model) => this.evaluated(model), this.otherQuantity)
      : `${name}: not measured`;
  }
}
