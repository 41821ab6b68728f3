/** A picture without loss, from planes of red, green and blue. */
export async function encoded(
  pixels: Float32Array,
  [height, width]: readonly [number, number],
): Promise<DataView> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d")!;
  const data = context.createImageData(width, height);
  const count = height * width;
  for (let i = 0; i < count; i += 1) {
    for (let channel = 0; channel < 3; channel += 1)
      data.data[4 * i + channel] = Math.round(255 * pixels[channel * count + i]!);
    data.data[4 * i + 3] = 255;
  }
  context.putImageData(data, 0, 0);
  return new DataView(await (await canvas.convertToBlob()).arrayBuffer());
}
