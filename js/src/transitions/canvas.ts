import { SMALL } from "../shared/fit";

/** Gives a canvas its size on the page, in CSS pixels; it is cleared only where its own pixels become others. */
export function sizeCanvas(canvas: HTMLCanvasElement, width: number, height: number, ratio: number): void {
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
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
