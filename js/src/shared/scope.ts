import type { AnyModel } from "@anywidget/types";

/** What lives as long as one view: everything registered here is undone by `end`, or when the host says so. */
export interface Scope {
  readonly signal: AbortSignal;
  end(): void;
  /** Runs when the view ends. */
  defer(undo: () => void): void;
  /** Listens to events of an element; with `before`, ahead of what is within it. */
  on<K extends keyof HTMLElementEventMap>(
    target: EventTarget,
    types: K | readonly K[],
    run: (event: HTMLElementEventMap[K]) => void,
    before?: boolean,
  ): void;
  /** Follows traits of a model. */
  // biome-ignore lint/suspicious/noExplicitAny: any model will do, its traits are named by text
  listen(model: AnyModel<any>, traits: readonly string[], callback: () => void): void;
}

/** Older hosts pass no signal; then only the returned `end` ends the view. */
export function createScope(host?: AbortSignal): Scope {
  const controller = new AbortController();
  const { signal } = controller;
  const end = () => controller.abort();
  const defer = (undo: () => void) => signal.addEventListener("abort", undo, { once: true });
  if (host?.aborted) end();
  else host?.addEventListener("abort", end, { once: true, signal });
  return {
    signal,
    end,
    defer,
    on(target, types, run, capture) {
      for (const type of [types].flat())
        target.addEventListener(type, run as EventListener, { signal, capture });
    },
    listen(model, traits, callback) {
      for (const trait of traits) {
        const event: `change:${string}` = `change:${trait}`;
        model.on(event, callback);
        // Always with the callback: without it the host would remove the listeners of others, too.
        defer(() => model.off(event, callback));
      }
    },
  };
}
