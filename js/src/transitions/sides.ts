import type { Traits } from "./traits";

/** The two classes: the one that the image is taken for, and the one that it should be. */
export const SIDES = ["wrong", "correct"] as const;
export type Side = (typeof SIDES)[number];
export const MARKS: Record<Side, string> = { wrong: "●", correct: "▲" };

/** On which side a class is; "other" for a third one. */
export const sideOf = (index: number, traits: Pick<Traits, Side>): Side | "other" =>
  SIDES.find((side) => traits[side] === index) ?? "other";

/** Words behind the mark of their side. */
export const marked = (side: Side | "other", words: string): string =>
  side === "other" ? words : `${MARKS[side]} ${words}`;
