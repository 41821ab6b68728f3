import { createButton } from "../shared/button";
import { h, setAttribute } from "../shared/dom";
import type { Scope } from "../shared/scope";

/** Which of the faces count. */
export function createGroups(scope: Scope, chosen: (group: number) => void) {
  const element = h("div", { class: "cfw-segmented cfw-groups", role: "group", "aria-label": "Faces" });
  let names: readonly string[] = [];
  return {
    element,
    update(groups: readonly string[], group: number) {
      element.hidden = groups.length < 2;
      if (groups.join("\n") !== names.join("\n")) {
        names = groups;
        element.replaceChildren(
          ...groups.map((name, index) =>
            createButton(
              scope,
              `only the faces of this group: ${name}`,
              () => chosen(index),
              h("span", { class: "cfw-ellipsis" }, name),
            ),
          ),
        );
      }
      [...element.children].forEach((button, index) => {
        setAttribute(button, "aria-pressed", String(index === group));
      });
    },
  };
}
