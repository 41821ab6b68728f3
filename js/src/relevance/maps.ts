import { inflate, sameBytes } from "../shared/bytes";
import { packOpener } from "../shared/pack";
import type { LevelMap } from "./relief";
import type { RelevanceFrame, Traits } from "./traits";

type Kind = "maps" | "layer_maps" | "stage_maps";
type Bytes = Uint8Array<ArrayBuffer>;

/** The largest sizes of the maps of a pack, in its order. */
const PEAKS: Record<Kind, (traits: Readonly<Traits>) => readonly number[]> = {
  maps: ({ entries }) => entries.map(({ peak }) => peak),
  layer_maps: ({ layers }) => layers.map(({ peak }) => peak),
  stage_maps: ({ entries }) => entries.flatMap(({ stages }) => stages.map(({ peak }) => peak)),
};

/** The maps of a pack, inflated when they come; those that came before are kept. */
export class Maps {
  all: readonly (LevelMap | null)[] = [];
  /** What cannot be read, in words. */
  wrong = "";
  readonly #open = packOpener();
  #blobs: readonly (Bytes | null)[] = [];
  #turn = 0;

  constructor(
    readonly frame: RelevanceFrame,
    readonly kind: Kind,
  ) {
    frame.listen([kind, "size"], () => void this.#read());
    void this.#read();
  }

  async #read(): Promise<void> {
    const { traits, scope, refresh } = this.frame;
    const { pack, wrong } = this.#open(traits[this.kind]);
    const peaks = PEAKS[this.kind](traits);
    const pixels = traits.size[0] * traits.size[1];
    this.#turn += 1;
    const turn = this.#turn;
    const blobs = Array.from({ length: pack?.count ?? 0 }, (_, i) => pack!.blob(i));
    let failed = false;
    const read = async (blob: Bytes | null, i: number): Promise<LevelMap | null> => {
      const before = this.all[i];
      const peak = peaks[i] ?? 0;
      if (!blob) return null;
      if (before?.peak === peak && sameBytes(blob, this.#blobs[i] ?? null)) return before;
      try {
        const bytes = await inflate(blob, 2 * pixels);
        return { levels: new Int16Array(bytes.buffer), peak };
      } catch {
        failed = true;
        return null;
      }
    };
    const all = await Promise.all(blobs.map(read));
    if (scope.signal.aborted || turn !== this.#turn) return;
    this.#blobs = blobs;
    this.all = all;
    const why = wrong || (failed ? "they are not of the picture's size" : "");
    this.wrong = why && `maps cannot be read: ${why}`;
    refresh();
  }
}
