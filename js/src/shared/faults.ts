/**
 * Lets one part of a view fail without the others: remembers in words what failed until the same part succeeds. `changed`
 * runs when there are other words.
 */
export function createFaults(changed: () => void) {
  const known = new Map<() => unknown, string>();
  /** For the reader; empty where all is well. */
  const words = () => [...new Set(known.values())].join("\n");
  return {
    words,
    run(part: () => unknown) {
      const before = words();
      try {
        part();
        known.delete(part);
      } catch (error) {
        known.set(part, `a part of this view failed: ${String(error)}`);
        // For the developer's console, and for tests.
        reportError(error);
      }
      if (words() !== before) changed();
    },
  };
}
