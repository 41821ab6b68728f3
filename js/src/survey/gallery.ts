import { setSize, sizeCanvas } from "../shared/canvas";
import { h, setAttribute, setText, uniqueId } from "../shared/dom";
import { SMALL } from "../shared/fit";
import { count } from "../shared/format";
import { isCommand } from "../shared/keys";
import { withNextFrame } from "../shared/redraw";
import { Atlas } from "./atlas";
import { createCaptions } from "./captions";
import type { Look } from "./look";
import { Sheets } from "./sheets";
import type { SurveyFrame } from "./traits";
import { pictureName } from "./words";

/** Sides of a picture on the page, and the room around it, in CSS pixels. */
const [PICTURE, SMALLER] = [64, 48];
const GAP = 8;
/** Heights of a page that are painted above and below what is in sight: scrolling shows them without a painting. */
const AHEAD = 0.75;
/** The kernel is asked again for what did not come after this time, in ms. */
const PATIENCE = 2000;
const MOST_ASKED = 256;

/** All pictures, on one canvas as high as a few pages, which is painted where one scrolls to. */
export function createGallery(frame: SurveyFrame, look: Look) {
  const { scope, traits } = frame;
  const atlas = new Atlas();
  const sheets = new Sheets(atlas, () => repaint(true));
  scope.defer(() => sheets.end());
  const canvas = h("canvas.sheet", { "aria-hidden": "true" });
  const cursor = h("div.cursor", { id: uniqueId(), role: "option" });
  const opened = h("div.opened", { "aria-hidden": "true" });
  const space = h("div.space", canvas, opened, cursor);
  const element = h(
    "div.scroller",
    { tabindex: 0, role: "listbox", "aria-label": "Pictures: arrow keys walk, Enter opens" },
    space,
  );
  const captions = createCaptions(frame, look);

  /** The place in the list that the keys have gone to. */
  let at = 0;
  let followed: Uint32Array | null = null;
  let filters: unknown;
  let revealed = -1;
  let painted = { from: -1, to: -1 };
  let stale = true;
  let hidden = false;
  let asked = { since: Number.NEGATIVE_INFINITY, first: -1 };
  let timer: ReturnType<typeof setTimeout> | undefined;
  scope.defer(() => clearTimeout(timer));

  const side = () => (traits.side < PICTURE && !traits.exact ? SMALLER : PICTURE);
  const cell = () => {
    const room = Math.max(1, element.clientWidth);
    const wide = Math.max(side(), captions.width) + GAP;
    const columns = Math.max(1, Math.floor(room / wide));
    return { columns, width: room / columns, height: side() + captions.height + GAP };
  };
  const rows = () => Math.ceil(look.shown.length / cell().columns);
  const boxOf = (place: number) => {
    const { columns, width, height } = cell();
    return { x: (place % columns) * width, y: Math.floor(place / columns) * height, width, height };
  };
  const placeAt = (event: PointerEvent | MouseEvent) => {
    const { columns, width, height } = cell();
    const { left, top } = space.getBoundingClientRect();
    const [column, row] = [
      Math.floor((event.clientX - left) / width),
      Math.floor((event.clientY - top) / height),
    ];
    const place = row * columns + column;
    return column >= 0 && column < columns && place >= 0 && place < look.shown.length ? place : -1;
  };
  const repaint = (again = false) => {
    stale ||= again;
    frame.repaint();
  };

  const reveal = (place: number) => {
    const { y, height } = boxOf(place);
    const [top, room] = [element.scrollTop, element.clientHeight];
    if (y < top) element.scrollTop = y;
    else if (y + height > top + room) element.scrollTop = y + height - room;
  };
  const go = (place: number, since: number) => {
    const last = look.shown.length - 1;
    if (last < 0) return;
    at = Math.min(last, Math.max(0, place));
    frame.clock(since);
    reveal(at);
    repaint();
  };
  const open = (place: number, since: number) => {
    const chosen = look.shown[place];
    if (chosen === undefined) return;
    at = place;
    frame.clock(since);
    frame.save({ chosen });
    frame.say(`opened picture ${chosen}`);
  };
  scope.on(element, "keydown", (event) => {
    if (isCommand(event)) return;
    const { columns, height } = cell();
    const page = columns * Math.max(1, Math.floor(element.clientHeight / height));
    const steps: Readonly<Record<string, number>> = {
      ...{ ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - columns, ArrowDown: at + columns },
      ...{ PageUp: at - page, PageDown: at + page, Home: 0, End: look.shown.length - 1 },
    };
    const place = steps[event.key];
    if (place !== undefined)
      go(place < 0 || place >= look.shown.length ? clamped(place, columns) : place, event.timeStamp);
    else if (event.key === "Enter" || event.key === " ") open(at, event.timeStamp);
    else return;
    event.preventDefault();
  });
  /** Beyond the ends: the same column of the first or last row. */
  const clamped = (place: number, columns: number) => {
    const last = look.shown.length - 1;
    if (place < 0) return ((place % columns) + columns) % columns;
    const bottom = Math.floor(last / columns) * columns + (place % columns);
    return Math.min(last, bottom);
  };
  scope.on(element, "click", (event) => {
    const place = placeAt(event);
    if (place >= 0) open(place, event.timeStamp);
  });
  scope.on(element, "scroll", () => repaint());
  let under = -1;
  scope.on(element, "pointermove", (event) => {
    const place = placeAt(event);
    if (place === under) return;
    under = place;
    repaint();
  });
  scope.on(element, "pointerleave", () => {
    under = -1;
    repaint();
  });
  scope.on(element, ["focus", "blur"], () => repaint());
  frame.receive((content, buffers) => {
    const { kind, again } = (content ?? {}) as { kind?: unknown; again?: unknown };
    if (kind !== "thumbnails") return;
    sheets.add(buffers, again === true);
    want();
  });

  const tryAgain = withNextFrame(scope, () => frame.repaint());

  /** Asks the kernel for pictures in sight that no sheet has; not twice, unless it keeps silent. */
  const ask = (numbers: readonly number[]) => {
    clearTimeout(timer);
    if (numbers.length === 0 || frame.gone) return;
    const now = performance.now();
    const wait = asked.first === numbers[0] ? asked.since + PATIENCE - now : asked.since + 150 - now;
    if (wait > 0) {
      timer = setTimeout(() => repaint(true), wait);
      return;
    }
    asked = { since: now, first: numbers[0]! };
    frame.send({ kind: "thumbnails", numbers: numbers.slice(0, MOST_ASKED) });
    timer = setTimeout(() => repaint(true), PATIENCE);
  };

  /** Wants what is painted, and of what is around it as much as there is room for. */
  const want = () => {
    if (painted.from < 0) return;
    const { columns } = cell();
    const pictures = look.shown;
    const [first, last] = [painted.from * columns, Math.min(pictures.length, painted.to * columns)];
    const ahead = Math.max(0, Math.floor((0.9 * atlas.capacity - (last - first)) / 2));
    const around = pictures.subarray(Math.max(0, first - ahead), Math.min(pictures.length, last + ahead));
    ask(sheets.want(pictures.subarray(first, last), around));
  };
  const paintCanvas = (pictures: Uint32Array) => {
    // Hosts take a view off the page and put it back within a frame, which then has its size without a word.
    if (element.clientWidth === 0) {
      stale = true;
      if (!hidden) tryAgain();
      hidden = true;
      return;
    }
    hidden = false;
    const { columns, width, height } = cell();
    const [top, room] = [element.scrollTop, element.clientHeight];
    const sight = { from: Math.floor(top / height), to: Math.ceil((top + room) / height) };
    if (!stale && sight.from >= painted.from && sight.to <= painted.to) return;
    const more = Math.ceil((AHEAD * room) / height);
    painted = { from: Math.max(0, sight.from - more), to: Math.min(rows(), sight.to + more) };
    stale = false;
    const first = painted.from * columns;
    const last = Math.min(pictures.length, painted.to * columns);
    want();
    const ratio = window.devicePixelRatio || 1;
    const [wide, high] = [element.clientWidth, Math.max(1, (painted.to - painted.from) * height)];
    sizeCanvas(canvas, wide, high, ratio);
    canvas.style.transform = `translateY(${painted.from * height}px)`;
    const context = canvas.getContext("2d");
    if (!context) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, wide, high);
    context.imageSmoothingEnabled = !traits.exact;
    context.imageSmoothingQuality = "high";
    const size = side();
    const empty = frame.palette.value("--c-soft");
    captions.begin(context, width - 4);
    let pending = 0;
    for (let place = first; place < last; place++) {
      const picture = pictures[place]!;
      const x = (place % columns) * width;
      const y = (Math.floor(place / columns) - painted.from) * height + GAP / 2;
      const spot = atlas.at(picture);
      const left = x + (width - size) / 2;
      if (spot && spot.width > 0) {
        const scale = zoom(size, spot.width, spot.height, traits.exact);
        const [w, hgt] = [Math.round(spot.width * scale), Math.round(spot.height * scale)];
        context.drawImage(
          ...([spot.canvas, spot.x, spot.y, spot.width, spot.height] as const),
          ...([Math.round(left + (size - w) / 2), Math.round(y + (size - hgt) / 2), w, hgt] as const),
        );
      } else {
        if (!spot) pending++;
        context.fillStyle = empty;
        context.fillRect(Math.round(left), Math.round(y), size, size);
      }
      captions.draw(context, picture, x + width / 2, y + size + 3);
    }
    setAttribute(frame.root, "data-pending", pending);
  };
  const outline = (box: HTMLElement, place: number) => {
    box.hidden = place < 0;
    if (place < 0) return;
    const { x, y, width, height } = boxOf(place);
    setSize(box, width - 2, height - 2);
    box.style.transform = `translate(${x + 1}px, ${y + 1}px)`;
  };

  /** Brings a picture that was opened elsewhere into sight. */
  const showChosen = (pictures: Uint32Array) => {
    const { chosen } = traits;
    if (chosen === revealed || element.clientHeight === 0) return;
    revealed = chosen;
    const place = chosen < 0 ? -1 : pictures.indexOf(chosen);
    if (place < 0) return;
    at = place;
    reveal(place);
  };

  return {
    element,
    /** The picture that is pointed at, or that the keys have gone to; below 0 for none. */
    get current() {
      const place = under >= 0 ? under : at;
      return look.shown[place] ?? -1;
    },
    read() {
      sheets.resize(traits.pictures);
      atlas.setSide(traits.side);
      sheets.addAll(traits.kept);
      captions.forget();
      stale = true;
    },
    resize: () => {
      stale = true;
    },
    paint() {
      const pictures = look.shown;
      if (pictures !== followed) {
        // Others are asked for: from the first on. Else more have come: the cursor stays on its picture.
        const others = filters !== look.filters;
        const before = others ? -1 : (followed?.[at] ?? -1);
        at = before < 0 ? 0 : Math.max(0, pictures.indexOf(before));
        if (others && followed) element.scrollTop = 0;
        followed = pictures;
        filters = look.filters;
        stale = true;
      }
      const { height } = cell();
      space.style.height = `${rows() * height}px`;
      showChosen(pictures);
      paintCanvas(pictures);
      const focused = element.matches(":focus-visible");
      const place = traits.chosen < 0 ? -1 : pictures.indexOf(traits.chosen);
      outline(opened, place);
      outline(cursor, pictures.length > 0 ? at : -1);
      cursor.classList.toggle("cfw-invisible", !focused);
      const picture = pictures[at];
      const { table } = look;
      if (picture === undefined || !table) {
        setAttribute(element, "aria-activedescendant", false);
        return;
      }
      setAttribute(element, "aria-activedescendant", cursor.id);
      setAttribute(cursor, "aria-posinset", at + 1);
      setAttribute(cursor, "aria-setsize", pictures.length);
      setAttribute(cursor, "aria-selected", String(picture === traits.chosen));
      setAttribute(
        cursor,
        "aria-label",
        `picture ${count(picture)}: ${pictureName(table, picture, look.name)}`,
      );
      setText(cursor, "");
    },
  };
}

/** How much larger a thumbnail is drawn; pixels that are to be seen by a whole number. */
function zoom(size: number, width: number, height: number, exact: boolean): number {
  const scale = size / Math.max(width, height);
  return exact && Math.max(width, height) <= SMALL ? Math.max(1, Math.floor(scale)) : scale;
}
