import { decodePictures, toBytes } from "../shared/bytes";
import { packOpener } from "../shared/pack";
import { createPixelReader, greyOf } from "../shared/pixels";
import type { Layers } from "./composer";
import type { TransitionFrame } from "./traits";

export type Image = ReturnType<typeof followImage>;

/** Reads the explained image and its maps now and whenever they change; an outdated reading is dropped. */
export function followImage({ scope, traits, listen, refresh }: TransitionFrame) {
  const image = {
    /** The decoded image, or none. */
    layers: null as Layers | null,
    /** What cannot be read, in words for the reader; empty where all is well. */
    wrong: "",
  };
  const pixels = createPixelReader();
  const open = packOpener();
  let bitmap: ImageBitmap | null = null;
  let readings = 0;
  const read = async () => {
    readings += 1;
    const reading = readings;
    const data = toBytes(traits.picture);
    const { pack, wrong } = open(traits.picture_maps);
    const [height, width] = traits.size;
    const blobs = [data, pack?.blob(0) ?? null, pack?.blob(1) ?? null];
    const [picture, ...maps] = await decodePictures(blobs);
    const current = reading === readings && !scope.signal.aborted;
    const both = current && width > 0 ? stacked(maps, width, height) : null;
    for (const map of maps) map?.close();
    if (!current) return picture?.close();
    const old = bitmap;
    bitmap = picture ?? null;
    image.layers = bitmap && { picture: bitmap, maps: both };
    image.wrong = wrong && `the maps of the image cannot be read: ${wrong}`;
    if (data && !picture) image.wrong = "the browser cannot decode the image";
    refresh();
    old?.close();
  };
  /** The grey values of two maps, one after the other; null where one is missing. */
  const stacked = ([one = null, two = null]: (ImageBitmap | null)[], width: number, height: number) => {
    const above = one && greyOf(pixels(one, width, height));
    const below = two && greyOf(pixels(two, width, height));
    if (!above || !below) return null;
    const both = new Uint8Array(2 * width * height);
    both.set(above);
    both.set(below, width * height);
    return both;
  };
  scope.defer(() => bitmap?.close());
  listen(["picture", "picture_maps", "size"], () => void read());
  void read();
  return image as Readonly<typeof image>;
}
