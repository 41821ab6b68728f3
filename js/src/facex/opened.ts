import { createButton } from "../shared/button";
import { h, setAttribute, setText, uniqueId } from "../shared/dom";
import { fitStage, WIDEST } from "../shared/fit";
import { probability } from "../shared/format";
import type { Scope } from "../shared/scope";
import { type Closeup, paintCloseup } from "./closeup";
import { createSegments } from "./segments";

export interface OpenedState {
  /** The file. */
  name: string;
  /** Null until it is here. */
  closeup: Closeup | null;
  /** Of the region that the patch was cut from. */
  region: string;
  /** Whose map is laid over it; one of two, or none to choose from. */
  models: readonly string[];
  by: number;
  /** In the place of the picture, or below it. */
  words: string;
  failed: boolean;
}

/** The face that a patch came from, in the place of the drawn one. */
export function createOpened(scope: Scope, looked: (by: number) => void, close: () => void) {
  let attention = true;
  let now: OpenedState | null = null;
  const nameId = uniqueId();
  const name = h("span.cfw-opened-name.cfw-ellipsis", { id: nameId });
  const toggle = createButton(
    scope,
    "dim what the model does not look at",
    () => {
      attention = !attention;
      if (now) update(now);
    },
    "attention",
  );
  const closing = createButton(scope, "back to the drawn face (Escape)", close, "Close");
  const models = createSegments(scope, "Whose attention", (name) => `where ${name} looks`, looked);
  const canvas = h("canvas.cfw-opened-canvas", { role: "img" });
  const placeholder = h("div.cfw-opened-placeholder");
  const frame = h("div.cfw-opened-frame", canvas, placeholder);
  const about = h("p.cfw-muted.cfw-opened-about");
  const heading = h("div.cfw-heading.cfw-opened-heading");
  const answers = h("ul.cfw-opened-answers");
  const wrong = h("p.cfw-muted");
  const element = h(
    "div.cfw-opened",
    { role: "group", "aria-labelledby": nameId },
    h("div.cfw-opened-head", name, toggle, closing),
    models.element,
    h("div.cfw-opened-body", frame, h("div.cfw-opened-side", about, heading, answers, wrong)),
  );
  let answered: unknown = null;

  const draw = () => {
    if (!now) return;
    const { closeup } = now;
    setAttribute(toggle, "aria-pressed", String(attention && !!closeup?.map));
    setAttribute(toggle, "aria-disabled", !closeup?.map && "true");
    setText(placeholder, closeup ? "" : now.words);
    placeholder.hidden = !!closeup;
    setAttribute(placeholder, "role", now.failed && "alert");
    const { width = 1, height = 1 } = closeup?.picture ?? {};
    const [wide, high] = fitStage(width, height, element.clientWidth || WIDEST);
    frame.style.width = `${wide}px`;
    frame.style.height = `${high}px`;
    canvas.hidden = !closeup;
    if (!closeup) return;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(wide * ratio);
    canvas.height = Math.round(high * ratio);
    paintCloseup(canvas, closeup, { attention, ratio });
  };

  const update = (next: OpenedState) => {
    now = next;
    const { closeup } = next;
    setText(name, next.name);
    setAttribute(name, "title", next.name);
    models.update(next.models.length > 1 ? next.models : [], next.by);
    const keys = [
      closeup?.map && attention && "bright: where it looks",
      `solid: ${next.region}`,
      "dashed: the patch",
    ];
    const shown = closeup?.face.box[2] ? keys : keys.slice(0, 2);
    setText(about, closeup ? shown.filter(Boolean).join(" · ") : "");
    setText(heading, next.models.length > 1 ? `${next.models[next.by]} answers` : "The model’s answer");
    setAttribute(canvas, "aria-label", `${next.name} with the outline of ${next.region} and the patch`);
    setText(wrong, closeup ? closeup.wrong || next.words : "");
    if (answered !== (closeup?.face ?? null)) {
      answered = closeup?.face ?? null;
      answers.replaceChildren(
        ...(closeup?.face.answer ?? []).slice(0, 5).map(([label, p]) => {
          const text = h("span.cfw-ellipsis", { title: label }, label);
          return h("li", text, h("span.cfw-number", probability(p)));
        }),
      );
    }
    element.classList.toggle("cfw-unanswered", !closeup?.face.answer.length);
    draw();
  };

  return {
    element,
    update,
    /** Draws it anew: the theme, the room or the screen has changed. */
    draw,
    focus() {
      // In a narrow notebook it stands above what was clicked.
      element.scrollIntoView?.({ block: "nearest" });
      closing.focus({ preventScroll: true });
    },
  };
}
