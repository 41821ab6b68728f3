import { h, setAttribute, setText } from "../shared/dom";
import { createFaces } from "./faces";
import type { Fill } from "./figure";
import { createLegend } from "./legend";
import type { Look } from "./look";
import type { Row } from "./rows";
import { colourOf, type Scale } from "./scale";
import type { Scores } from "./scores";
import { createSegments } from "./segments";
import type { FaceXFrame, Quantity } from "./traits";
import * as words from "./words";

const QUANTITIES: readonly Quantity[] = ["attention", "effect"];
/** The scale of models that do not differ: zero is in its middle. */
const EVEN: Scale = { low: -1, high: 1 };

/** The drawn face, coloured by the scores; of two models both, and their difference. */
export function createDrawn(frame: FaceXFrame, scores: Scores, look: Look) {
  const { scope, root, traits, palette } = frame;
  const faces = createFaces(scope, look);
  const heat = createLegend("heat", words.score);
  const signed = createLegend("signed", words.signed);
  const nowhere = h("span");
  const none = h("span.legend-none.muted", h("i", { "aria-hidden": "true" }), nowhere);
  const groups = createSegments(
    scope,
    "Faces",
    (name) => `only the faces of this group: ${name}`,
    (group) => frame.save({ group }),
  );
  const quantities = createSegments(
    scope,
    "Colours",
    (name) => `colour the regions by ${name}`,
    (place) => frame.save({ quantity: QUANTITIES[place]! }),
  );
  const hint = h("p.hint.muted");

  const fills = (value: (row: Row) => number | null, scale: Scale | null, token: string): Fill[] => {
    const stops = palette.stops(token);
    return (traits.prototype?.regions ?? []).map(({ name }) => {
      const row = scores.row(name);
      if (!row || !scores.heat) return "blank";
      return colourOf(value(row), scale ?? EVEN, stops) ?? "hatched";
    });
  };
  const drawFaces = () => {
    const { models, two } = scores;
    // A second model waits for the first.
    const waiting = two && !scores.evaluated(1);
    const later = { fills: [], later: words.UNEVALUATED };
    const states = models.map((name, model) => ({
      name: two ? name : "",
      ...(waiting && model > 0
        ? later
        : { fills: fills((row) => row.by[model]?.ior ?? null, scores.heat, "--c-heat"), later: "" }),
    }));
    if (two)
      states.push({
        name: words.DIFFERENCE,
        ...(waiting
          ? later
          : { fills: fills((row) => row.difference, scores.difference, "--c-signed"), later: "" }),
      });
    faces.draw(traits.prototype);
    faces.update(states, (region) => scores.describe(region), look.pinned);
  };
  const drawWords = () => {
    const { rows, two } = scores;
    root.classList.toggle("cfw-compare", two);
    signed.element.hidden = !two;
    setText(nowhere, words.NOWHERE[scores.quantity]);
    none.hidden =
      !scores.heat ||
      !rows.some((row) => row.by.some((region, model) => region?.ior === null && scores.evaluated(model)));
    groups.update(scores.groups, traits.group);
    quantities.update(scores.choice ? QUANTITIES : [], QUANTITIES.indexOf(scores.quantity));
    const now = scores.heat ? words.HINT : words.noScores(traits.state, traits.group > 0);
    setText(hint, traits.prototype ? now : "");
  };
  return {
    element: h(
      "div.drawn",
      frame.placeholder,
      faces.element,
      h("div.legends", quantities.element, heat.element, signed.element, none),
      groups.element,
      hint,
    ),
    controls: [quantities.element, groups.element],
    focus: faces.focus,
    draw() {
      drawFaces();
      drawWords();
      root.dataset.pinned = look.pinned;
      setAttribute(root, "data-ready", traits.prototype !== null && "1");
    },
    paint() {
      const row = scores.row(look.shown);
      faces.paint();
      heat.update(scores.heat, scores.two ? null : (row?.by[0]?.ior ?? null), words.UNITS[scores.quantity]);
      signed.update(scores.difference, row?.difference ?? null, words.DIFFERENCE);
    },
  };
}
