import { createCrosshair } from "../shared/crosshair";
import { cellAt } from "../shared/region";
import { Maps } from "./maps";
import { type LevelMap, type Relief, reliefOf } from "./relief";
import type { Entry, RelevanceFrame } from "./traits";

export type Mode = "overlay" | "beside" | "alone";
export type Scale = "each" | "one";

/** How the maps are looked at. All but the pixel and what is hidden is of one view alone. */
export class Look {
  mode: Mode = "overlay";
  scale: Scale = "each";
  signed = true;
  /** Standard deviation of the smoothing, in pixels. */
  smoothing = 0;
  /** Place of the layer; null before one is chosen. */
  layer: number | null = null;
  /** Place of the stage of the randomisation check: 0 is the trained network. */
  stage = 0;
  readonly maps;
  readonly layers;
  readonly stages;
  readonly crosshair;
  readonly #plain = new WeakMap<LevelMap, Relief>();
  readonly #smoothed = new WeakMap<LevelMap, { smoothing: number; relief: Relief }>();

  constructor(readonly frame: RelevanceFrame) {
    this.maps = new Maps(frame, "maps");
    this.layers = new Maps(frame, "layer_maps");
    this.stages = new Maps(frame, "stage_maps");
    this.crosshair = createCrosshair(frame, cellAt);
    frame.listen(["point"], frame.repaint);
  }

  get wrong(): string {
    return this.maps.wrong || this.layers.wrong || this.stages.wrong;
  }

  /** The method whose map ranks the pixels and is randomised. */
  get chosen(): Entry | undefined {
    const { entries, hiding } = this.frame.traits;
    const shown = entries.filter(({ refusal }) => refusal === "");
    return shown.find(({ method }) => method === hiding?.method) ?? shown[0];
  }

  mapOf(entry: Entry | undefined): LevelMap | null {
    return (entry && this.maps.all[this.frame.traits.entries.indexOf(entry)]) ?? null;
  }

  /** The maps of a method's stages. */
  stagesOf(entry: Entry): readonly (LevelMap | null)[] {
    const { entries } = this.frame.traits;
    const before = entries.slice(0, entries.indexOf(entry));
    const first = before.reduce((sum, { stages }) => sum + stages.length, 0);
    return this.stages.all.slice(first, first + entry.stages.length);
  }

  /** As it is drawn; `plain`: without smoothing. */
  relief(map: LevelMap, plain?: boolean): Relief;
  relief(map: LevelMap | null, plain?: boolean): Relief | null;
  relief(map: LevelMap | null, plain = false): Relief | null {
    if (!map) return null;
    const width = this.frame.traits.size[1];
    const { smoothing } = this;
    if (plain || smoothing === 0) {
      const relief = this.#plain.get(map) ?? reliefOf(map, width, 0);
      this.#plain.set(map, relief);
      return relief;
    }
    const known = this.#smoothed.get(map);
    if (known?.smoothing === smoothing) return known.relief;
    const relief = reliefOf(map, width, smoothing);
    this.#smoothed.set(map, { smoothing, relief });
    return relief;
  }

  /** The relevance that is drawn in full colour, for a map. */
  full(relief: Relief): number {
    if (this.scale === "each") return relief.full;
    return Math.max(...this.maps.all.map((map) => this.relief(map)?.full ?? 0));
  }

  change(
    values: Partial<Pick<Look, "mode" | "scale" | "signed" | "smoothing" | "layer" | "stage">>,
    since = performance.now(),
  ) {
    Object.assign(this, values);
    this.frame.clock(since);
    this.frame.repaint();
  }

  /** Reads a pixel, and again when the pointer leaves. */
  pin(row: number, column: number, since: number): void {
    const [height, width] = this.frame.traits.size;
    if (height < 1 || width < 1) return;
    const middle = (at: number, length: number) =>
      (Math.min(length - 1, Math.max(0, Math.floor(at))) + 0.5) / length;
    this.#read([middle(column, width), middle(row, height)], since);
  }

  unpin(since: number): boolean {
    if (this.pixel === null) return false;
    this.#read([], since);
    return true;
  }

  get pixel(): readonly [row: number, column: number] | null {
    const [height, width] = this.frame.traits.size;
    const [x = -1, y = -1] = this.frame.traits.point;
    if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1 && height > 0)) return null;
    return [Math.min(height - 1, Math.floor(y * height)), Math.min(width - 1, Math.floor(x * width))];
  }

  valueOf(map: LevelMap | null): number | null {
    const relief = this.relief(map);
    if (!relief || !this.pixel) return null;
    return relief.values[this.pixel[0] * this.frame.traits.size[1] + this.pixel[1]] ?? null;
  }

  #read(point: readonly number[], since: number): void {
    this.crosshair.rest = point;
    this.frame.clock(since);
    this.crosshair.point(point);
  }
}
