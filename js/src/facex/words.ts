import { count, probability } from "../shared/format";
import type { RunState } from "../shared/traits";
import { alsoRankedCount, type Row, rankedCount } from "./rows";
import type { Patch, Quantity, Region, Skipped } from "./traits";

/** Some sentences on the view, with the paper. */
export const HELP =
  "Attention (Grad-CAM, 0 to 1) is the mean inside the region over all faces that have it; the patches are the " +
  "pieces of it that drew the most (FaceX, Sarridis et al. 2024). Effect is by how much the log-odds of the class " +
  "change when the region is hidden, in either direction; the mean with its sign is above 0 where the region " +
  "speaks for the class. Go by the effect where they differ. Left and right are the person’s.";

export const HINT = "point at a region, click to pin it · arrow keys move, Enter pins";
export const NO_DRAWING = "the face will be here";
/** While a face is outstanding. */
export const ASKING = "fetching the face…";
/** And where it does not come. */
export const WORKS = "the regions and their patches still work";
/** The reason why a region has no value. */
export const NOWHERE: Record<Quantity, string> = {
  attention: "no face has it",
  effect: "no sampled face has it",
};
export const UNEVALUATED = "not evaluated yet";
export const RANDOMISED = "randomised model";
export const MINUS = "−";
export const DIFFERENCE = "difference";
/** What the numbers count. */
export const UNITS: Record<Quantity, string> = { attention: "attention", effect: "effect, log-odds" };

/** 1 -> "1st". */
export function ordinal(rank: number): string {
  const [tens, ones] = [Math.floor(rank / 10) % 10, rank % 10];
  return `${rank}${(tens !== 1 && ["", "st", "nd", "rd"][ones]) || "th"}`;
}

/** A score: ".62", "3.1", "12". */
export function score(value: number | null | undefined): string {
  return value != null && value >= 9.95 ? count(value) : probability(value, 2);
}

/** A signed difference: "+.21", "−12", "0". */
export function signed(value: number): string {
  if (Math.abs(value) < 0.005) return "0";
  return `${value < 0 ? "−" : "+"}${score(Math.abs(value))}`;
}

/** "on 812 of 1,000 faces". */
export function onFaces(region: Region | null, faces: number, quantity: Quantity): string {
  if (!region || region.ior === null) return NOWHERE[quantity];
  return `on ${count(region.count)} of ${count(faces)} faces`;
}

/** "3rd of 19"; "" without a rank. */
export function place(region: Region | null, of: number): string {
  return region?.rank ? `${ordinal(region.rank)} of ${of}` : "";
}

/** The other quantity: "effect 3.1, 2nd of 18"; "" where it is not known. */
export function also(region: Region | null, quantity: Quantity, of: number): string {
  if (region?.effect == null) return "";
  const rank = region.effect_rank ? `, ${ordinal(region.effect_rank)} of ${of}` : "";
  return `${quantity} ${score(region.effect)}${rank}`;
}

/** A region for the ear: "left eye: .62, 95 % from .58 to .66, rank 3 of 19, on 812 faces". */
export function spoken(
  row: Row,
  rows: readonly Row[],
  models: readonly string[],
  evaluated: (model: number) => boolean,
  other: Quantity,
): string {
  const about = row.by.map((region, model) => {
    if (!evaluated(model)) return UNEVALUATED;
    if (!region || region.ior === null) return NOWHERE[other === "effect" ? "attention" : "effect"];
    const parts = [score(region.ior)];
    if (region.low !== null && region.high !== null)
      parts.push(`95 % from ${score(region.low)} to ${score(region.high)}`);
    if (region.rank) parts.push(`rank ${region.rank} of ${rankedCount(rows, model)}`);
    parts.push(`on ${count(region.count)} ${region.count === 1 ? "face" : "faces"}`);
    const more = also(region, other, alsoRankedCount(rows, model));
    if (more) parts.push(more);
    return parts.join(", ");
  });
  if (about.length < 2) return `${row.label}: ${about[0]}`;
  const named = about.map((text, model) => `${models[model]} ${text}`);
  if (row.difference !== null) named.push(`difference ${signed(row.difference)}`);
  return `${row.label}: ${named.join("; ")}`;
}

/** The number of patches: "top 20 patches". */
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

/** The rest of a list. */
export function andMore(rest: number): string {
  return `and ${count(rest)} more`;
}

/** The reason why no region has a score. */
export function noScores(state: RunState, partial: boolean): string {
  if (state === "running" || state === "empty") return "scores appear here as the faces are read";
  return partial ? "no face is in this group" : "no face could be used";
}

/** The key to an opened face: "bright: attention · solid: upper lip · dashed: the patch". */
export function faceKey(attention: boolean, region: string, patch: boolean): string {
  const keys = [attention && "bright: attention", `solid: ${region}`, patch && "dashed: the patch"];
  return keys.filter(Boolean).join(" · ");
}

/** The remains of a run that stopped or failed. */
export function kept(faces: number): string {
  return faces > 0 ? "the faces so far are kept" : "";
}
