import { type Closeup, readCloseup } from "./closeup";
import type { Look } from "./look";
import type { Scores } from "./scores";
import type { FaceXFrame, Patch } from "./traits";

/** The face that a patch came from: asked for, and decoded when it is here. */
export class Opening {
  /** Says in words why the face that is here cannot be seen; empty where it can. */
  broken = "";
  #closeup: Closeup | null = null;
  #asked: Pick<Patch, "image" | "name"> = { image: -1, name: "" };
  #readings = 0;

  constructor(
    readonly frame: FaceXFrame,
    readonly scores: Scores,
    readonly look: Look,
  ) {
    frame.scope.defer(() => this.#closeup?.picture.close());
    frame.listen(["face"], () => void this.#read());
    void this.#read();
  }

  /** A face is opened, though perhaps not here yet. */
  get on(): boolean {
    return this.frame.traits.opened >= 0;
  }

  /** The model whose map is laid over it. */
  get by(): number {
    return this.scores.two ? this.frame.traits.opened_by : 0;
  }

  /** It is here, but perhaps not decoded. */
  get here(): boolean {
    return this.on && this.#isAsked(this.frame.traits.face);
  }

  /** It is decoded. */
  get closeup(): Closeup | null {
    return this.here && this.#isAsked(this.#closeup?.face) ? this.#closeup : null;
  }

  get name(): string {
    const { face, opened } = this.frame.traits;
    const asked = this.#asked.image === opened ? this.#asked.name : "";
    return (this.here && face?.name) || asked || `face ${opened}`;
  }

  /** A patch of this face, as a model sees it, is what was opened. */
  isOf(image: number, by: number): boolean {
    return this.on && this.frame.traits.opened === image && this.by === by;
  }

  /** Opens the face of a patch of the region that is shown, and pins that region. */
  open(by: number, { image, name }: Patch): void {
    const { shown, pinned } = this.look;
    this.#asked = { image, name };
    this.frame.save({
      ...(shown && shown !== pinned ? { chosen: shown } : {}),
      opened: image,
      opened_by: by,
    });
  }

  close(): void {
    this.frame.save({ opened: -1 });
  }

  #isAsked(face: { image: number; model: number } | null | undefined): boolean {
    return face?.image === this.frame.traits.opened && face.model === this.by;
  }

  async #read(): Promise<void> {
    const { scope, traits, refresh } = this.frame;
    this.#readings += 1;
    const reading = this.#readings;
    const read = traits.face && (await readCloseup(traits.face));
    const good = typeof read === "object" ? read : null;
    if (reading !== this.#readings || scope.signal.aborted) return good?.picture.close();
    this.#closeup?.picture.close();
    this.#closeup = good;
    this.broken = typeof read === "string" ? read : "";
    refresh();
  }
}
