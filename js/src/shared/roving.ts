import { setAttribute } from "./dom";
import { isCommand } from "./keys";
import type { Scope } from "./scope";

/** To which of its items a key goes. */
export type Steps = Record<string, (at: number, last: number) => number>;

/**
 * A group whose items share one place in the order of the Tab key; other keys go from one to the next. `items` are those
 * that are there now.
 */
export function createRoving(
  scope: Scope,
  group: HTMLElement,
  items: () => readonly HTMLElement[],
  steps: Steps,
) {
  let stop: HTMLElement | undefined;
  const lead = (to = stop) => {
    const all = items();
    stop = to && all.includes(to) ? to : all[0];
    for (const item of all) setAttribute(item, "tabindex", item === stop ? 0 : -1);
  };
  scope.on(group, "focusin", (event) => {
    const item = items().find((candidate) => candidate.contains(event.target as Node));
    if (!item) return;
    lead(item);
  });
  scope.on(group, "keydown", (event) => {
    if (isCommand(event)) return;
    const step = steps[event.key];
    const all = items();
    const at = all.findIndex((item) => item.contains(event.target as Node));
    if (!step || at < 0) return;
    all[Math.min(Math.max(0, step(at, all.length - 1)), all.length - 1)]!.focus();
    event.preventDefault();
  });
  return {
    /** The items have changed; the Tab key leads to this one, or to the one that it led to. */
    lead,
  };
}
