/** Text in which two characters of 91 are 13 bits, as cfwidgets/export/dense.py writes it: denser than base64. */
const BITS = 13;
const LETTERS = [...Array(94).keys()]
  .map((i) => String.fromCharCode(33 + i))
  .filter((c) => !'<&"'.includes(c));
const VALUES = new Uint8Array(128);
for (const [value, letter] of LETTERS.entries()) VALUES[letter.charCodeAt(0)] = value;

/** The bytes of a text, of which there are `count`. */
export function readDense(text: string, count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count);
  let [held, bits, at] = [0, 0, 0];
  for (let i = 0; i < text.length; i += 2) {
    const value = VALUES[text.charCodeAt(i)]! * LETTERS.length + VALUES[text.charCodeAt(i + 1)]!;
    held = (held << BITS) | value;
    for (bits += BITS; bits >= 8 && at < count; at += 1) {
      bits -= 8;
      bytes[at] = held >>> bits;
    }
    held &= (1 << bits) - 1;
  }
  return bytes;
}
