/**
 * The noise that torch draws on a CPU: `torch.randn(count, generator=torch.Generator().manual_seed(seed))`, to a millionth.
 * Its uniform numbers are those of the Mersenne twister, 24 bits of each; of sixteen, eight give the radius and eight the
 * angle (Box and Muller). Where the count is no multiple of sixteen, the last sixteen are drawn anew.
 */
export function noise(count: number, seed: number): Float32Array {
  if (count < 16) throw new Error("torch draws fewer than 16 numbers in another way");
  const random = twister(seed);
  const drawn = Float64Array.from({ length: count }, () => (random() & 0xffffff) / 2 ** 24);
  const made = new Float32Array(count);
  const fill = (at: number, uniform: Float64Array) => {
    for (let i = 0; i < 8; i += 1) {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform[i]!));
      const angle = 2 * Math.PI * uniform[i + 8]!;
      made[at + i] = radius * Math.cos(angle);
      made[at + i + 8] = radius * Math.sin(angle);
    }
  };
  for (let at = 0; at + 16 <= count; at += 16) fill(at, drawn.subarray(at, at + 16));
  if (count % 16 !== 0)
    fill(
      count - 16,
      Float64Array.from({ length: 16 }, () => (random() & 0xffffff) / 2 ** 24),
    );
  return made;
}

/** MT19937 (Matsumoto and Nishimura, 1998), as torch seeds it. */
function twister(seed: number): () => number {
  const state = new Uint32Array(624);
  state[0] = seed;
  for (let i = 1; i < 624; i += 1) {
    const before = state[i - 1]! ^ (state[i - 1]! >>> 30);
    state[i] = Math.imul(1812433253, before) + i;
  }
  let at = 624;
  const turn = () => {
    for (let i = 0; i < 624; i += 1) {
      const bits = (state[i]! & 0x80000000) | (state[(i + 1) % 624]! & 0x7fffffff);
      state[i] = state[(i + 397) % 624]! ^ (bits >>> 1) ^ (bits & 1 ? 0x9908b0df : 0);
    }
    at = 0;
  };
  return () => {
    if (at === 624) turn();
    let value = state[at]!;
    at += 1;
    value ^= value >>> 11;
    value ^= (value << 7) & 0x9d2c5680;
    value ^= (value << 15) & 0xefc60000;
    return (value ^ (value >>> 18)) >>> 0;
  };
}
