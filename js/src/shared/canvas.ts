import { SMALL } from "./fit";

/** Gives an element its size on the page, in CSS pixels. */
export function setSize({ style }: HTMLElement, width: number, height: number): void {
  style.width = `${width}px`;
  style.height = `${height}px`;
}

/**
 * Gives a canvas its size on the page, in CSS pixels; `ratio`: the screen's in one of them. It is cleared only where its
 * own pixels become others: then true.
 */
export function sizeCanvas(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  ratio = window.devicePixelRatio || 1,
): boolean {
  setSize(canvas, width, height);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width === w && canvas.height === h) return false;
  [canvas.width, canvas.height] = [w, h];
  return true;
}

/** A cleared canvas, to draw pictures of some width on: small ones are not smoothed. Null where the browser has none. */
export function beginCanvas(canvas: HTMLCanvasElement, width: number): CanvasRenderingContext2D | null {
  const context = canvas.getContext("2d");
  if (!context) return null;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = width > SMALL;
  context.imageSmoothingQuality = "high";
  return context;
}
