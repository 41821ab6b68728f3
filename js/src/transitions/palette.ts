import { tablesOf } from "../shared/signed";
import type { Palette } from "../shared/theme";
import type { StagePalette } from "./painter";

/** What is drawn on canvases, in the colours of the theme: the same object as long as they are the same. */
export function readPalette(palette: Palette): () => StagePalette {
  let known = "";
  let now: StagePalette | undefined;
  return () => {
    const stops = palette.stops("--c-signed");
    const values = ["--c-ground", "--c-veil", "--c-muted", "font-family"].map(palette.value);
    const [ground, veil, text, font] = values;
    const key = String([stops, values]);
    if (now && key === known) return now;
    known = key;
    const end = (index: number) => `rgb(${(stops.at(index) ?? [128, 128, 128]).join(" ")})`;
    now = {
      ground: ground || "#fff",
      veil: Number(veil) || 0.6,
      text: text || "#808080",
      font: font || "sans-serif",
      against: end(0),
      along: end(-1),
      tables: tablesOf(stops),
    };
    return now;
  };
}
