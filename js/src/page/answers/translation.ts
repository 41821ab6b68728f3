import { traits } from "../../translation/traits";
import { latest } from "../latest";
import { toProbabilities } from "../network";
import { noise } from "../noise";
import { unpack } from "../state";
import { encoded } from "./encoded";
import type { Answerer } from "./index";

/** Values of a mask, as cfwidgets/evaluation/segmentation.py counts them. */
const BINS = 256;

/** An image with noise, its twin, and the predictions, as cfwidgets/widgets/translation/view.py gives them. */
export const translation: Answerer = ({ arrays, values }, view, network) => {
  const read = <K extends keyof typeof traits>(name: K) =>
    traits[name](view.get(name)) as ReturnType<(typeof traits)[K]>;
  let known: { place: number; image: Float32Array; noise: Float32Array } | undefined;
  const of = async (place: number) => {
    if (known?.place !== place) {
      const image = await unpack(arrays[place]!);
      known = { place, image, noise: noise(image.length, place) };
    }
    return known;
  };
  return latest(view, async () => {
    const [chosen, asked, size] = [read("chosen"), read("stressed"), read("size")];
    if (asked.length !== 2) return;
    const [deviation, step] = asked as [number, number];
    if (step > 0) throw new Error("attacks follow gradients, which need the notebook");
    if (chosen >= values.images) throw new Error(`image ${chosen + 1} does not travel with it`);
    const { image, noise } = await of(chosen);
    const disturbed = image.map((value, i) => Math.min(1, Math.max(0, value + deviation * noise[i]!)));
    const [twin, raw, other] = await network.run(disturbed.slice(), [1, 3, ...size]);
    const second: (number | null)[] = Array.from({ length: other ? values.classes : 0 }, () => null);
    if (other) {
      const probabilities = toProbabilities(other, values.second);
      (values.real as number[]).forEach((index, i) => {
        second[index] = probabilities[values.columns[i]]!;
      });
    }
    view.set({
      stress: {
        chosen,
        asked: [...asked],
        image: network.read(raw!),
        second,
        picture: await encoded(disturbed, size),
        twin: await encoded(twin!, size),
        difference: await deflated(levels(disturbed, twin!)),
      },
    });
  });
};

/** The mean difference over the channels, from the least to the most, a byte a pixel. */
export function levels(image: Float32Array, twin: Float32Array): Uint8Array<ArrayBuffer> {
  const count = image.length / 3;
  const mean = Float32Array.from({ length: count }, (_, i) => {
    const apart = (at: number) => Math.abs(image[at]! - twin[at]!);
    return (apart(i) + apart(count + i) + apart(2 * count + i)) / 3;
  });
  const [low, high] = mean.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [
    Number.POSITIVE_INFINITY,
    0,
  ] as [number, number]);
  return Uint8Array.from(mean, (value) =>
    high > low ? Math.min(BINS - 1, Math.floor((BINS * (value - low)) / (high - low))) : 0,
  );
}

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<DataView> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new DataView(await new Response(stream).arrayBuffer());
}
