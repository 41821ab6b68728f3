import { integer, list, number, record, records, text, tuple } from "../shared/wire";

/** A drawing of regions, as cfwidgets/widgets/facex/drawing.py makes it; null while there is none. */
export const drawing = record(
  {
    /** In the order in which they are painted. */
    regions: records({ name: text(), paths: list(text()), panel: integer() }, "name"),
    /** The figure itself first; left, top, width and height of what each takes up. */
    panels: records({ panel: integer(), box: tuple(number(), number(), number(), number()) }, "box"),
    /** The indices of the regions in reading order. */
    order: list(integer(-1)),
    /** Where the arrow keys lead: the region, and the indices of the places to its left and right, above and below. */
    places: records({ region: integer(-1), beside: list(integer(-1)) }),
  },
  "regions",
);

export type Drawing = NonNullable<ReturnType<typeof drawing>>;
