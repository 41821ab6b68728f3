/** The cases of a workbench in a page: one of them is seen, with one of its tabs; the others are made when they are opened. */
import type { PageManager } from "./manager";

const widget = (place: Element) => place.getAttribute("data-widget")!;

/** Shows the first case, and another where one is chosen in the gallery or in the list of cases. */
export async function followCases(manager: PageManager): Promise<void> {
  const places = [...document.querySelectorAll<HTMLElement>("[data-case]")];
  if (places.length === 0) return;
  const says = document.getElementById("page-says")!;
  const cases = new Map(places.map((place) => [Number(place.dataset.case), createCase(manager, place)]));
  const gallery = await manager.get_model(says.dataset.gallery!);

  const open = async (number: number) => {
    const found = cases.get(number);
    says.textContent = found || number < 0 ? "" : `Picture ${number} has no case in this page.`;
    if (!found) return;
    for (const one of cases.values()) one.place.hidden = one !== found;
    await found.show();
  };
  const chosen = async (number: number) => {
    await open(number);
    cases.get(number)?.place.scrollIntoView({ block: "nearest" });
  };
  gallery.on("change:chosen", () => void chosen(gallery.get("chosen")));
  manager.told = (content) => {
    if (content.kind === "open") gallery.set("chosen", content.number);
  };
  await open(Number(places[0]!.dataset.case));
}

function createCase(manager: PageManager, place: HTMLElement) {
  const tabs = [...place.querySelectorAll<HTMLElement>(":scope > [data-tab]")];
  const made = new Set<Element>();
  const fill = async (parent: Element) => {
    for (const part of parent.querySelectorAll<HTMLElement>(":scope > [data-widget]")) {
      if (made.has(part)) continue;
      made.add(part);
      await manager.show(widget(part), part);
    }
  };
  let head: Awaited<ReturnType<PageManager["get_model"]>> | undefined;
  const turn = async () => {
    const tab = head!.get("tab");
    for (const one of tabs) one.hidden = one.dataset.tab !== tab;
    for (const one of tabs) if (!one.hidden) await fill(one);
  };
  return {
    place,
    async show() {
      await fill(place);
      if (!head) {
        head = await manager.get_model(widget(place.firstElementChild!));
        head.on("change:tab", () => void turn());
      }
      await turn();
    },
  };
}
