import type { AnyModel } from "@anywidget/types";
import { decodePicture, toBytes } from "../shared/bytes";
import { openPack } from "../shared/pack";
import { PixelReader } from "../shared/pixels";
import type { Scope } from "../shared/scope";
import type { Layers } from "./composer";
import type { Traits } from "./traits";

/** Reads the explained image and its maps now and whenever they change; an outdated reading is dropped. */
export function followImage(
  scope: Scope,
  model: AnyModel<Traits>,
  events: {
    /** The decoded image, or none: it is closed when the next one has come. */
    decoded(image: Layers | null): void;
    /** In words for the reader, what cannot be read; empty when all is well again. */
    broken(what: string): void;
  },
): void {
  const reader = new PixelReader();
  let bitmap: ImageBitmap | null = null;
  let readings = 0;
  const decode = (data: Uint8Array<ArrayBuffer> | null) => data && decodePicture(data).catch(() => null);
  const read = async () => {
    readings += 1;
    const reading = readings;
    const data = toBytes(model.get("picture"));
    let wrong = "";
    let blobs: (Uint8Array<ArrayBuffer> | null)[] = [];
    try {
      const pack = openPack(model.get("picture_maps"));
      if (pack) blobs = [pack.blob(0), pack.blob(1)];
    } catch (error) {
      wrong = `the maps of the image cannot be read: ${(error as Error).message}`;
    }
    const [height, width] = model.get("size");
    const [picture, ...maps] = await Promise.all([data, ...blobs].map(decode));
    let both: Uint8Array | null = null;
    if (reading === readings && !scope.signal.aborted && width > 0 && height > 0 && maps[0] && maps[1]) {
      const greys = [0, 1].map((i) => reader.grey(maps[i]!, width, height));
      if (greys[0] && greys[1]) {
        both = new Uint8Array(2 * width * height);
        both.set(greys[0]);
        both.set(greys[1], width * height);
      }
    }
    for (const map of maps) map?.close();
    if (reading !== readings || scope.signal.aborted) return picture?.close();
    const old = bitmap;
    bitmap = picture ?? null;
    events.broken(data && !picture ? "the browser cannot decode the image" : wrong);
    events.decoded(bitmap && { picture: bitmap, maps: both });
    old?.close();
  };
  scope.defer(() => bitmap?.close());
  scope.listen(model, ["picture", "picture_maps", "size"], () => void read());
  void read();
}
