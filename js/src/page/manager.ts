import * as base from "@jupyter-widgets/base";
import { ManagerBase } from "@jupyter-widgets/base-manager";
import * as boxes from "@jupyter-widgets/controls/lib/widget_box";
import * as links from "@jupyter-widgets/controls/lib/widget_link";
import { LabelModel, LabelStyleModel, LabelView } from "@jupyter-widgets/controls/lib/widget_string";
import { Widget } from "@lumino/widgets";
import { answered } from "./answers";
import { pause } from "./breath";
import { PageComm } from "./comm";
import type { Networks } from "./network";
import { bytesOf, type Page } from "./state";

type Classes = Record<string, unknown>;
/** Packages of widgets that travel with the page as they were installed, so that they fit its state. */
type Foreign = (jupyterBase: typeof base) => Classes;
declare global {
  var cfwidgetsForeign: Record<string, Foreign> | undefined;
}

export class PageManager extends ManagerBase {
  readonly #modules: Map<string, Classes | Promise<Classes>>;

  /** `more`: what besides the widgets of explorers is known, by the names of modules. */
  constructor(
    readonly page: Page,
    readonly networks: Networks,
    readonly breath: () => Promise<void>,
    more: Readonly<Record<string, Classes>> = {},
  ) {
    super();
    this.#modules = new Map([
      ["@jupyter-widgets/base", { ...base }],
      // What explorers use: cfwidgets/export/state.py refuses the rest.
      ["@jupyter-widgets/controls", { ...boxes, ...links, LabelModel, LabelStyleModel, LabelView }],
      ...Object.entries(more),
    ]);
  }

  protected override async loadClass(name: string, module: string): Promise<never> {
    const classes = this.#modules.get(module) ?? this.#begin(module);
    this.#modules.set(module, classes);
    const found = (await classes)[name];
    if (!found) throw new Error(`there is no ${name} of ${module} in this page`);
    return found as never;
  }

  async #begin(module: string): Promise<Classes> {
    await globalThis.cfwidgetsRun.get(`page-front-${module}`);
    const make = globalThis.cfwidgetsForeign?.[module];
    if (!make) throw new Error(`there is no ${module} in this page`);
    await pause(); // it takes a while to begin
    const classes = make(base);
    await pause();
    return classes;
  }

  /** What is to be done when a model is first seen. */
  readonly #seen = new Map<string, () => void>();

  /** Hears what views say that is no trait. */
  told: (content: Record<string, unknown>) => void = () => {};

  /** A view that the page answers is told so as by a kernel. */
  override async new_model(options: base.IModelOptions, state?: unknown): Promise<base.WidgetModel> {
    if (!options.model_id || !this.page.state.state[options.model_id]?.state.page_answers)
      return super.new_model(options, state);
    let answer: ((names: readonly string[]) => void) | undefined;
    const comm = new PageComm(
      options.model_id,
      (saved) => answer?.(Object.keys(saved)),
      (content) => this.told(content),
    );
    const model = await super.new_model({ ...options, comm }, state);
    const travelled = this.page.travelled[options.model_id];
    if (!travelled) return model;
    const network = this.networks.get(travelled.network)!;
    const asking = {
      get: (name: string) => model.get(name),
      set: (now: Record<string, unknown>) => comm.answer(now),
      draw: async (id: string, now: Record<string, unknown>) => (await this.get_model(id)).set(now),
      follow: (name: string, changed: () => void) => model.on(`change:${name}`, changed),
      seen: (then: () => void) => this.#seen.set(model.model_id, then),
    };
    answer = answered(travelled, asking, network);
    return model;
  }

  /** Models and views are made a few at a time, that the page is not blocked. */
  override async _make_model(
    options: base.IModelOptions & { model_id: string },
    state?: Record<string, unknown>,
  ): Promise<base.WidgetModel> {
    await this.breath();
    const buffers = this.page.buffers[options.model_id] ?? [];
    base.put_buffers(
      state as never,
      buffers.map(({ path }) => path),
      buffers.map(({ data }) => new DataView(bytesOf(data).buffer)),
    );
    return super._make_model(options, state as never);
  }

  override async create_view<V extends base.WidgetView>(
    model: base.WidgetModel,
    options?: unknown,
  ): Promise<V> {
    await this.breath();
    const view = await super.create_view<V>(model, options);
    this.#seen.get(model.model_id)?.();
    this.#seen.delete(model.model_id);
    await this.breath();
    return view;
  }

  async show(id: string, place: HTMLElement): Promise<base.DOMWidgetView> {
    const view = await this.create_view<base.DOMWidgetView>(await this.get_model(id));
    place.replaceChildren();
    Widget.attach(view.luminoWidget, place);
    return view;
  }

  protected override async _get_comm_info() {
    return {};
  }

  protected override async _create_comm(): Promise<never> {
    throw new Error("a page has no kernel");
  }
}

export const createManager = (page: Page, networks: Networks, breath: () => Promise<void>) =>
  new PageManager(page, networks, breath);
