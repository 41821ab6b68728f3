import type { Scope } from "./scope";

/**
 * Keeps a view's keys from the notebook, which binds plain keys and the arrows in command mode. Escape and commands
 * (Ctrl, Cmd, Alt) go on to it, unless `taken` says that the view has used the key.
 */
export function fenceKeys(scope: Scope, root: HTMLElement, taken: (event: KeyboardEvent) => boolean): void {
  scope.on(root, "keydown", (event) => {
    const used = taken(event);
    if (used) event.preventDefault();
    if (used || !(isCommand(event) || event.key === "Escape")) event.stopPropagation();
  });
}

export function isCommand({ ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey;
}
