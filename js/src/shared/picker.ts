import { h, setAttribute, setName, UNHEARD, uniqueId } from "./dom";
import { createPopover } from "./popover";
import type { Scope } from "./scope";
import { findClasses } from "./search";

export interface Choice {
  index: number;
  /** A number beside the name, such as its probability. */
  note: string;
}

export interface PickerOptions {
  labels(): readonly string[];
  name(index: number): string;
  /** What to offer while nothing is typed. */
  suggestions(): Choice[];
  chosen(index: number): void;
  /** What choosing does. */
  title?: string;
}

/** A class name that is itself the control to change the class: a button that opens a small search field. */
export function createPicker(scope: Scope, options: PickerOptions) {
  const listId = uniqueId();
  const label = h("span.picker-name");
  const button = h(
    "button.picker-button",
    {
      "aria-haspopup": "listbox",
      "data-asks": "target",
      title: options.title ?? "explain another class",
    },
    label,
    h("span.picker-caret", UNHEARD, "▾"),
  );
  const input = h("input.picker-input", {
    type: "text",
    role: "combobox",
    "aria-label": "Class to explain",
    "aria-autocomplete": "list",
    "aria-controls": listId,
    "aria-expanded": "true",
    placeholder: "find a class",
    autocomplete: "off",
    spellcheck: "false",
  });
  const list = h("ul.list.picker-list", { id: listId, role: "listbox", "aria-label": "Classes" });
  const none = h("p.picker-none", "no class of this name");
  const panel = h("div.popover.picker-panel", input, list, none);
  const element = h("span.picker", button, panel);

  let matches: Choice[] = [];
  let active = 0;
  const close = createPopover(scope, element, button, panel, () => {
    input.value = "";
    search();
    input.focus();
  });

  const choose = (choice: Choice | undefined) => {
    if (!choice) return;
    close();
    options.chosen(choice.index);
  };
  const mark = () => {
    [...list.children].forEach((item, i) => {
      setAttribute(item, "aria-selected", String(i === active));
    });
    setAttribute(input, "aria-activedescendant", list.children[active]?.id ?? false);
  };
  const search = () => {
    const suggested = options.suggestions();
    matches =
      input.value.trim() === ""
        ? suggested
        : findClasses(options.labels(), input.value).map(
            (index) => suggested.find((choice) => choice.index === index) ?? { index, note: "" },
          );
    active = 0;
    list.replaceChildren(
      ...matches.map((choice, i) => {
        const item = h(
          "li.picker-option",
          { id: `${listId}-${i}`, role: "option" },
          h("span.ellipsis", options.name(choice.index)),
          h("span.number.muted", choice.note),
        );
        // Not on click: the field would lose the focus first, and the list with it.
        item.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          choose(choice);
        });
        return item;
      }),
    );
    none.hidden = matches.length > 0;
    mark();
  };

  scope.on(input, "input", search);
  scope.on(input, "keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      active = (active + step + matches.length) % Math.max(1, matches.length);
      mark();
      event.preventDefault();
    } else if (event.key === "Enter") {
      choose(matches[active]);
      event.preventDefault();
    }
  });

  return {
    element,
    update(name: string) {
      setName(label, name);
    },
  };
}
