/**
 * The script of a notebook as a page: brings back the widgets that the notebook was saved with, each in the output that
 * showed it. It fetches nothing.
 */
import type { WidgetModel, WidgetView } from "@jupyter-widgets/base";
import * as controls from "@jupyter-widgets/controls";
import { MessageLoop } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import { createBreath, pause } from "./breath";
import { tellFault } from "./fault";
import { PageManager } from "./manager";
import * as output from "./output";
import { readPage } from "./state";
import { followScheme } from "./theme";

class NotebookManager extends PageManager {
  /** All of a disabled control says why it is, where ipywidgets' own has the text at its label alone. */
  override async create_view<V extends WidgetView>(model: WidgetModel, options?: unknown): Promise<V> {
    const view = await super.create_view<V>(model, options);
    if (model.get("disabled")) view.el.title ||= model.get("tooltip") ?? "";
    return view;
  }
}

/** Shows a view in its place; where that fails, what the notebook has beside the view is seen instead. */
async function show(manager: PageManager, place: HTMLElement): Promise<void> {
  try {
    const { luminoWidget } = await manager.show(place.dataset.widget!, place);
    // Charts are as wide as the page.
    addEventListener("resize", () => MessageLoop.postMessage(luminoWidget, Widget.ResizeMessage.UnknownSize));
  } catch (error) {
    delete place.dataset.widget;
    place.textContent = `This view cannot be shown: ${String(error)}`;
    reportError(error);
  }
}

async function open(): Promise<void> {
  const breath = createBreath();
  await pause();
  const page = readPage();
  const manager = new NotebookManager(page, new Map(), breath, {
    "@jupyter-widgets/controls": { ...controls },
    "@jupyter-widgets/output": { ...output },
  });
  // For the console, and for tests.
  Object.assign(globalThis, { cfwidgetsManager: manager });
  await manager.set_state(page.state);
  for (const place of document.querySelectorAll<HTMLElement>("[data-widget]")) await show(manager, place);
  document.documentElement.dataset.opened = "1";
}

document.body.dataset.baseUrl = "/"; // bqplot's scales look for it when they load
if (document.getElementById("page-dark")) followScheme();
open().catch(tellFault);
