/** The `count` likeliest classes, as `[class, probability]`; of equals the first. */
export function likeliest(probabilities: readonly number[], count: number): [number, number][] {
  return probabilities
    .map((probability, index): [number, number] => [index, probability])
    .sort(([, a], [, b]) => b - a)
    .slice(0, count);
}
