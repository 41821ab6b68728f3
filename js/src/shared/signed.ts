/** Maps of signed amounts: a grey of 128 is zero, 1 is the most negative and 255 the most positive value. */
import { type Colour, colourAt } from "./theme";

/** The colour of each grey value, as the 32 bits of a pixel. */
export type Table = Uint32Array;

export interface Tables {
  /** Zero has the neutral tone. */
  solid: Table;
  /** Zero lets through what is below. */
  sheer: Table;
}

/** At most this much of what is below is covered. */
const COVER = 0.94;
/** From this amount on. */
const COVERED_FROM = 0.4;

/** Tables for a diverging map given by stops from the most negative to the most positive value. */
export function tablesOf(stops: readonly Colour[]): Tables {
  const [solid, sheer] = [new Uint8ClampedArray(1024), new Uint8ClampedArray(1024)];
  if (stops.length > 1)
    for (let grey = 0; grey < 256; grey++) {
      const amount = Math.max(-1, (grey - 128) / 127);
      const colour = colourAt(stops, (amount + 1) / 2);
      solid.set([...colour, 255], 4 * grey);
      sheer.set([...colour, 255 * Math.min(COVER, (COVER / COVERED_FROM) * Math.abs(amount))], 4 * grey);
    }
  return { solid: new Uint32Array(solid.buffer), sheer: new Uint32Array(sheer.buffer) };
}

/** Colours a map. */
export function tint(map: Uint8Array, table: Table, into: Uint32Array): void {
  for (let i = 0; i < into.length; i++) into[i] = table[map[i]!]!;
}
