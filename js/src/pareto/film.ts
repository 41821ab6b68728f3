import { createButton } from "../shared/button";
import { h, setText } from "../shared/dom";
import { createStrip } from "../shared/strip";
import type { Front } from "./front";
import type { Pictures } from "./pictures";
import { createTile } from "./strip";
import type { ParetoFrame } from "./traits";
import * as words from "./words";

/** The strip of counterfactuals, and above it what it shows. */
export function createFilm(
  frame: ParetoFrame,
  front: Front,
  pictures: Pictures,
  choose: (place: number, since: number, aloud?: boolean) => void,
) {
  const { scope, traits, notes } = frame;
  const strip = createStrip(scope, "Counterfactuals", createTile, (place, { timeStamp }) =>
    choose(place, timeStamp, false),
  );
  const about = h("span.muted.number");
  const key = h("span.muted.film-key");
  const all = createButton(scope, "clear what is brushed in the charts", () => front.showAll(), "show all");
  const go = (place: number) => choose(place, performance.now());
  const simplest = createButton(scope, words.SIMPLEST, () => go(-1), words.PICKS.simplest);
  const toBest = () => go(traits.simplest < 0 ? -1 : traits.crossing);
  const best = createButton(scope, words.BEST_PICK, toBest, words.PICKS.best);
  const empty = h("p.muted.film-empty");
  const heading = h("span.heading", "The front");
  const head = h("div.film-head", heading, about, key, all, simplest, best);

  const drawTiles = () => {
    const { members, brushed } = front;
    const places = front.places.filter((place) => !brushed?.length || brushed.includes(place));
    strip.update(
      places.map((place) => ({
        ...{ place, bitmap: pictures.tiles.at(place), p: members[place]!.p, flips: members[place]!.flips },
        pick: words.PICKS[front.pick(place)],
        label: front.describe(place),
        size: [traits.size[1], traits.size[0]],
      })),
    );
  };
  const drawWords = () => {
    const { found, members, brushed } = front;
    const some = found.length > 0;
    const early = traits.state === "running" || traits.state === "empty";
    setText(empty, pictures.unread || (some ? "" : early ? words.NOTHING_YET : words.NONE_FOUND));
    empty.hidden = empty.textContent === "";
    strip.element.classList.toggle("cfw-film-waiting", !some);
    setText(
      about,
      some
        ? words.stripWords(brushed?.length ?? 0, (brushed ? members : found).length, brushed !== null)
        : "",
    );
    setText(key, some ? words.KEY : "");
    all.hidden = brushed === null;
    simplest.hidden = traits.simplest < 0;
    best.hidden = traits.crossing < 0;
  };
  return {
    element: h("div.film-box", head, notes, strip.element, empty),
    mark: strip.mark,
    reveal: strip.reveal,
    draw() {
      drawTiles();
      drawWords();
    },
  };
}
