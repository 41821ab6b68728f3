import { type Boundary, OUTSIDE } from "../shared/boundaries";
import { sizeCanvas } from "../shared/canvas";
import { SMALL } from "../shared/fit";
import { type Colour, colourAt } from "../shared/theme";
import type { Mask } from "./masks";
import type { Regions } from "./regions";

export type Mode = "dim" | "hide" | "outline" | "heat";

/** The theme's part of the picture. */
export interface Palette {
  /** What shines through the faint picture under the heat map. */
  ground: string;
  /** The ring of the superpixel under the keyboard's focus. */
  ring: string;
  /** The diverging map, from -1 to 1. */
  signed: readonly Colour[];
}

export interface Scene {
  mode: Mode;
  mask: Mask;
  importance: readonly number[];
  /** The superpixel under the pointer or the focus, or OUTSIDE. */
  pointed: number;
  /** Whether it is there by keyboard. */
  focused: boolean;
  palette: Palette;
}

/** Draws the picture on a canvas. Widths of lines are in CSS pixels; one unit of the context is one pixel of the label map. */
export class Painter {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D | null;
  readonly #layers = new Map<string, HTMLCanvasElement>();
  readonly #paths = new Map<Boundary, Path2D>();
  #ratio = 1;
  picture: ImageBitmap | null = null;
  hidden: ImageBitmap | null = null;
  regions: Regions | null = null;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
  }

  /** The size on the page, in CSS pixels, and how many pixels of the screen one of them has. */
  resize(width: number, height: number, ratio: number): void {
    this.#ratio = ratio;
    if (sizeCanvas(this.#canvas, width, height, ratio)) this.#layers.clear();
  }

  /** To be called when a picture, the label map or the theme has changed. */
  forget(): void {
    this.#layers.clear();
    this.#paths.clear();
  }

  paint(scene: Scene): void {
    const context = this.#context;
    if (!context || !this.picture) return;
    const { width, height } = this.#canvas;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    const { regions } = this;
    const heat = scene.mode === "heat" && scene.importance.length > 0;
    context.drawImage(heat ? this.#faint(scene.palette) : this.#whole(), 0, 0);
    if (!regions) return;
    if (heat) context.drawImage(this.#heat(regions, scene), 0, 0);
    if (scene.mode === "dim") context.drawImage(this.#only(regions, scene.mask, this.#dimmed()), 0, 0);
    if (scene.mode === "hide") context.drawImage(this.#only(regions, scene.mask, this.#emptied()), 0, 0);
    if (scene.mode === "outline") context.drawImage(this.#only(regions, scene.mask, this.#veil()), 0, 0);

    const scale = width / regions.width;
    context.setTransform(scale, 0, 0, height / regions.height, 0, 0);
    context.lineJoin = "round";
    context.lineCap = "round";
    const outline = this.#outline(regions, ({ a, b }) => b !== OUTSIDE && scene.mask[a] !== scene.mask[b]);
    const light = { dim: 1.25, hide: 1.25, outline: 2, heat: 1 }[scene.mode];
    this.#stroke(context, outline, scale, "rgb(0 0 0 / 70%)", light + 1.5);
    this.#stroke(context, outline, scale, "rgb(255 255 255 / 95%)", light);
    if (scene.pointed === OUTSIDE) return;
    const around = this.#outline(regions, ({ a, b }) => a === scene.pointed || b === scene.pointed);
    this.#stroke(context, around, scale, "rgb(0 0 0 / 80%)", scene.focused ? 7 : 4.5);
    this.#stroke(context, around, scale, "#fff", scene.focused ? 5 : 2.5);
    if (scene.focused) this.#stroke(context, around, scale, scene.palette.ring, 2.5);
  }

  #stroke(
    context: CanvasRenderingContext2D,
    path: Path2D,
    scale: number,
    style: string,
    width: number,
  ): void {
    context.strokeStyle = style;
    context.lineWidth = (width * this.#ratio) / scale;
    context.stroke(path);
  }

  #outline(regions: Regions, wanted: (boundary: Boundary) => boolean): Path2D {
    const outline = new Path2D();
    for (const boundary of regions.boundaries) if (wanted(boundary)) outline.addPath(this.#path(boundary));
    return outline;
  }

  #path(boundary: Boundary): Path2D {
    let path = this.#paths.get(boundary);
    if (!path) {
      path = new Path2D();
      for (const line of boundary.lines) {
        path.moveTo(line[0]!, line[1]!);
        for (let i = 2; i < line.length; i += 2) path.lineTo(line[i]!, line[i + 1]!);
      }
      this.#paths.set(boundary, path);
    }
    return path;
  }

  /** A canvas of the stage's size, drawn once until `forget` or `resize`. */
  #layer(name: string, draw: (context: CanvasRenderingContext2D, width: number, height: number) => void) {
    let layer = this.#layers.get(name);
    if (!layer) {
      layer = this.#blank(this.#canvas.width, this.#canvas.height);
      this.#layers.set(name, layer);
      draw(layer.getContext("2d")!, layer.width, layer.height);
    }
    return layer;
  }

  #blank(width: number, height: number): HTMLCanvasElement {
    const canvas = this.#canvas.ownerDocument.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    return canvas;
  }

  #fit(context: CanvasRenderingContext2D, picture: ImageBitmap, width: number, height: number): void {
    context.imageSmoothingEnabled = picture.width > SMALL;
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, width, height);
  }

  #whole(): HTMLCanvasElement {
    return this.#layer("whole", (context, w, h) => this.#fit(context, this.picture!, w, h));
  }

  #dimmed(): HTMLCanvasElement {
    return this.#layer("dimmed", (context, w, h) => {
      this.#grey(context, 0.85, w, h);
      context.fillStyle = "rgb(16 18 22 / 72%)";
      context.fillRect(0, 0, w, h);
    });
  }

  #emptied(): HTMLCanvasElement {
    return this.#layer("emptied", (context, w, h) => {
      context.fillStyle = "#808080";
      context.fillRect(0, 0, w, h);
      if (this.hidden) this.#fit(context, this.hidden, w, h);
    });
  }

  /** Just enough to tell on which side of the line the shown part lies. */
  #veil(): HTMLCanvasElement {
    return this.#layer("veil", (context, w, h) => {
      context.fillStyle = "rgb(16 18 22 / 30%)";
      context.fillRect(0, 0, w, h);
    });
  }

  #faint(palette: Palette): HTMLCanvasElement {
    return this.#layer("faint", (context, w, h) => {
      this.#grey(context, 1, w, h);
      context.globalAlpha = 0.6;
      context.fillStyle = palette.ground;
      context.fillRect(0, 0, w, h);
    });
  }

  /** The picture with less of its colour. By compositing, since Safari has no filters on a canvas. */
  #grey(context: CanvasRenderingContext2D, amount: number, width: number, height: number): void {
    context.drawImage(this.#whole(), 0, 0);
    context.globalCompositeOperation = "saturation";
    context.fillStyle = `hsl(0 0% 50% / ${amount})`;
    context.fillRect(0, 0, width, height);
    context.globalCompositeOperation = "source-over";
  }

  /** `layer` where superpixels are hidden, and nothing elsewhere. */
  #only(regions: Regions, mask: Mask, layer: HTMLCanvasElement): HTMLCanvasElement {
    const part = this.#part();
    const context = part.getContext("2d")!;
    this.#tint(context, regions, (label, pixel) => {
      pixel[3] = mask[label] ? 0 : 255;
    });
    context.globalCompositeOperation = "source-in";
    context.drawImage(layer, 0, 0);
    context.globalCompositeOperation = "source-over";
    return part;
  }

  #heat(regions: Regions, { importance, palette }: Scene): HTMLCanvasElement {
    const part = this.#part();
    const colours = importance.map((amount) => colourAt(palette.signed, (amount + 1) / 2));
    this.#tint(part.getContext("2d")!, regions, (label, pixel) => {
      pixel.set(colours[label] ?? [0, 0, 0]);
      pixel[3] = 185;
    });
    return part;
  }

  /** The one canvas on which the part of a scene that changes is put together. */
  #part(): HTMLCanvasElement {
    const part = this.#layer("part", () => {});
    part.getContext("2d")!.clearRect(0, 0, part.width, part.height);
    return part;
  }

  /** Fills each superpixel with one colour, exactly as the label map has it. */
  #tint(
    context: CanvasRenderingContext2D,
    regions: Regions,
    colour: (label: number, pixel: Uint8ClampedArray) => void,
  ): void {
    const { width, height, labels, count } = regions;
    const table = new Uint8ClampedArray(4 * count);
    for (let label = 0; label < count; label++) colour(label, table.subarray(4 * label, 4 * label + 4));
    const rgba = new Uint32Array(table.buffer);
    const image = new ImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    for (let i = 0; i < pixels.length; i++) pixels[i] = rgba[labels[i]!]!;
    const small = this.#blank(width, height);
    small.getContext("2d")!.putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, context.canvas.width, context.canvas.height);
  }
}
