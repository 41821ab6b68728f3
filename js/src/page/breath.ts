/** Work without a pause for this long is not felt, in ms. */
const SLICE = 5;

/** Lets the page do something else: what follows is another task. */
export const pause = () =>
  new Promise<void>((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(null);
  });

/** Gives what is to be awaited between parts of a long work, one part after the other: a pause where it is time for one. */
export function createBreath(): () => Promise<void> {
  let began = performance.now();
  let before = Promise.resolve();
  return () => {
    before = before.then(async () => {
      if (performance.now() - began < SLICE) return;
      await pause();
      began = performance.now();
    });
    return before;
  };
}
