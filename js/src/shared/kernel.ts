import type { AnyModel } from "@anywidget/types";
import { setAttribute } from "./dom";
import type { Scope } from "./scope";

/**
 * A control that only the kernel answers has the attribute `data-asks`, or a group of such controls has it; its value
 * says what is asked: "run" to resume the run, else the trait that is set.
 */
const ASKING = "[data-asks]";

export type Kernel = ReturnType<typeof followKernel>;

/**
 * A view may outlive its kernel: in a saved notebook that is opened again, or after a restart. An exported page has none:
 * it says by `page_answers` which traits it answers by itself. And a view may be opened without its models: `opens_with` then
 * says how to open it with them.
 */
export function followKernel(
  scope: Scope,
  root: HTMLElement,
  // biome-ignore lint/suspicious/noExplicitAny: the layout is no trait of the view's table
  model: AnyModel<any>,
  changed: () => void,
) {
  const answered: unknown = model.get("page_answers");
  const page = Array.isArray(answered) ? answered : null;
  const call = page === null ? String(model.get("opens_with") ?? "") : "";
  // Hosts do not show the view's own model. That of its layout lives and dies with it.
  const gone = () => (page ? page.length === 0 : call !== "" || model.get("layout")?.comm_live === false);
  const answers = (what: string) => (page ? page.includes(what) : !gone());
  const event = "comm_live_update";
  model.on(event, changed);
  scope.defer(() => model.off(event, changed));
  /** Why a control is disabled; what to do about it; that an answer does not come. */
  const [away, help, silent] = page
    ? [
        "needs the notebook: this page cannot answer it",
        "",
        page.length > 0 ? "no answer yet: the network of this page is busy" : "this page has no new answers",
      ]
    : call
      ? [`needs the model: ${call}`, ` ${call} brings it back.`, "no model to answer"]
      : [
          "needs the kernel: run the cell again",
          " Run the cell again.",
          "no answer yet: the kernel is busy or gone",
        ];
  return {
    /** Whether nobody answers. */
    gone,
    /** Whether somebody answers what is asked. */
    answers,
    /** That nobody answers, and what works all the same. */
    alone: (works: string) =>
      `${page ? "In this page" : call ? "Opened without a model:" : "No kernel answers here:"} ${works}.${help}`,
    silent,
    /** Disables what cannot be answered: after each drawing, since parts enable and add. */
    draw() {
      if (!page && !gone()) return;
      for (const one of root.querySelectorAll<HTMLInputElement>(`${ASKING},${ASKING} :is(button,input)`)) {
        if (answers(one.closest<HTMLElement>(ASKING)!.dataset.asks!)) continue;
        one.disabled = true;
        setAttribute(one, "aria-disabled", "true");
        if (one.matches(ASKING)) one.title = away;
      }
    },
  };
}
