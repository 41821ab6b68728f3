import type { Network } from "../network";
import type { Travelled } from "../state";
import { caseWithout } from "./case";
import { stillCurves } from "./curves";
import { facex } from "./facex";
import { pareto } from "./pareto";
import { relevance } from "./relevance";
import { superpixels } from "./superpixels";
import { translation } from "./translation";

/** The traits of the view that asks. */
export interface Asking {
  get(name: string): unknown;
  set(traits: Record<string, unknown>): void;
  /** Sets traits of a part of its chart, by the id of that model. */
  draw(id: string, traits: Record<string, unknown>): void;
  /** Calls back when a trait of the view has another value. */
  follow(name: string, changed: () => void): void;
  /** Says what is to be done when the view is first seen: a page may hold more than what is seen of it. */
  seen(then: () => void): void;
}

/** Makes who answers a view: it is called when the view has saved something, and sets what Python would set. */
export type Answerer = (travelled: Travelled, view: Asking, network: Network) => () => void;

const ANSWERERS: Readonly<Record<string, Answerer>> = {
  case: caseWithout,
  facex,
  pareto,
  relevance,
  "relevance-still": stillCurves,
  superpixels,
  translation,
};

/** Gives who answers the traits that a view saves, by their names. */
export function answered(travelled: Travelled, view: Asking, network: Network) {
  const make = ANSWERERS[travelled.kind];
  if (!make) throw new Error(`nothing in this page answers ${travelled.kind}`);
  const ask = make(travelled, view, network);
  return (saved: readonly string[]) => {
    if (saved.some((name) => travelled.answers.includes(name))) ask();
  };
}
