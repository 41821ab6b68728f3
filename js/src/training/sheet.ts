import { toBytes } from "../shared/bytes";
import { h, setAttribute, setText } from "../shared/dom";
import { Picture } from "../shared/picture";
import { fitSheet, titleSize, WIDEST } from "./fit";
import type { TrainingFrame } from "./traits";
import * as words from "./words";

/** The samples, under the titles of their columns. */
export function createSheet(frame: TrainingFrame) {
  const { scope, traits } = frame;
  const titles = h("div.columns", { "aria-hidden": "true" });
  const canvas = h("canvas.samples", { role: "img" });
  const box = h("div.sheet", titles, canvas, frame.placeholder);
  const note = h("p.sheet-note.number");
  const element = h("div.stage", box, note);
  const picture = new Picture(frame.refresh);
  let painted: ImageBitmap | null = null;
  let named: readonly string[] = [];

  const read = () => void picture.read(traits.sheet);
  scope.defer(() => picture.end());
  frame.listen(["sheet"], read);
  read();

  const nameColumns = () => {
    if (traits.columns === named) return;
    named = traits.columns;
    titles.style.gridTemplateColumns = `repeat(${named.length}, minmax(0, 1fr))`;
    titles.replaceChildren(...named.map((name) => h("span", { title: name }, ...broken(name))));
  };
  const resize = () => {
    const { width, pixelated } = fitSheet(
      traits.grid,
      traits.tile,
      element.parentElement?.clientWidth || WIDEST,
    );
    box.style.width = `${width}px`;
    titles.style.fontSize = `${titleSize(named, width).toFixed(1)}px`;
    canvas.classList.toggle("cfw-pixelated", pixelated);
  };
  return {
    element,
    resize,
    state: {
      there: () => toBytes(traits.sheet) !== null && !picture.failed,
      broken: () => (picture.failed ? words.UNREADABLE : ""),
      later: words.LATER,
    },
    draw() {
      nameColumns();
      resize();
      setAttribute(canvas, "aria-label", words.sheet(...traits.grid, named));
      canvas.hidden = frame.absent || picture.bitmap === null;
      titles.hidden = frame.absent || named.length === 0;
      setText(note, words.drawn(traits.drawn, traits.sheet_note));
    },
    paint() {
      const { bitmap } = picture;
      if (!bitmap || bitmap === painted) return;
      painted = bitmap;
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
      canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
      frame.root.dataset.ready = String(traits.drawn);
    },
  };
}

/** A title as text whose lines may end after underscores. */
function broken(name: string): (Node | string)[] {
  return name.split(/(?<=_)/).flatMap((part, i) => (i > 0 ? [h("wbr"), part] : [part]));
}
