import { h, setAttribute, setText } from "../shared/dom";
import type { Picture } from "../shared/picture";
import { createSlider } from "../shared/slider";
import { createStrip } from "../shared/strip";
import type { Look } from "./look";
import { createPlate } from "./plate";
import type { LevelMap } from "./relief";
import type { RelevanceFrame } from "./traits";

/** A map of a row of them. */
export interface Step {
  map: LevelMap | null;
  name: string;
  /** The name beneath the small map. */
  short: string;
  /** Beneath the map: a measure, a sentence, a reason why there is none. */
  says: string;
}

export interface Scrub {
  heading(): string;
  steps(): readonly Step[];
  /** Why there are none, in words; empty where there is nothing to say. */
  instead(): string;
  at(): number;
  move(at: number, since: number): void;
}

const ROOM = 240;

/** Maps one after the other: a slider, small pictures, the one that is shown. All in the browser. */
export function createScrub(
  frame: RelevanceFrame,
  look: Look,
  picture: Picture,
  name: string,
  { heading, steps, instead, at, move }: Scrub,
) {
  const { scope } = frame;
  const title = h("div.heading.ellipsis");
  const plate = createPlate(frame, look, name);
  const says = h("p.verdict");
  const slider = createSlider(
    scope,
    name,
    `go through: ${name}`,
    (place) => move(place, performance.now()),
    () => frame.say(shown()?.says ?? ""),
  );
  const strip = createStrip<Step>(
    scope,
    name,
    () => {
      const small = createPlate(frame, look, "");
      small.element.classList.add("cfw-film-picture");
      const caption = h("span.thumb-name.ellipsis");
      const option = h("div.film-tile", { role: "option", tabindex: -1 }, small.element, caption);
      const tile = {
        option,
        place: tiles,
        update(step: Step) {
          setText(caption, step.short);
          setAttribute(option, "title", step.name);
          setAttribute(option, "aria-label", step.name);
          small.resize(64);
          small.paint({ picture: null, map: step.map, plain: true });
        },
      };
      tiles += 1;
      return tile;
    },
    (place, { timeStamp }) => move(place, timeStamp),
  );
  let tiles = 0;
  const resize = () => plate.resize(Math.min(ROOM, element.clientWidth || ROOM));
  const shown = () => steps()[Math.min(at(), steps().length - 1)];
  const maps = [plate.element, slider.element, strip.element];
  const element = h("section.scrub", title, says, ...maps);
  element.hidden = true;
  return {
    element,
    resize() {
      resize();
      strip.reveal();
    },
    paint() {
      const all = steps();
      const absent = all.length < 2 ? instead() : "";
      const appears = element.hidden || plate.element.hidden;
      element.hidden = all.length < 2 && absent === "";
      if (element.hidden) return;
      setText(title, heading());
      for (const part of maps) part.hidden = absent !== "";
      if (absent) {
        setText(says, absent);
        return;
      }
      if (appears) resize();
      tiles = Math.min(tiles, all.length);
      const place = Math.min(at(), all.length - 1);
      const now = all[place]!;
      plate.paint({ picture: look.mode === "overlay" ? picture.bitmap : null, map: now.map });
      slider.update(place, all.length - 1, `${place + 1} of ${all.length}`, false);
      strip.update(all);
      strip.mark(place);
      setText(says, `${now.name}${now.says && `: ${now.says}`}`);
      setAttribute(element, "data-at", place);
    },
  };
}
