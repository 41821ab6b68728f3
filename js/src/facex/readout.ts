import { h, setName, setText } from "../shared/dom";
import { createInterval } from "./interval";
import { alsoRankedCount, facesIn, type Row, rankedCount } from "./rows";
import type { Scores } from "./scores";
import type { Quantity, Region } from "./traits";
import * as words from "./words";

/** The score of a region, of one model or of two, among those of the others. */
export function createReadout(scores: Scores) {
  const name = h("span.region-name.ellipsis");
  const pin = h("span.pin.muted");
  const parts = [createScore(), createScore()] as const;
  const difference = h("div.difference.ellipsis.number");
  const random = h("span.key", h("i.key-random", { "aria-hidden": "true" }), words.RANDOMISED);
  const key = h(
    "div.interval-key.muted",
    h("i.key-tick", { "aria-hidden": "true" }),
    "other regions",
    random,
  );
  const element = h(
    "div.region",
    h("div.region-head", name, pin),
    h("div.scores", parts[0].element, parts[1].element),
    difference,
    key,
  );
  return {
    element,
    /** `why`: the reason for showing it. */
    update(row: Row | null, why: "pinned" | "highest" | "") {
      const { rows, models, two } = scores;
      setName(name, row?.label ?? "");
      key.classList.toggle("cfw-invisible", rows.length < 2);
      setText(pin, why === "pinned" ? "● pinned" : why);
      random.hidden = !rows.some(({ by }) => by.some((region) => region?.null != null));
      parts.forEach((part, model) => {
        part.element.hidden = model > 0 && !two;
        const others = rows.flatMap((other) => {
          const ior = other === row ? null : other.by[model]?.ior;
          return ior === null || ior === undefined ? [] : [ior];
        });
        part.update(row?.by[model] ?? null, {
          ...{ model: two ? (models[model] ?? "") : "", others },
          ...{ of: rankedCount(rows, model), end: scores.end },
          also: words.also(row?.by[model] ?? null, scores.otherQuantity, alsoRankedCount(rows, model)),
          quantity: scores.quantity,
          push: scores.quantity === "effect" ? (row?.by[model]?.push ?? null) : null,
          faces: facesIn(rows, model),
          evaluated: scores.evaluated(model),
        });
      });
      difference.hidden = !two;
      if (!two) return;
      const more = row?.difference ?? null;
      const sign = more === null || Math.abs(more) < 0.005 ? "" : more > 0 ? "▲ " : "▼ ";
      // It keeps its place while there is none yet.
      difference.classList.toggle("cfw-invisible", more === null);
      setName(
        difference,
        `${sign}${more === null ? "–" : words.signed(more)} ${models[1]} against ${models[0]}`,
      );
    },
  };
}

/** The score of one model. */
function createScore() {
  const model = h("div.heading.score-model.ellipsis");
  const big = h("span.big.number");
  const rank = h("div.rank.number");
  const faces = h("div.muted.number.ellipsis");
  const also = h("div.also.number.ellipsis");
  const end = h("span");
  const interval = createInterval();
  const range = h("div.range-words.muted.number");
  const element = h(
    "div.score",
    model,
    h("div.score-line", big, h("div.score-words", rank, faces)),
    also,
    interval.element,
    h("div.interval-ends.muted.number", h("span", "0"), range, end),
  );
  return {
    element,
    update(
      region: Region | null,
      now: {
        model: string;
        others: readonly number[];
        of: number;
        end: number;
        also: string;
        quantity: Quantity;
        push: number | null;
        faces: number;
        evaluated: boolean;
      },
    ) {
      setName(model, now.model);
      model.hidden = now.model === "";
      const { ior = null, low = null, high = null } = region ?? {};
      setText(big, words.score(ior));
      big.classList.toggle("cfw-unknown", ior === null);
      setText(rank, words.place(region, now.of));
      const known = now.faces > 0 ? words.onFaces(region, now.faces, now.quantity) : "";
      setText(faces, now.evaluated ? known : words.UNEVALUATED);
      setText(also, now.also);
      setText(end, now.end === 1 ? "1" : words.score(now.end));
      interval.update(region, now.others, now.end);
      const parts =
        low === null || high === null ? [] : [`95 %: ${words.score(low)} to ${words.score(high)}`];
      if (region?.null != null) parts.push(`randomised ${words.score(region.null)}`);
      if (now.push !== null) parts.push(`signed ${words.signed(now.push)}`);
      setText(range, parts.join(" · "));
    },
  };
}
