/** Says in the page why it cannot be shown, or what else it cannot do: by the first error, which others follow from. */
export function tellFault(error: unknown, what = "This page cannot be shown"): void {
  const fault = document.getElementById("page-fault");
  if (fault?.textContent === "") fault.textContent = `${what}: ${inWords(error)}`;
  reportError(error);
}

/** An error as it is told to a reader. */
export function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
