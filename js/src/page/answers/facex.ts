import { traits } from "../../facex/traits";
import { latest } from "../latest";
import { bytesOf } from "../state";
import type { Answerer } from "./index";

/** A face as it travels: its bytes are in base64. */
interface Face {
  readonly image: number;
  readonly model: number;
  readonly region: string;
  readonly picture: string;
  readonly map: string;
  readonly region_mask: string;
}

const view = (base64: string) => new DataView(bytesOf(base64).buffer);

/** The face that a patch came from, of those that travel with the page. */
export const facex: Answerer = ({ values }, asking) =>
  latest(asking, async () => {
    const opened = traits.opened(asking.get("opened"));
    if (opened < 0) return;
    const by = traits.opened_by(asking.get("opened_by"));
    const chosen = traits.chosen(asking.get("chosen"));
    const faces = (values.faces as Face[]).filter(({ image, model }) => image === opened && model === by);
    const face = faces.find(({ region }) => region === chosen) ?? faces[0];
    if (!face) throw new Error(`face ${opened} does not travel with it, as that model sees it`);
    const { picture, map, region_mask } = face;
    asking.set({
      face: { ...face, picture: view(picture), map: view(map), region_mask: view(region_mask) },
    });
  });
