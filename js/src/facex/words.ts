import { count, probability } from "../shared/format";
import type { RunState } from "../shared/traits";
import { facesIn, type Row, rankedCount } from "./rows";
import type { Patch, Region, Skipped } from "./traits";

/** What one sees, and whose idea it is. */
export const HELP =
  "A region’s score is the attention (Grad-CAM, 0 to 1) inside it, averaged over all faces that have it; the patches " +
  "are the pieces of it that drew the most attention (FaceX, Sarridis et al. 2024). Where a model looks does not say " +
  "which way that moves its answer; left and right are the person’s.";

export const HINT = "point at a region, click to pin it · arrow keys move, Enter pins";
export const NO_SCORES = "scores appear here as the faces are read";
export const NO_FACES = "no face is in this group";
export const NONE_USED = "no face could be used";
export const NO_DRAWING = "the face will be here";
export const ASKING = "asking for the face…";
export const SILENT = "no answer yet (kernel busy or gone); the regions and their patches still work";
export const MINUS = "−";

/** 1 -> "1st". */
export function ordinal(rank: number): string {
  const [tens, ones] = [Math.floor(rank / 10) % 10, rank % 10];
  return `${rank}${(tens !== 1 && ["", "st", "nd", "rd"][ones]) || "th"}`;
}

/** A score: ".62". */
export function score(value: number | null | undefined): string {
  return probability(value, 2);
}

/** A signed difference: "+.21", "−.05", "0". */
export function signed(value: number): string {
  if (Math.abs(value) < 0.005) return "0";
  return `${value < 0 ? MINUS : "+"}${score(Math.abs(value))}`;
}

/** "on 812 of 1,000 faces". */
export function onFaces(region: Region | null, faces: number): string {
  if (!region || region.ior === null) return "no face has it";
  return `on ${count(region.count)} of ${count(faces)} faces`;
}

/** "3rd of 19"; "" without a rank. */
export function place(region: Region | null, of: number): string {
  return region?.rank ? `${ordinal(region.rank)} of ${of}` : "";
}

/** What is said of a region: "left eye: .62, 95 % from .58 to .66, rank 3 of 19, on 812 faces". */
export function spoken(row: Row, rows: readonly Row[], models: readonly string[]): string {
  const about = row.by.map((region, model) => {
    if (!region || region.ior === null) return "no face has it";
    const parts = [score(region.ior)];
    if (region.low !== null && region.high !== null)
      parts.push(`95 % from ${score(region.low)} to ${score(region.high)}`);
    if (region.rank) parts.push(`rank ${region.rank} of ${rankedCount(rows, model)}`);
    parts.push(`on ${count(region.count)} ${region.count === 1 ? "face" : "faces"}`);
    return parts.join(", ");
  });
  if (about.length < 2) return `${row.label}: ${about[0]}`;
  const named = about.map((text, model) => `${models[model]} ${text}`);
  if (row.difference !== null) named.push(`difference ${signed(row.difference)}`);
  return `${row.label}: ${named.join("; ")}`;
}

/** How many patches there are: "top 20 patches". */
export function patchWords(patches: number, faces: number): string {
  if (patches === 0) return faces > 0 ? "no patch" : "";
  return patches === 1 ? "the top patch" : `top ${patches} patches`;
}

/** One patch: "patch 3: 000412.jpg, attention 41.2". */
export function describePatch(patch: Patch, i: number): string {
  const value = Number.isFinite(patch.value) ? `, attention ${Number(patch.value.toPrecision(3))}` : "";
  return `patch ${i + 1}: ${patch.name || `face ${patch.image}`}${value}`;
}

/** "3 of 30,000 faces could not be used". */
export function skipped({ count: some, total }: Skipped): string {
  return `${count(some)} of ${count(total)} ${total === 1 ? "face" : "faces"} could not be used`;
}

/** What a list leaves out. */
export function andMore(rest: number): string {
  return `and ${count(rest)} more`;
}

/** What is kept of a run that stopped or failed. */
export function kept(state: RunState, rows: readonly Row[]): string {
  if ((state !== "stopped" && state !== "failed") || facesIn(rows, 0) === 0) return "";
  return "the faces so far are kept, Resume continues";
}
