import { toBytes } from "../shared/bytes";
import { createSlider } from "../shared/slider";
import type { Editor } from "./editor";
import { generationsIn, unpackMask } from "./masks";
import type { SuperpixelFrame } from "./traits";

/** The slider over the generations of the search; the charts show the one that is looked at, and can choose it. */
export function createReplay(frame: SuperpixelFrame, editor: Editor) {
  const { traits } = frame;
  /** The generation that the reader went back to, or null: the newest. */
  let replayed: number | null = null;
  const history = () => toBytes(traits.history_masks);
  const newest = () => generationsIn(history(), editor.mask.length) - 1;
  const lookAt = (generation: number) => {
    replayed = generation < newest() ? Math.max(0, Math.round(generation)) : null;
    frame.refresh();
  };
  const slider = createSlider(
    frame.scope,
    "replay",
    "replay the best of each generation",
    (generation, first) => {
      const packed = history();
      if (!packed) return;
      if (first) editor.begin();
      lookAt(generation);
      editor.edit(unpackMask(packed, editor.mask.length, generation));
    },
    () => editor.end(),
  );
  frame.listen(["cursor"], () => lookAt(traits.cursor[0]));
  return {
    element: slider.element,
    /** Another picture has another history. */
    reset() {
      replayed = null;
    },
    draw(ready: boolean) {
      const last = newest();
      const generation = Math.min(replayed ?? last, last);
      // Not saved: the charts that follow the cursor are linked in the browser. Not set anew: hosts differ in
      // whether an equal list is a change, and this runs on each.
      if (last >= 0 && traits.cursor[0] !== generation) frame.set({ cursor: [generation, generation] });
      // It keeps its place while there is no history yet.
      slider.element.classList.toggle("cfw-invisible", last < 1);
      slider.update(generation, Math.max(1, last), `${generation} of ${last}`, !ready);
    },
  };
}
