/** Says in the page why it cannot be shown: by the first error, which others follow from. */
export function tellFault(error: unknown): void {
  const fault = document.getElementById("page-fault");
  if (fault?.textContent === "") fault.textContent = `This page cannot be shown: ${String(error)}`;
  reportError(error);
}
