import { tablesOf } from "../shared/signed";
import { colours } from "../shared/theme";
import type { StagePalette } from "./painter";

/** What is drawn on canvases, in the colours of the theme. */
export function readPalette(element: Element): StagePalette {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const stops = colours(element, "--cfw-signed");
  const hex = (index: number) => {
    const colour = stops.at(index);
    return colour ? `rgb(${colour.join(" ")})` : "#808080";
  };
  return {
    ground: token("--cfw-ground") || "#fff",
    veil: Number(token("--cfw-veil")) || 0.6,
    text: token("--cfw-muted") || "#808080",
    font: style.fontFamily || "sans-serif",
    against: hex(0),
    along: hex(-1),
    tables: tablesOf(stops),
  };
}
