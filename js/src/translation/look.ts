import { throttle } from "../shared/throttle";
import type { Bundle, Levels } from "./bundle";
import { levelOf, type Overlap, overlapOf } from "./overlap";
import type { Shown } from "./shown";
import type { TranslationFrame } from "./traits";

/** The kernel hears of a moving threshold at most this often, in ms. */
const SAVE_EVERY = 200;

/** What stands beside the image: its twin, or the twin of that. */
export type Other = "twin" | "returned";
/** Which mask: of the twin or variant that is shown; over all variants the mean, or where they disagree. */
export type MapKind = "difference" | "mean" | "disagreement";
export type Style = "heat" | "filled" | "outline";

/** How the image is looked at. All but the threshold is of one view alone. */
export class Look {
  /** Up to here, 0 to 1, stands the image. */
  wipe = 0.5;
  other: Other = "twin";
  /** Which of the variants; -1 for the twin. */
  variant = -1;
  map: MapKind = "difference";
  style: Style = "heat";
  opacity = 0.85;
  truth = true;
  readonly #save;
  #overlap: Overlap | null = null;
  #of: readonly [Levels | null, Levels | null] = [null, null];

  constructor(
    readonly frame: TranslationFrame,
    readonly shown: Shown,
  ) {
    this.#save = throttle(() => frame.save({ threshold: frame.traits.threshold }), SAVE_EVERY);
    frame.scope.defer(() => this.#save.flush());
    frame.listen(["threshold"], () => frame.repaint());
  }

  /** The level that the threshold is. */
  get level(): number {
    return levelOf(this.frame.traits.threshold);
  }

  get picture(): ImageBitmap | null {
    const { bundle, other, variant } = this;
    return (
      (other === "returned"
        ? bundle?.returned
        : (bundle?.variants[variant] ?? { picture: bundle?.twin }).picture) ?? null
    );
  }

  get levels(): Levels | null {
    const { bundle, map } = this;
    return map !== "difference" && bundle?.[map] ? bundle[map] : this.difference;
  }

  /** Of the image and the twin or variant that is shown. */
  get difference(): Levels | null {
    const { bundle, variant } = this;
    return (bundle?.variants[variant] ?? bundle)?.difference ?? null;
  }

  /** Of the mask with the true mask, at all thresholds; null where there is no mask. */
  get overlap(): Overlap | null {
    const now = [this.levels, this.bundle?.truth ?? null] as const;
    if (now[0] !== this.#of[0] || now[1] !== this.#of[1]) {
      this.#of = now;
      this.#overlap = now[0] && overlapOf(...(now as [Levels, Levels | null]));
    }
    return this.#overlap;
  }

  get bundle(): Bundle | null {
    return this.shown.bundle;
  }

  /** Changes how this view looks; `since`: when the hand did it. */
  change(
    values: Partial<Pick<Look, "wipe" | "other" | "variant" | "map" | "style" | "opacity" | "truth">>,
    since: number,
  ) {
    Object.assign(this, values);
    this.frame.clock(since);
    this.frame.repaint();
  }

  /** Moves the threshold, for the other views and the chart, too. */
  moveThreshold(level: number, since: number): void {
    const threshold = level / 256;
    this.frame.clock(since);
    this.frame.set({ threshold, cursor: [threshold, threshold] });
    this.#save();
  }

  rest(): void {
    this.#save.flush();
  }
}
