import { h, setAttribute, setInvisible, setName, setText, UNHEARD } from "./dom";
import { change, probability } from "./format";
import type { Scope } from "./scope";
import type { Wait } from "./waiting";

export interface Bar {
  index: number;
  name: string;
  probability: number | null;
  /** Where the tick stands. */
  reference: number | null;
}

export interface ReadoutState {
  /** The probability of the explained class, large; and the one it is compared with. */
  probability: number | null;
  reference: number | null;
  /** What the large number is of. */
  caption: string;
  explained: number;
  bars: Bar[];
  /** Room to keep for bars that are still to come. */
  rows: number;
  wait: Wait;
  /** When nobody has answered for some seconds. */
  silent: string;
}

/** The model's answer: one large number, its change against a reference, and the top classes as bars. */
export function createReadout(scope: Scope, reference: string, chosen: (index: number) => void) {
  const big = h("span.big.number");
  const asking = h("span.asking");
  const caption = h("div.muted.caption");
  const delta = h("div.delta.number");
  const list = h("ul.list.bars");
  const tick = h("div.tick.muted", h("span.tick-mark", UNHEARD), `tick: ${reference}`);
  const element = h("div.readout", h("div.bigline", big, asking), caption, delta, list, tick);

  const rows: ReturnType<typeof createRow>[] = [];
  const createRow = () => {
    const name = h("button.bar-name.ellipsis", { "data-asks": "target" });
    const fill = h("i");
    const mark = h("b");
    const value = h("span.number.bar-value");
    const track = h("span.track", UNHEARD, fill, mark);
    const row = {
      item: h("li.bar", name, track, value),
      name,
      fill,
      mark,
      value,
      index: -1,
    };
    scope.on(name, "click", () => chosen(row.index));
    return row;
  };

  return {
    element,
    update(now: ReadoutState) {
      // An answer that does not come must not look like an earlier one.
      const known = (value: number | null) => (now.wait === "silent" ? null : value);
      element.classList.toggle("cfw-stale", now.wait !== "none");
      setText(big, probability(known(now.probability)));
      big.classList.toggle("cfw-unknown", known(now.probability) === null);
      setName(caption, now.caption);
      setText(asking, now.wait === "asking" ? "evaluating…" : "");
      delta.classList.toggle("cfw-silent", now.wait === "silent");
      if (now.wait === "silent") setText(delta, now.silent);
      else if (now.probability === null || now.reference === null) setText(delta, "");
      else {
        const { sign, amount } = change(now.probability, now.reference);
        setText(delta, sign ? `${sign} ${amount} against the ${reference}` : `the same as the ${reference}`);
      }
      while (rows.length < now.bars.length) rows.push(createRow());
      rows.length = now.bars.length;
      list.style.minHeight = `calc(${now.rows} * var(--c-bar-height))`;
      if (list.children.length !== rows.length) list.replaceChildren(...rows.map(({ item }) => item));
      now.bars.forEach((bar, i) => {
        const row = rows[i]!;
        row.index = bar.index;
        const explained = bar.index === now.explained;
        row.item.classList.toggle("cfw-explained", explained);
        setText(row.name, bar.name);
        setAttribute(row.name, "title", explained ? bar.name : `explain ${bar.name}`);
        setAttribute(row.name, "aria-current", explained && "true");
        row.fill.style.width = `${100 * (known(bar.probability) ?? 0)}%`;
        row.mark.hidden = bar.reference === null;
        row.mark.style.left = `${100 * (bar.reference ?? 0)}%`;
        setText(row.value, probability(known(bar.probability)));
      });
      setInvisible(tick, !now.bars.some((bar) => bar.reference !== null));
    },
  };
}
