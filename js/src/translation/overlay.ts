import { colourAt, type Palette } from "../shared/theme";
import type { Levels } from "./bundle";
import type { Style } from "./look";
import { outlineOf } from "./outline";

export interface Layer {
  levels: Levels;
  /** The region is where the levels are at least this. */
  level: number;
  style: Style;
  opacity: number;
}

/** Draws masks over pictures, on a canvas of the masks' own size and from there enlarged. */
export class Overlay {
  readonly #canvas = document.createElement("canvas");
  #pixels: ImageData | null = null;

  constructor(readonly palette: Palette) {}

  draw(context: CanvasRenderingContext2D, layer: Layer, width: number, height: number): void {
    const colour = this.palette.value("--c-found");
    if (layer.style !== "outline") this.#fill(context, layer, width, height);
    if (layer.style !== "heat") this.outline(context, layer.levels, layer.level, width, height, colour);
  }

  outline(
    context: CanvasRenderingContext2D,
    levels: Levels,
    level: number,
    width: number,
    height: number,
    colour: string,
  ) {
    const lines = outlineOf(levels, level, width, height);
    const [x, y] = [context.canvas.width / width, context.canvas.height / height];
    context.beginPath();
    for (let i = 0; i < lines.length; i += 4) {
      context.moveTo(lines[i]! * x, lines[i + 1]! * y);
      context.lineTo(lines[i + 2]! * x, lines[i + 3]! * y);
    }
    context.lineCap = "square";
    context.lineWidth = Math.max(1.5, x / 2);
    context.strokeStyle = colour;
    context.stroke();
  }

  #fill(
    context: CanvasRenderingContext2D,
    { levels, level, style, opacity }: Layer,
    width: number,
    height: number,
  ) {
    const own = this.#canvas;
    if (own.width !== width) own.width = width;
    if (own.height !== height) own.height = height;
    const drawing = own.getContext("2d");
    if (!drawing) return;
    if (this.#pixels?.width !== width || this.#pixels.height !== height)
      this.#pixels = drawing.createImageData(width, height);
    const table = style === "heat" ? this.#heat(opacity) : this.#region(opacity, level);
    const pixels = new Uint32Array(this.#pixels.data.buffer);
    for (let i = 0; i < pixels.length; i++) pixels[i] = table[levels[i]!]!;
    drawing.putImageData(this.#pixels, 0, 0);
    context.imageSmoothingEnabled = style === "heat" && width > 64;
    context.drawImage(own, 0, 0, context.canvas.width, context.canvas.height);
  }

  /** More is brighter, and covers more. */
  #heat(opacity: number): Uint32Array {
    const stops = this.palette.stops("--c-flame");
    // Not on the page yet.
    if (stops.length < 2) return new Uint32Array(256);
    return table((amount) => [...colourAt(stops, amount), 255 * opacity * Math.min(1, 2 * amount)]);
  }

  #region(opacity: number, level: number): Uint32Array {
    const [red, green, blue] = this.palette.stops("--c-found")[0] ?? [0, 0, 0];
    return table((_, now) => [red, green, blue, now >= level ? 255 * 0.6 * opacity : 0]);
  }
}

function table(colourOf: (amount: number, level: number) => readonly number[]): Uint32Array {
  const bytes = new Uint8ClampedArray(1024);
  for (let level = 0; level < 256; level++) bytes.set(colourOf(level / 255, level), 4 * level);
  return new Uint32Array(bytes.buffer);
}
