import type { Traits } from "./traits";
import type { Order } from "./words";

/** The places of all images in an order; those that are not translated yet come last, as they were given. */
export function ordered(
  { entries, total, painted }: Pick<Traits, "entries" | "total" | "painted">,
  order: Order,
): number[] {
  const places = Array.from({ length: total }, (_, place) => place);
  if (order === "order") return places;
  const amount = (place: number) => {
    const entry = entries[place];
    if (!entry) return Number.NEGATIVE_INFINITY;
    if (order === "doubt") return entry.image[painted] ?? 0;
    return order === "error" ? entry.error : entry.area;
  };
  return places.sort((a, b) => amount(b) - amount(a) || a - b);
}
