import type { AnyModel } from "@anywidget/types";
import { setAttribute } from "./dom";
import type { Scope } from "./scope";

/** A control that only the kernel answers has the attribute `data-asks`, or a group of such controls has it. */
const ASKING = "[data-asks]";

/** A view may outlive its kernel: in a saved notebook that is opened again, or after a restart. */
export function followKernel(
  scope: Scope,
  root: HTMLElement,
  // biome-ignore lint/suspicious/noExplicitAny: the layout is no trait of the view's table
  model: AnyModel<any>,
  changed: () => void,
) {
  // Hosts do not show the view's own model. That of its layout lives and dies with it.
  const gone = () => model.get("layout")?.comm_live === false;
  const event = "comm_live_update";
  model.on(event, changed);
  scope.defer(() => model.off(event, changed));
  return {
    gone,
    /** Disables what cannot be answered: after each drawing, since parts enable and add. */
    draw() {
      if (!gone()) return;
      for (const one of root.querySelectorAll<HTMLInputElement>(`${ASKING},${ASKING} :is(button,input)`)) {
        one.disabled = true;
        setAttribute(one, "aria-disabled", "true");
        if (one.matches(ASKING)) one.title = "needs the kernel: run the cell again";
      }
    },
  };
}
