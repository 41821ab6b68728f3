import type { Traits } from "../../src/training/traits";
import { DONE, wire } from "../fake";

/** A training at update 30 of 120, with two rows of three samples of 16 by 16 pixels. */
export function trainingState(changes: Partial<Traits> = {}): Traits {
  return {
    ...{ ...DONE, state: "running", progress: 0.25, measures: false },
    counts: "update 30 of 120 after 6 s",
    ...{ step: 30, saved: false },
    sheet: wire(Uint8Array.of(7, 1)),
    ...{ grid: [2, 3], tile: [16, 16], drawn: 29 },
    sheet_note: "by the running mean of the weights",
    columns: ["original", "Pale_Skin", "<img src=x onerror=alert(1)>"],
    loss_names: ["reconstruction", "critic", "penalty"],
    losses: [0.012345, -47.84, null],
    ...{ window: 3, measured: 30 },
    ...{ held_out_names: [], held_out: [], held_out_at: -1 },
    ...changes,
  };
}
