import { beginCanvas } from "../shared/canvas";
import { SMALL } from "../shared/fit";
import type { Cell } from "./cells";
import { createComposer, type Kind, type Layers, type Palette } from "./composer";
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

/** Makes what draws the stage on a canvas; that gives where the pictures stand, as insets in CSS. */
export function createPainter(canvas: HTMLCanvasElement) {
  const composer = createComposer();
  let context: CanvasRenderingContext2D;
  let scene: Scene;
  let ratio = 1;

  const draw = (layers: Layers, kind: Kind, x: number, y: number, w: number, h: number) =>
    context.drawImage(
      composer.draw(layers, kind, scene.which, [scene.width, scene.height], scene.palette),
      ...([x, y, w, h] as const),
    );

  /** The frame and its map; below them the image and its map, to compare. */
  const drawPanes = (): readonly string[] => {
    const { width, height } = canvas;
    const room = Math.min(
      (width - GAP * ratio) / 2,
      ((height / 2 - CAPTION * ratio) * scene.width) / scene.height,
    );
    const zoom = room / scene.width;
    const w = scene.width <= SMALL && zoom >= 1 ? scene.width * Math.floor(zoom) : Math.floor(room);
    const h = Math.round((w * scene.height) / scene.width);
    context.font = `${12 * ratio}px ${scene.palette.font}`;
    context.textBaseline = "alphabetic";
    return [scene.frame, scene.image].flatMap((layers, row) =>
      (["plain", "map"] as const).flatMap((kind, column) => {
        if (!layers || (kind === "map" && !layers.maps)) return [];
        const x = column === 0 ? 0 : width - w;
        const y = Math.round((row * height) / 2);
        draw(layers, kind, x, y, w, h);
        context.fillStyle = scene.palette.text;
        context.fillText(scene.captions[2 * row + column] ?? "", x, y + h + 14 * ratio, w);
        return [y, width - x - w, height - y - h, x].map((side) => `${side / ratio}px`).join(" ");
      }),
    );
  };

  const drawCells = () => {
    const { width, height } = canvas;
    context.font = `600 ${13 * ratio}px ${scene.palette.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    for (const cell of scene.cells) {
      const [x, y] = [Math.round(cell.x * width), Math.round(cell.y * height)];
      const [w, h] = [Math.round(cell.width * width), Math.round(cell.height * height)];
      const inset = 1.5 * ratio;
      context.globalAlpha = 0.3;
      context.fillStyle = cell.share > 0 ? scene.palette.along : scene.palette.against;
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
  };

  return (now: Scene): readonly string[] => {
    const begun = beginCanvas(canvas, now.width);
    if (!begun) return [];
    [context, scene, ratio] = [begun, now, window.devicePixelRatio || 1];
    const { width, height } = canvas;
    const { mode, frame, image } = scene;
    if (mode === "side by side" && frame.maps) return drawPanes();
    if (mode === "difference" && image) {
      const size = [scene.width, scene.height] as const;
      const map = composer.difference(frame.picture, image.picture, size, scene.palette);
      context.drawImage(map, 0, 0, width, height);
    } else draw(frame, mode === "overlay" ? mode : "plain", 0, 0, width, height);
    if (mode === "where") drawCells();
    return ["0"];
  };
}
