import type { Look } from "./look";
import type { SurveyFrame } from "./traits";

const LINE = 15;
/** Names up to this length stand with the arrow on one line. */
const SHORT = 3;
const [NARROW, WIDE] = [56, 84];

/** What stands below each picture: its true and its predicted class, and the second model's where that differs. */
export function createCaptions({ palette, root }: SurveyFrame, look: Look) {
  const cut = new Map<string, string>();
  const wide = new Map<string, number>();
  let [short, lines] = [true, 1];
  let font = "";
  let room = 0;
  let colours = { right: "", wrong: "", plain: "", good: "" };

  /** A name in as much of the room as there is. */
  const fitted = (context: CanvasRenderingContext2D, text: string, before = 0) => {
    const key = `${before}:${text}`;
    const known = cut.get(key);
    if (known !== undefined) return known;
    let fits = text;
    if (context.measureText(text).width > room - before) {
      while (fits.length > 1 && context.measureText(`${fits}…`).width > room - before)
        fits = fits.slice(0, -1);
      fits = `${fits.trimEnd()}…`;
    }
    cut.set(key, fits);
    return fits;
  };
  const widthOf = (context: CanvasRenderingContext2D, text: string) => {
    const known = wide.get(text) ?? context.measureText(text).width;
    wide.set(text, known);
    return known;
  };
  const write = (
    context: CanvasRenderingContext2D,
    parts: readonly (readonly [string, string])[],
    x: number,
    y: number,
  ) => {
    const widths = parts.map(([text]) => widthOf(context, text));
    let left = x - widths.reduce((sum, width) => sum + width, 0) / 2;
    parts.forEach(([text, colour], i) => {
      context.fillStyle = colour;
      context.fillText(text, left, y);
      left += widths[i]!;
    });
  };
  return {
    get width() {
      return short ? NARROW : WIDE;
    },
    get height() {
      return 4 + lines * LINE;
    },
    /** Names or the theme may have changed: colours and font are read when it is next drawn, and on the page. */
    forget() {
      cut.clear();
      wide.clear();
      const { labels, second } = look.frame.traits;
      short = labels.every((label) => label.length <= SHORT);
      lines = (short ? 1 : 2) + (second === "" ? 0 : 1);
      font = "";
    },
    begin(context: CanvasRenderingContext2D, width: number) {
      if (width !== room) cut.clear();
      room = width;
      if (font === "") {
        font = `11px ${getComputedStyle(root).fontFamily || "sans-serif"}`;
        colours = {
          right: palette.value("--c-muted"),
          wrong: palette.value("--c-orange"),
          plain: palette.value("--c-ink"),
          good: palette.value("--c-blue"),
        };
      }
      context.font = font;
      context.textBaseline = "top";
    },
    draw(context: CanvasRenderingContext2D, picture: number, x: number, y: number) {
      const { table } = look;
      if (!table) return;
      const [truth, prediction] = [table.truth[picture]!, table.prediction[picture]!];
      const wrong = table.isWrong(picture);
      const name = (index: number, before = 0) => fitted(context, look.name(index), before);
      if (!wrong) write(context, [[name(prediction), colours.right]], x, y);
      else if (short)
        write(
          context,
          [
            [`${name(truth)} `, colours.plain],
            [`→ ${name(prediction)}`, colours.wrong],
          ],
          x,
          y,
        );
      else {
        write(context, [[name(truth), colours.plain]], x, y);
        write(context, [[`→ ${name(prediction, 14)}`, colours.wrong]], x, y + LINE);
      }
      const change = table.change(picture);
      if (change === "") return;
      const colour = change === "fixed" ? colours.good : change === "broken" ? colours.wrong : colours.plain;
      write(context, [[`⇢ ${name(table.second![picture]!, 14)}`, colour]], x, y + (lines - 1) * LINE);
    },
  };
}
