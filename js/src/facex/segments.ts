import { createButton } from "../shared/button";
import { h, setAttribute } from "../shared/dom";
import type { Scope } from "../shared/scope";

/** One of several, side by side; nothing where there is no choice. */
export function createSegments(
  scope: Scope,
  label: string,
  title: (name: string) => string,
  chosen: (index: number) => void,
) {
  const element = h("div.segmented.segments", { role: "group", "aria-label": label });
  let names: readonly string[] = [];
  return {
    element,
    update(now: readonly string[], at: number) {
      element.hidden = now.length < 2;
      if (now.join("\n") !== names.join("\n")) {
        names = now;
        element.replaceChildren(
          ...now.map((name, index) =>
            createButton(scope, title(name), () => chosen(index), h("span.ellipsis", name)),
          ),
        );
      }
      [...element.children].forEach((button, index) => {
        setAttribute(button, "aria-pressed", String(index === at));
      });
    },
  };
}
