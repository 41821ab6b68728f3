import { h, setText } from "../shared/dom";

/** The question of the head line, in the words that fit what the model made of the image. */
export function createQuestion(picker: HTMLElement) {
  const wrong = h("span.cfw-wrong.cfw-asked-class");
  const texts = [h("span"), h("span"), h("span")] as const;
  const element = h("span.cfw-asked");
  let order = "";
  const set = (name: string, nodes: HTMLElement[], words: readonly [string, string, string]) => {
    // Only where the order changes: moving the picker would close it.
    if (order !== name) element.replaceChildren(...nodes);
    order = name;
    texts.forEach((text, i) => {
      setText(text, words[i]!);
    });
  };
  return {
    element,
    update(now: { predicted: number; wrong: number; correct: number; name(index: number): string }) {
      const [before, between, after] = texts;
      setText(wrong, now.name(now.wrong));
      wrong.title = now.name(now.wrong);
      if (now.predicted >= 0 && now.predicted === now.correct)
        set(
          "right",
          [before, picker, between, wrong, after],
          ["It is read as ", ". What would make it ", "?"],
        );
      else if (now.predicted >= 0 && now.predicted !== now.wrong)
        set(
          "wrong",
          [before, wrong, between, picker, after],
          ["Between ", " and ", ` (read as ${now.name(now.predicted)})`],
        );
      else set("wrong", [before, wrong, between, picker, after], ["Why ", " and not ", "?"]);
    },
  };
}
