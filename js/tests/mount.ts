import type { AnyModel } from "@anywidget/types";
import { expect, vi } from "vitest";

interface View<T extends object> {
  render(options: { model: AnyModel<T>; el: HTMLElement; signal?: AbortSignal }): () => void;
}

const ends: (() => void)[] = [];

/** Takes all views off the page, and puts back what a test has put something else in the place of. */
export function tidy() {
  for (const end of ends.splice(0)) end();
  document.body.replaceChildren();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
}

export const text = (element: Element | null | undefined) => element?.textContent ?? "";
/** After the microtask in which a view draws, the frame in which it paints, and the pictures. */
export const drawn = () => new Promise<void>((done) => setTimeout(done, 40));

/** A view on the page until `tidy`, with what a test looks for in it and does to it. */
export function mount<T extends object>(
  view: View<T>,
  model: AnyModel<T>,
  name: string,
  el: HTMLElement = document.body.appendChild(document.createElement("div")),
) {
  const end = view.render({ model, el });
  ends.push(end);
  const root = el.querySelector<HTMLElement>(`[data-testid=cfw-${name}]`)!;
  const find = <E extends Element = HTMLElement>(selector: string) => root.querySelector<E>(selector)!;
  const all = (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)];
  const button = (name: string) => all("button").find((element) => text(element).trim() === name)!;
  const key = (name: string, on: Element, more: KeyboardEventInit = {}) => {
    const event = new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...more });
    on.dispatchEvent(event);
    return event;
  };
  const slider = (name: string) => find<HTMLInputElement>(`input[aria-label="${name}"]`);
  /** Moves a slider; `last` where it is let go there. */
  const move = (name: string, value: number, last = true) => {
    slider(name).value = String(value);
    slider(name).dispatchEvent(new Event("input", { bubbles: true }));
    if (last) slider(name).dispatchEvent(new Event("change"));
  };
  /** When the view says that its pictures are there. */
  const ready = () => vi.waitFor(() => expect(root.dataset.ready).toBe("1"));
  return { el, end, root, find, all, button, key, slider, move, ready };
}

/** A host with a signal ends a view by it alone: nothing is left on the page, and nothing listens. */
export async function endBySignal<T extends object>(
  view: View<T>,
  model: AnyModel<T>,
  listeners: () => number,
) {
  const el = document.body.appendChild(document.createElement("div"));
  const host = new AbortController();
  view.render({ model, el, signal: host.signal });
  await drawn();
  expect(listeners()).toBeGreaterThan(10);
  host.abort();
  expect([listeners(), el.children.length]).toEqual([0, 0]);
}

/** Stops a run and resumes it: the kernel hears of both, and in between the view says what is kept. */
export async function stopAndResume(
  fake: { receive(values: { state: "stopped" }): void; sent: unknown[] },
  { find, button }: Pick<ReturnType<typeof mount>, "find" | "button">,
  does: string,
  kept: string,
) {
  expect(text(find(".cfw-status"))).toBe(`running: ${does}`);
  button("Stop").click();
  fake.receive({ state: "stopped" });
  await drawn();
  expect(text(find(".cfw-status"))).toBe(`stopped: ${kept}, Resume continues`);
  button("Resume").click();
  expect(fake.sent).toEqual([{ kind: "stop" }, { kind: "resume" }]);
}
