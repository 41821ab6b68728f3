import type { Wire } from "../shared/bytes";
import { packOpener } from "../shared/pack";
import { Picture } from "../shared/picture";
import { createTiles } from "../shared/tiles";
import type { ParetoFrame, Traits } from "./traits";
import * as words from "./words";

export type Pictures = ReturnType<typeof followPictures>;

/** The decoded pictures: the image, its reconstruction, what is changed by hand, and one a counterfactual. */
export function followPictures(frame: ParetoFrame, shown: () => number) {
  const { scope, traits, refresh, repaint } = frame;
  const follow = (trait: keyof Traits, wire: () => Wire, changed: () => void) => {
    const picture = new Picture(changed);
    const read = () => void picture.read(wire());
    scope.defer(() => picture.end());
    frame.listen([trait], read);
    read();
    return picture;
  };
  const open = packOpener();
  const tiles = createTiles(scope, refresh);
  let wrong = "";
  return {
    image: follow("original", () => traits.original, refresh),
    repainted: follow("repainted", () => traits.repainted, repaint),
    edited: follow("edited", () => traits.edited?.picture, repaint),
    tiles,
    readTiles() {
      const opened = open(traits.tiles);
      tiles.open(opened.pack, [shown()]);
      wrong = opened.wrong;
    },
    /** What of the front cannot be read, in words. */
    get unread() {
      return wrong ? `The pictures cannot be read: ${wrong}.` : words.undecoded(tiles.failed);
    },
  };
}
