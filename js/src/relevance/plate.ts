import { beginCanvas, sizeCanvas } from "../shared/canvas";
import { h } from "../shared/dom";
import { fitStage, SMALL } from "../shared/fit";
import { tablesOf, tint } from "../shared/signed";
import type { Look } from "./look";
import { greysOf, type LevelMap } from "./relief";
import type { RelevanceFrame } from "./traits";

/** A picture, a map, or the one over the other; with a label also the crosshair of the pixel that is read. */
export type Plate = ReturnType<typeof createPlate>;

export interface Shown {
  picture: ImageBitmap | null;
  map: LevelMap | null;
  /** Without smoothing: a small one. */
  plain?: boolean;
}

export function createPlate(frame: RelevanceFrame, look: Look, label: string) {
  const { palette, scope, traits } = frame;
  const canvas = h("canvas.plate-canvas", { role: "img", "aria-label": label });
  const element = h("div.plate", canvas);
  const own = document.createElement("canvas");
  let painted: readonly unknown[] = [];

  // Before the crosshair hears of it.
  scope.on(element, "pointermove", (event) => frame.clock(event.timeStamp));
  if (label) look.crosshair.over(element);
  scope.on(element, "click", (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const [high, wide] = traits.size;
    if (width > 0 && height > 0)
      look.pin(
        ((event.clientY - top) / height) * high,
        ((event.clientX - left) / width) * wide,
        event.timeStamp,
      );
  });

  /** The map in colours, on a canvas of its own pixels. */
  const coloured = (map: LevelMap, sheer: boolean, plain: boolean): HTMLCanvasElement | null => {
    const relief = look.relief(map, plain);
    const [height, width] = traits.size;
    [own.width, own.height] = [width, height];
    const context = own.getContext("2d");
    if (!context) return null;
    const stops = palette.stops(look.signed ? "--c-signed" : "--c-heat");
    const tables = tablesOf(look.signed ? stops : [...[...stops].reverse(), ...stops.slice(1)]);
    const data = context.createImageData(width, height);
    const greys = greysOf(relief, look.full(relief), look.signed);
    tint(greys, sheer ? tables.sheer : tables.solid, new Uint32Array(data.data.buffer));
    context.putImageData(data, 0, 0);
    return own;
  };

  return {
    element,
    canvas,
    /** As wide as there is room for. */
    resize(room: number) {
      const [high, wide] = traits.size;
      const [w, h] = fitStage(wide || 1, high || 1, room);
      const zoom = Math.min(1, room / w);
      element.style.width = `${Math.floor(w * zoom)}px`;
      if (sizeCanvas(canvas, Math.floor(w * zoom), Math.round(h * zoom))) painted = [];
      canvas.classList.toggle("cfw-pixels", wide <= SMALL);
    },
    /** Draws what changes without being another object. */
    draw(source: CanvasImageSource | null) {
      painted = [];
      const context = beginCanvas(canvas, traits.size[1]);
      if (context && source) context.drawImage(source, 0, 0, canvas.width, canvas.height);
    },
    paint({ picture, map, plain = false }: Shown) {
      const { signed, scale, maps } = look;
      const smoothing = plain ? 0 : look.smoothing;
      const theme = palette.value("--c-ground");
      const now = [picture, map, signed, smoothing, scale, scale === "one" && maps.all, theme, canvas.width];
      if (painted.length > 0 && now.every((value, i) => value === painted[i])) return;
      painted = now;
      const context = beginCanvas(canvas, traits.size[1]);
      if (!context) return;
      if (picture) context.drawImage(picture, 0, 0, canvas.width, canvas.height);
      const colours = map && coloured(map, picture !== null, plain);
      if (colours) context.drawImage(colours, 0, 0, canvas.width, canvas.height);
    },
  };
}
