import { sameBytes, toBytes } from "../shared/bytes";
import { packOpener } from "../shared/pack";
import { type Bundle, closeBundle, readBundle } from "./bundle";
import type { TranslationFrame } from "./traits";

/** The image that is shown: what there is of it is decoded when it is chosen, and kept until the next is decoded. */
export class Shown {
  bundle: Bundle | null = null;
  /** The place that it is of. */
  place = -1;
  /** What cannot be read, in words. */
  wrong = "";
  readonly #frame;
  readonly #open = packOpener();
  #bytes: Uint8Array<ArrayBuffer> | null = null;
  #turn = 0;

  constructor(frame: TranslationFrame) {
    this.#frame = frame;
    frame.listen(["pictures", "fetched", "chosen", "size"], () => void this.#read());
    frame.scope.defer(() => this.#take(null, -1));
    void this.#read();
  }

  /** What is chosen is not here yet. */
  get outstanding(): boolean {
    return this.place !== this.#frame.traits.chosen;
  }

  #wanted(): Uint8Array<ArrayBuffer> | null {
    const { pictures, fetched, chosen } = this.#frame.traits;
    const { pack, wrong } = this.#open(pictures);
    this.wrong = wrong && `the pictures cannot be read: ${wrong}`;
    return pack?.blob(chosen) ?? (fetched?.place === chosen ? toBytes(fetched.pictures) : null);
  }

  async #read(): Promise<void> {
    const { scope, traits, refresh } = this.#frame;
    const bytes = this.#wanted();
    const place = traits.chosen;
    if (!bytes) return refresh();
    this.#turn += 1;
    const turn = this.#turn;
    if (sameBytes(bytes, this.#bytes)) {
      // Two images may be equal.
      this.place = place;
      return refresh();
    }
    let bundle: Bundle | null = null;
    try {
      bundle = await readBundle(bytes, traits.size[0] * traits.size[1]);
    } catch (error) {
      this.wrong = `the pictures cannot be read: ${(error as Error).message}`;
    }
    // Another was chosen meanwhile.
    if (scope.signal.aborted || turn !== this.#turn) return void (bundle && closeBundle(bundle));
    if (bundle && !bundle.image) this.wrong = "the browser cannot decode the image";
    this.#bytes = bytes;
    this.#take(bundle, place);
    refresh();
  }

  #take(bundle: Bundle | null, place: number): void {
    const before = this.bundle;
    [this.bundle, this.place] = [bundle, place];
    if (before) closeBundle(before);
  }
}
