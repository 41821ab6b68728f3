import { createButton } from "../shared/button";
import { h, setAttribute, setText } from "../shared/dom";
import type { Scope } from "../shared/scope";
import type { Legend } from "./legend";
import { MODES, type Mode } from "./painter";

const TITLES: Record<Mode, string> = {
  overlay: "the frame with its relevance map over it",
  "side by side": "the frame and its map, the image and its map",
  difference: "how the frame differs from the image",
  where: "how much of the change goes along with each region",
  plain: "the frame as it is",
};

export interface ViewsState {
  mode: Mode;
  which: number;
  /** The names of the two classes. */
  names: readonly [string, string];
  /** The modes for which something is missing. */
  missing: ReadonlySet<Mode>;
  /** Whether there are two maps to choose from. */
  maps: boolean;
  legend: Legend | null;
}

/** How the stage is drawn: the mode, the map of which class, and what its colours mean. */
export function createViews(scope: Scope, setMode: (mode: Mode) => void, setWhich: (which: number) => void) {
  const modes = MODES.map((mode) => createButton(scope, TITLES[mode], () => setMode(mode), mode));
  const names = [h("span.cfw-ellipsis"), h("span.cfw-ellipsis")] as const;
  const sides = names.map((name, which) =>
    createButton(
      scope,
      "the map for this class: what speaks for it (+) and against it (−)",
      () => setWhich(which),
      h(
        "span",
        { class: which === 0 ? "cfw-wrong" : "cfw-correct", "aria-hidden": "true" },
        which === 0 ? "●" : "▲",
      ),
      name,
    ),
  );
  const group = (label: string, buttons: HTMLElement[]) =>
    h("div.cfw-segmented", { role: "group", "aria-label": label }, ...buttons);
  const toggle = group("Map for", sides);
  toggle.classList.add("cfw-sides");
  const low = h("span");
  const high = h("span");
  const unit = h("span.cfw-ellipsis");
  const legend = h("div.cfw-scale.cfw-muted.cfw-number", low, h("i"), high, unit);
  return {
    modes: group("View", modes),
    maps: h("div.cfw-maps", toggle, legend),
    update(now: ViewsState) {
      MODES.forEach((mode, i) => {
        setAttribute(modes[i]!, "aria-pressed", String(mode === now.mode));
        setAttribute(modes[i]!, "aria-disabled", now.missing.has(mode) && "true");
      });
      now.names.forEach((name, which) => {
        setText(names[which]!, `for ${name}`);
        setAttribute(sides[which]!, "aria-pressed", String(which === now.which));
      });
      toggle.hidden = !now.maps;
      legend.classList.toggle("cfw-invisible", !now.legend);
      // The last one stays in its place, unseen, so that nothing moves.
      if (!now.legend) return;
      setText(low, now.legend.low);
      setText(high, now.legend.high);
      setText(unit, now.legend.unit);
      setAttribute(unit, "title", now.legend.unit);
    },
  };
}
