/** ipywidgets' Output, which holds what cells hold: its front end is a part of hosts, and so of this page. */
import { DOMWidgetModel, DOMWidgetView, type WidgetView } from "@jupyter-widgets/base";
import { Widget } from "@lumino/widgets";

const VIEW = "application/vnd.jupyter.widget-view+json";
/** What terminals take for colours. */
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, "g");

interface Output {
  output_type: "stream" | "error" | "display_data" | "execute_result";
  text?: string | string[];
  traceback?: string[];
  data?: Record<string, unknown>;
}

export class OutputModel extends DOMWidgetModel {
  override defaults() {
    const module = "@jupyter-widgets/output";
    return {
      ...super.defaults(),
      ...{
        _model_name: "OutputModel",
        _model_module: module,
        _view_name: "OutputView",
        _view_module: module,
      },
      outputs: [],
    };
  }
}

const joined = (text: unknown) => (Array.isArray(text) ? text.join("") : String(text));

function element(name: string, kind: string): HTMLElement {
  const made = document.createElement(name);
  made.className = kind;
  return made;
}

function plain(text: unknown): HTMLElement {
  const made = element("div", "jp-RenderedText jp-OutputArea-output");
  const pre = made.appendChild(document.createElement("pre"));
  pre.textContent = joined(text).replace(COLOURS, "");
  return made;
}

function picture(kind: string, data: unknown): HTMLElement {
  const made = element("div", "jp-RenderedImage jp-OutputArea-output");
  const image = made.appendChild(document.createElement("img"));
  image.alt = "";
  image.src = kind.endsWith("svg+xml")
    ? `data:${kind},${encodeURIComponent(joined(data))}`
    : `data:${kind};base64,${joined(data)}`;
  return made;
}

/** The author's own HTML, as it stands in the outputs of cells; scripts in it do not run. */
function marked(html: unknown): HTMLElement {
  const made = element("div", "jp-RenderedHTMLCommon jp-RenderedHTML jp-OutputArea-output");
  made.innerHTML = joined(html);
  return made;
}

export class OutputView extends DOMWidgetView {
  override render(): void {
    super.render();
    this.el.classList.add("jupyter-widgets", "jp-OutputArea");
    this.listenTo(this.model, "change:outputs", this.draw);
    void this.draw();
  }

  async draw(): Promise<void> {
    const views: [WidgetView, HTMLElement][] = [];
    const children = (this.model.get("outputs") as Output[]).map(async (output) => {
      const child = element("div", "jp-OutputArea-child");
      const id = (output.data?.[VIEW] as { model_id: string } | undefined)?.model_id;
      if (id && this.model.widget_manager.has_model(id)) {
        const view = await this.create_child_view(await this.model.widget_manager.get_model(id));
        views.push([view, child]);
      } else child.append(this.drawn(output));
      return child;
    });
    this.el.replaceChildren(...(await Promise.all(children)));
    await this.displayed; // only what stands in the page can be attached
    for (const [view, child] of views) Widget.attach((view as DOMWidgetView).luminoWidget, child);
  }

  /** What is no view. */
  drawn({ text, traceback, data = {} }: Output): HTMLElement {
    if (traceback) return plain(traceback.join("\n"));
    if (text !== undefined) return plain(text);
    if (data["text/html"]) return marked(data["text/html"]);
    const image = ["image/svg+xml", "image/png", "image/jpeg"].find((kind) => data[kind]);
    return image ? picture(image, data[image]) : plain(data["text/plain"] ?? "");
  }
}
