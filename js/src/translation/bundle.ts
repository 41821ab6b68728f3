import { decodePictures, inflate } from "../shared/bytes";
import { openPack } from "../shared/pack";

type Bytes = Uint8Array<ArrayBuffer>;
/** A level 0 to 255 for each pixel. */
export type Levels = Uint8Array;

/** All there is of one image; of one that is not translated yet, only the image. */
export interface Bundle {
  image: ImageBitmap | null;
  twin: ImageBitmap | null;
  returned: ImageBitmap | null;
  difference: Levels | null;
  /** Over all variants: the mean of the masks, and where they disagree. */
  mean: Levels | null;
  disagreement: Levels | null;
  /** 1 where marked. */
  truth: Levels | null;
  variants: readonly { picture: ImageBitmap | null; difference: Levels | null }[];
}

const MASKS = 3;
const VARIANTS = 7;

/** Reads what cfwidgets/widgets/translation/pictures.py packs. What cannot be read is null. */
export async function readBundle(bytes: Bytes, pixels: number): Promise<Bundle> {
  const pack = openPack(bytes);
  const count = Math.max(0, ((pack?.count ?? 0) - VARIANTS) / 2);
  const blobs = (first: number, n: number) =>
    Array.from({ length: n }, (_, i) => pack?.blob(first + i) ?? null);
  const levels = (all: (Bytes | null)[]) =>
    Promise.all(all.map((blob) => blob && inflate(blob, pixels).catch(() => null)));
  const [pictures, varied, masks, theirs] = await Promise.all([
    decodePictures(blobs(0, MASKS)),
    decodePictures(blobs(VARIANTS, count)),
    levels(blobs(MASKS, VARIANTS - MASKS)),
    levels(blobs(VARIANTS + count, count)),
  ]);
  const [image = null, twin = null, returned = null] = pictures;
  const [difference = null, mean = null, disagreement = null, truth = null] = masks;
  const variants = varied.map((picture, i) => ({ picture, difference: theirs[i] ?? null }));
  return { image, twin, returned, difference, mean, disagreement, truth, variants };
}

export function closeBundle({ image, twin, returned, variants }: Bundle): void {
  for (const picture of [image, twin, returned, ...variants.map(({ picture }) => picture)]) picture?.close();
}
