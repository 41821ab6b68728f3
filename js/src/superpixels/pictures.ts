import { decodePictures, toBytes, type Wire } from "../shared/bytes";
import { Undo } from "../shared/undo";
import type { Mask } from "./masks";
import { decodeRegions, type Regions } from "./regions";
import type { SuperpixelFrame } from "./traits";

/** What was shown before an edit. */
export interface Shown {
  readonly mask: Mask;
  readonly following: boolean;
}

/** What all views of one model share about the picture they show. */
export interface Picture {
  readonly size: readonly [height: number, width: number];
  readonly count: number;
  readonly regions: Promise<Regions>;
  readonly undo: Undo<Shown>;
}

/**
 * By the label map's bytes: hosts hand each view a model object of its own, but the same bytes. A new picture brings
 * new bytes, and with them an empty history.
 */
const pictures = new WeakMap<object, Picture>();

function pictureOf(
  labelMap: Wire,
  size: readonly [height: number, width: number],
  count: number,
): Picture | null {
  const data = toBytes(labelMap);
  if (!labelMap || !data || count < 1) return null;
  const known = pictures.get(labelMap);
  if (known && known.count === count && known.size.join() === size.join()) return known;
  const picture = { size, count, regions: decodeRegions(data, size, count), undo: new Undo<Shown>() };
  pictures.set(labelMap, picture);
  return picture;
}

export interface PictureEvents {
  /** Another picture, or none; its superpixels are still unknown. */
  opened(picture: Picture | null): void;
  measured(regions: Regions): void;
  /** The decoded pictures: they are closed when the next ones have come. */
  decoded(picture: ImageBitmap | null, hidden: ImageBitmap | null): void;
  /** In words for the reader, what cannot be read; empty when all is well again. */
  broken(what: string): void;
}

/** Reads the picture and its label map now and whenever they change; an outdated reading is dropped. */
export function followPicture({ scope, traits, listen }: SuperpixelFrame, events: PictureEvents): void {
  const wrong = { map: "", picture: "" };
  const report = (part: keyof typeof wrong, what: string) => {
    wrong[part] = what;
    events.broken(wrong.map || wrong.picture);
  };

  let open: Picture | null | undefined;
  const readMap = async () => {
    const picture = pictureOf(traits.label_map, traits.size, traits.count);
    if (picture === open) return;
    open = picture;
    report("map", "");
    events.opened(picture);
    try {
      const regions = await picture?.regions;
      if (regions && open === picture && !scope.signal.aborted) events.measured(regions);
    } catch (error) {
      if (open !== picture || scope.signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      report("map", `the map of the superpixels cannot be read: ${reason}`);
    }
  };

  let bitmaps: (ImageBitmap | null)[] = [];
  const close = (old: (ImageBitmap | null)[]) => {
    for (const bitmap of old) bitmap?.close();
  };
  let readings = 0;
  const readPictures = async () => {
    readings += 1;
    const reading = readings;
    const wires = [traits.picture, traits.hidden_picture].map(toBytes);
    const decoded = await decodePictures(wires);
    if (reading !== readings || scope.signal.aborted) return close(decoded);
    const old = bitmaps;
    bitmaps = decoded;
    report("picture", wires[0] && !decoded[0] ? "the browser cannot decode the picture" : "");
    events.decoded(decoded[0] ?? null, decoded[1] ?? null);
    close(old);
  };
  scope.defer(() => close(bitmaps));

  listen(["label_map", "size", "count"], readMap);
  listen(["picture", "hidden_picture"], readPictures);
  void readMap();
  void readPictures();
}
