/** What browsers have and neither Node nor happy-dom: a fault that a view reports fails the test run. */
globalThis.reportError ??= (error) =>
  queueMicrotask(() => {
    throw error;
  });
