import { createChoice } from "../shared/choice";
import { h } from "../shared/dom";
import type { Scope } from "../shared/scope";
import type { Look, Other } from "./look";
import { OTHERS } from "./words";

/** Below the wipe: what stands right of its line. */
export function createTools(scope: Scope, look: Look, which: HTMLElement) {
  const others = createChoice(scope, "right of the line", OTHERS, (other: Other) =>
    look.change({ other }, performance.now()),
  );
  return {
    element: h("div.tools", others.element, which),
    paint: () => others.update(look.other),
  };
}
