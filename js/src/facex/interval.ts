import { h } from "../shared/dom";
import type { Region } from "./traits";

/** A score between 0 and the end of an axis with its interval, among the scores of the other regions. */
export function createInterval() {
  const ticks = h("span.interval-ticks");
  const bar = h("i.interval-bar");
  const point = h("b.interval-point");
  const random = h("u.interval-random");
  const element = h("div.interval", { "aria-hidden": "true" }, ticks, random, bar, point);
  let end = 1;
  const at = (value: number) => `${(100 * Math.min(1, Math.max(0, value / end))).toFixed(2)}%`;
  let drawn = "";
  return {
    element,
    update(region: Region | null, others: readonly number[], until: number) {
      end = until;
      const key = [end, ...others].join();
      if (key !== drawn) {
        drawn = key;
        ticks.replaceChildren(
          ...others.map((value) => {
            const tick = h("i");
            tick.style.left = at(value);
            return tick;
          }),
        );
      }
      const { ior = null, low = null, high = null } = region ?? {};
      const chance = region?.null ?? null;
      point.hidden = ior === null;
      bar.hidden = low === null || high === null;
      random.hidden = chance === null;
      if (ior !== null) point.style.left = at(ior);
      if (low !== null && high !== null) {
        bar.style.left = at(low);
        bar.style.right = `calc(100% - ${at(high)})`;
      }
      if (chance !== null) random.style.left = at(chance);
    },
  };
}
