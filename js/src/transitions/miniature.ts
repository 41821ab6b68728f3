import { decodePictures, sameBytes } from "../shared/bytes";
import { beginCanvas, sizeCanvas } from "../shared/canvas";
import { h, UNHEARD } from "../shared/dom";
import { SMALL } from "../shared/fit";
import { createPixelReader, greyOf } from "../shared/pixels";
import { createComposer, type Palette } from "./composer";
import type { TransitionFrame } from "./traits";

type Bytes = Uint8Array<ArrayBuffer>;

/** What one miniature shows: a picture, a map in its size, or two of them, one upon the other. */
export interface MiniatureContent {
  picture: Bytes | null;
  map: Bytes | null;
  /** How many maps the map's picture holds, and which of them to show. */
  maps: number;
  which: number;
}

/** What miniatures go by besides what they show. */
interface Setting {
  readonly width: number;
  readonly height: number;
  /** How many pixels of the screen one of CSS has. */
  readonly ratio: number;
  readonly palette: Palette;
}

export type Workshop = ReturnType<typeof createWorkshop>;

/** What all miniatures of a view share. */
export function createWorkshop({ scope, traits }: TransitionFrame, palette: () => Palette) {
  let known: Setting | undefined;
  return {
    scope,
    composer: createComposer(),
    pixels: createPixelReader(),
    /** As it is now: the same object as long as nothing of it changes. */
    get setting(): Setting {
      const [height, width] = traits.size;
      const now: Setting = { width, height, ratio: window.devicePixelRatio || 1, palette: palette() };
      if (Object.entries(now).some(([key, value]) => known?.[key as keyof Setting] !== value)) known = now;
      return known!;
    },
  };
}

/** A picture of at most `most` CSS pixels; small ones at a whole-number zoom. */
export function fitMiniature(width: number, height: number, most: number): [width: number, height: number] {
  if (!(width > 0 && height > 0)) return [most, most];
  const longest = Math.max(width, height);
  if (longest <= SMALL && longest <= most) {
    const zoom = Math.floor(most / longest);
    return [width * zoom, height * zoom];
  }
  return [Math.round((most * width) / longest), Math.round((most * height) / longest)];
}

/** Keeps the room of tiles with such miniatures in their row before they come, and says there how wide they will be. */
export function keepRoom(row: HTMLElement, { width, height }: Setting, most: number): void {
  const [wide, high] = fitMiniature(width, height, most);
  row.style.minHeight = width > 0 ? `${2 * high + 28}px` : "";
  row.style.setProperty("--c-tile", `${wide}px`);
}

/** A small picture above the same with its map over it. It keeps what it shows until the next is decoded. */
export function createMiniature(workshop: Workshop, most: number) {
  const above = h("canvas.miniature");
  const below = h("canvas.miniature");
  const element = h("span.miniatures", UNHEARD, above, below);
  let shown: MiniatureContent | null = null;
  let setting = workshop.setting;
  let readings = 0;

  const measure = () => {
    const [width, height] = fitMiniature(setting.width, setting.height, most);
    for (const canvas of [above, below]) sizeCanvas(canvas, width, height, setting.ratio);
  };
  const put = (canvas: HTMLCanvasElement, picture: HTMLCanvasElement) =>
    beginCanvas(canvas, picture.width)?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const read = async () => {
    readings += 1;
    const reading = readings;
    const [content, { width, height, palette }] = [shown, setting];
    if (!content?.picture || width === 0) return;
    const [picture, map = null] = await decodePictures([content.picture, content.map]);
    if (reading === readings && !workshop.scope.signal.aborted && picture) {
      const maps = map && greyOf(workshop.pixels(map, width, content.maps * height));
      const draw = (kind: "plain" | "overlay") =>
        workshop.composer.draw({ picture, maps }, kind, content.which, [width, height], palette);
      put(above, draw("plain"));
      below.hidden = !maps;
      if (maps) put(below, draw("overlay"));
      element.dataset.painted = "1";
    }
    picture?.close();
    map?.close();
  };
  below.hidden = true;
  measure();

  return {
    element,
    /** Draws it where it shows something else, or where what it goes by has changed. */
    show(content: MiniatureContent) {
      const now = workshop.setting;
      if (shown && same(shown, content) && now === setting) return;
      [shown, setting] = [content, now];
      measure();
      void read();
    },
  };
}

const same = (a: MiniatureContent, b: MiniatureContent): boolean =>
  a.which === b.which && a.maps === b.maps && sameBytes(a.picture, b.picture) && sameBytes(a.map, b.map);
