/** Says in the page why it cannot be shown. */
export function tellFault(error: unknown): void {
  const fault = document.getElementById("page-fault");
  if (fault) fault.textContent = `This page cannot be shown: ${String(error)}`;
  reportError(error);
}
