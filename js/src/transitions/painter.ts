import { beginCanvas, sizeCanvas } from "../shared/canvas";
import { SMALL } from "../shared/fit";
import type { Cell } from "./cells";
import { Composer, type Kind, type Layers, type Palette } from "./composer";
import { percent } from "./words";

export type Mode = "overlay" | "side by side" | "difference" | "where" | "plain";

export interface Scene {
  mode: Mode;
  /** The map for the wrong class (0) or for the correct one (1). */
  which: number;
  /** Of the frames, in their own pixels. */
  width: number;
  height: number;
  frame: Layers;
  /** The explained image. */
  image: Layers | null;
  cells: readonly Cell[];
  /** What stands under the panes that are side by side: the frame, its map; the image, its map. */
  captions: readonly string[];
  palette: StagePalette;
}

export interface StagePalette extends Palette {
  /** Of the captions. */
  text: string;
  font: string;
  /** Over the cells: what goes against the change, and what goes along with it. */
  against: string;
  along: string;
}

/** The room of a caption under a pane, and between two panes, in CSS pixels. */
const CAPTION = 20;
const GAP = 8;

/** Draws the stage. */
export class Painter {
  readonly #composer = new Composer();
  #ratio = 1;

  constructor(readonly canvas: HTMLCanvasElement) {}

  /** The size on the page, in CSS pixels, and how many pixels of the screen one of them has. */
  resize(width: number, height: number, ratio: number): void {
    this.#ratio = ratio;
    sizeCanvas(this.canvas, width, height, ratio);
  }

  paint(scene: Scene): void {
    const context = beginCanvas(this.canvas, scene.width);
    if (!context) return;
    const { width, height } = this.canvas;
    const { frame, image } = scene;
    const size = [scene.width, scene.height] as const;
    if (scene.mode === "side by side" && frame.maps) this.#panes(context, scene);
    else if (scene.mode === "difference" && image) {
      const canvas = this.#composer.difference(frame.picture, image.picture, size, scene.palette);
      context.drawImage(canvas, 0, 0, width, height);
    } else {
      this.#draw(context, scene, frame, scene.mode === "overlay" ? "overlay" : "plain", [
        0,
        0,
        width,
        height,
      ]);
      if (scene.mode === "where") this.#cells(context, scene);
    }
  }

  #draw(
    context: CanvasRenderingContext2D,
    scene: Scene,
    layers: Layers,
    kind: Kind,
    box: readonly [number, number, number, number],
  ): void {
    const size = [scene.width, scene.height] as const;
    context.drawImage(this.#composer.draw(layers, kind, scene.which, size, scene.palette), ...box);
  }

  /** The frame and its map; below them the image and its map, to compare. */
  #panes(context: CanvasRenderingContext2D, scene: Scene): void {
    const { width, height } = this.canvas;
    const ratio = this.#ratio;
    const room = Math.min(
      (width - GAP * ratio) / 2,
      ((height / 2 - CAPTION * ratio) * scene.width) / scene.height,
    );
    const zoom = room / scene.width;
    const w = scene.width <= SMALL && zoom >= 1 ? scene.width * Math.floor(zoom) : Math.floor(room);
    const h = Math.round((w * scene.height) / scene.width);
    const rows = scene.image ? [scene.frame, scene.image] : [scene.frame];
    context.font = `${12 * ratio}px ${scene.palette.font}`;
    context.textBaseline = "alphabetic";
    rows.forEach((layers, row) => {
      (["plain", "map"] as const).forEach((kind, column) => {
        if (kind === "map" && !layers.maps) return;
        const x = column === 0 ? 0 : width - w;
        const y = Math.round((row * height) / 2);
        this.#draw(context, scene, layers, kind, [x, y, w, h]);
        context.fillStyle = scene.palette.text;
        context.fillText(scene.captions[2 * row + column] ?? "", x, y + h + 14 * ratio, w);
      });
    });
  }

  #cells(context: CanvasRenderingContext2D, scene: Scene): void {
    const { width, height } = this.canvas;
    const ratio = this.#ratio;
    context.font = `600 ${13 * ratio}px ${scene.palette.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    for (const cell of scene.cells) {
      const [x, y] = [Math.round(cell.x * width), Math.round(cell.y * height)];
      const [w, h] = [Math.round(cell.width * width), Math.round(cell.height * height)];
      const inset = 1.5 * ratio;
      const colour = cell.share > 0 ? scene.palette.along : scene.palette.against;
      context.globalAlpha = 0.3;
      context.fillStyle = colour;
      context.fillRect(x, y, w, h);
      context.globalAlpha = 1;
      // Dark below light, so that the line is seen on every picture; dashed where it goes against the change.
      context.setLineDash(cell.share > 0 ? [] : [4 * ratio, 3 * ratio]);
      for (const [style, line] of [
        ["rgb(0 0 0 / 75%)", 3],
        ["#fff", 1.25],
      ] as const) {
        context.strokeStyle = style;
        context.lineWidth = line * ratio;
        context.strokeRect(x + inset, y + inset, w - 2 * inset, h - 2 * inset);
      }
      context.setLineDash([]);
      context.lineWidth = 4 * ratio;
      context.strokeStyle = "rgb(0 0 0 / 80%)";
      context.fillStyle = "#fff";
      const place = [percent(cell.share), x + w / 2, y + h / 2, w - 4 * inset] as const;
      context.strokeText(...place);
      context.fillText(...place);
    }
    context.textAlign = "start";
  }
}
