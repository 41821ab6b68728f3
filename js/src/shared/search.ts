/**
 * The labels that match what was typed, best first, at most `limit` of them.
 *
 * Every typed word must occur. A label that is the text comes first, then one that begins with it, then one
 * in which each word begins a word, then any other; among equals the order of the classes. A number also finds the
 * class with that index.
 */
export function findClasses(labels: readonly string[], typed: string, limit = 8): number[] {
  const text = typed.trim().toLowerCase();
  if (text === "") return [];
  const words = text.split(/\s+/);
  const index = /^\d+$/.test(text) ? Number(text) : -1;
  const found: { index: number; rank: number }[] = [];
  labels.forEach((label, i) => {
    const name = label.toLowerCase();
    if (i !== index && !words.every((word) => name.includes(word))) return;
    const begins = (word: string) => name.split(/[\s,/_-]+/).some((part) => part.startsWith(word));
    const rank = name === text || i === index ? 0 : name.startsWith(text) ? 1 : words.every(begins) ? 2 : 3;
    found.push({ index: i, rank });
  });
  found.sort((a, b) => a.rank - b.rank || a.index - b.index);
  return found.slice(0, limit).map((match) => match.index);
}
