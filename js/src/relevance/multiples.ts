import { createButton } from "../shared/button";
import { h, setAttribute, setName, setText } from "../shared/dom";
import { WIDEST } from "../shared/fit";
import { isCommand } from "../shared/keys";
import type { Picture } from "../shared/picture";
import { createShare } from "../shared/share";
import type { Look } from "./look";
import { createPlate } from "./plate";
import type { Entry, RelevanceFrame } from "./traits";
import { type Figure, figuresOf, HINT, nameOf, spoken, valueText } from "./words";

const STEPS: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};
const FAR = 8;
const NARROW = 168;

/** A map of each method, or why there is none; the values of all at one pixel. */
export function createMultiples(
  frame: RelevanceFrame,
  look: Look,
  picture: Picture,
  choose: (method: string) => void,
) {
  const { scope, traits } = frame;
  const whole = createPlate(frame, look, "the picture");
  const at = h("p.at.muted.number");
  const first = h("figure.multiple", h("figcaption.multiple-name", "picture"), whole.element);
  const row = h("div.multiples", {
    tabindex: 0,
    role: "group",
    "aria-label": "Relevance maps: the arrow keys go from pixel to pixel, M marks the part around one",
  });
  row.append(first);
  const element = h("div.maps", at, row);
  const cells: ReturnType<typeof createCell>[] = [];

  const createCell = () => {
    const name = createButton(scope, "", () => choose(cell.method));
    const plate = createPlate(frame, look, "relevance");
    const refusal = h("p.refusal");
    const [low, high] = [h("span.number"), h("span.number")];
    const legend = h("div.legend.muted", low, h("i", { "aria-hidden": "true" }), high);
    const value = h("p.value.number");
    const drawShare = createShare(frame, plate.element, "the relevance", () => {
      const map = cell.drawn && look.mapOf(cell.drawn);
      const [height, width] = traits.size;
      return map && { values: map.levels, width, height };
    });
    const table = h("ul.list.figures");
    const cell = {
      element: h(
        "figure.multiple",
        h("figcaption.multiple-name", name),
        plate.element,
        legend,
        refusal,
        value,
        table,
      ),
      ...{ low, high, legend },
      ...{ method: "", name, plate, refusal, value, drawShare, table, drawn: null as Entry | null },
    };
    return cell;
  };

  scope.on(row, "keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || isCommand(event) || event.target instanceof HTMLButtonElement) return;
    event.preventDefault();
    const [height, width] = traits.size;
    const [down, across] = look.pixel ?? [Math.floor(height / 2), Math.floor(width / 2)];
    const far = look.pixel === null ? 0 : event.shiftKey ? FAR : 1;
    look.pin(down + far * step[0], across + far * step[1], event.timeStamp);
    if (look.pixel) frame.say(spoken(...look.pixel, readings()));
  });
  const readings = () =>
    traits.entries
      .filter(({ refusal }) => refusal === "")
      .map((entry) => [nameOf(entry.method), valueText(look.valueOf(look.mapOf(entry)))] as const);

  const drawCell = (cell: ReturnType<typeof createCell>, entry: Entry) => {
    if (cell.drawn === entry) return;
    cell.drawn = entry;
    cell.method = entry.method;
    const name = nameOf(entry.method);
    setText(cell.name, name);
    setName(cell.name, name);
    cell.name.title = entry.refusal
      ? `${name} has no map`
      : `hide what ${name} marks, and randomise the network for it`;
    setAttribute(cell.name, "aria-disabled", entry.refusal !== "" && "true");
    setAttribute(cell.plate.canvas, "aria-label", `relevance by ${name}`);
    cell.plate.element.hidden = cell.legend.hidden = cell.value.hidden = entry.refusal !== "";
    setText(cell.refusal, entry.refusal);
    cell.refusal.hidden = entry.refusal === "";
    cell.table.replaceChildren(...(entry.refusal ? [] : figuresOf(entry).map(line)));
    setAttribute(cell.element, "data-method", entry.method);
  };
  let fitted = "";
  const resize = () => {
    fitted = [look.mode, traits.entries.length, ...traits.size].join();
    const wide = element.clientWidth || WIDEST;
    const shown = traits.entries.length + Number(look.mode === "beside");
    const columns = Math.max(1, Math.min(shown, Math.floor((wide + 16) / (NARROW + 16))));
    const room = Math.min(WIDEST, Math.floor((wide - 16 * (columns - 1)) / columns));
    row.style.setProperty("--c-room", `${room}px`);
    for (const plate of [whole, ...cells.map(({ plate }) => plate)]) plate.resize(room);
  };
  return {
    element,
    resize,
    draw() {
      const { entries } = traits;
      while (cells.length < entries.length) {
        const cell = createCell();
        cells.push(cell);
        row.append(cell.element);
      }
      for (const cell of cells.splice(entries.length)) cell.element.remove();
      entries.forEach((entry, i) => {
        drawCell(cells[i]!, entry);
        cells[i]!.drawShare();
      });
      element.classList.toggle("cfw-invisible", frame.absent);
    },
    paint() {
      const { bitmap } = picture;
      const { mode, pixel } = look;
      first.hidden = mode !== "beside" && traits.entries.length > 0;
      if (fitted !== [look.mode, traits.entries.length, ...traits.size].join()) resize();
      whole.paint({ picture: bitmap, map: null });
      traits.entries.forEach((entry, i) => {
        const cell = cells[i];
        if (!cell) return;
        const map = look.mapOf(entry);
        cell.plate.paint({ picture: mode === "overlay" ? bitmap : null, map });
        setText(cell.value, valueText(look.valueOf(map)));
        const relief = look.relief(map);
        const full = relief ? look.full(relief) : null;
        setText(cell.low, look.signed ? valueText(full && -full) : "0");
        setText(cell.high, valueText(full));
        setAttribute(cell.name, "aria-pressed", String(entry === look.chosen));
      });
      setText(at, pixel ? `row ${pixel[0]}, column ${pixel[1]}` : HINT);
      setAttribute(frame.root, "data-pixel", pixel ? pixel.join() : false);
    },
  };
}

function line({ name, value, note, ok, title }: Figure): HTMLElement {
  const ear = ok === null ? "" : ok ? "in order: " : "not in order: ";
  const mark = h("span.mark", { "aria-hidden": "true" }, ok === null ? "" : ok ? "✓" : "✗");
  setAttribute(mark, "data-ok", String(ok));
  return h(
    "li",
    { title },
    mark,
    h("span.figure-name", h("span.unseen", ear), name),
    h("span.number", value),
    ...(note ? [h("span.muted.number", note)] : []),
  );
}
