import { createCopy } from "../shared/copy";
import { h, setAttribute } from "../shared/dom";
import { createRoving } from "../shared/roving";
import type { CaseFrame } from "./traits";

/** The tabs of a case, and below them why something cannot be asked, with the line of code that makes it possible. */
export function createTabs(frame: CaseFrame) {
  const { scope, traits } = frame;
  const list = h("div.case-tabs", { role: "tablist", "aria-label": "Questions" });
  const refused = h("div.case-refused");
  let tabs: HTMLButtonElement[] = [];
  let drawn: unknown;
  const roving = createRoving(scope, list, () => tabs, {
    ArrowRight: (at, last) => (at === last ? 0 : at + 1),
    ArrowLeft: (at, last) => (at === 0 ? last : at - 1),
    Home: () => 0,
    End: (_at, last) => last,
  });
  const card = (title: string, why: string, how: string) => {
    const copy = how
      ? [h("div.case-line", h("code.case-how", how), createCopy(scope, () => how).element)]
      : [];
    return h("div.case-card", h("div.heading", title), h("p", why), ...copy);
  };
  return {
    element: h("div", list, refused),
    draw() {
      if (drawn !== traits.tabs) {
        drawn = traits.tabs;
        const focused = tabs.findIndex((tab) => tab.matches(":focus"));
        tabs = traits.tabs.map(({ name, title }) => {
          const tab = h("button.case-tab", { role: "tab", "data-tab": name }, title);
          setAttribute(tab, "data-asks", !traits.travels && "tab");
          tab.addEventListener("click", () => traits.tab !== name && frame.save({ tab: name }));
          return tab;
        });
        list.replaceChildren(...tabs);
        list.hidden = tabs.length === 0;
        tabs[focused]?.focus();
      }
      for (const tab of tabs)
        setAttribute(tab, "aria-selected", String(tab.getAttribute("data-tab") === traits.tab));
      roving.lead(tabs.find((tab) => tab.getAttribute("data-tab") === traits.tab));
      const asked = traits.tabs.find(({ name }) => name === traits.tab)?.asked ?? [];
      refused.replaceChildren(
        ...asked.filter(({ why }) => why !== "").map(({ title, why, how }) => card(title, why, how)),
      );
    },
  };
}
