import type { Scope } from "./scope";

/** Where hosts say which theme they show: JupyterLab, VS Code, Sphinx, Colab, marimo. */
const MARKS = ["class", "data-jp-theme-light", "data-theme", "theme"];
const DARK = [
  '[data-jp-theme-light="false"]',
  ".dark",
  ".dark-theme",
  '[data-theme="dark"]',
  'html[theme="dark"]',
  "body.vscode-dark",
  "body.vscode-high-contrast:not(.vscode-high-contrast-light)",
].join();

/** Looks out of shadow roots, too: marimo shows each widget in one, and a style sheet's selectors end at its border. */
function isDark(element: Element): boolean {
  // JupyterLab puts a view on the page only after it was made: until then it is taken to stand in the body.
  let at: Element | undefined = element.isConnected ? element : document.body;
  for (; at; at = (at.getRootNode() as Partial<ShadowRoot>).host) if (at.closest(DARK)) return true;
  return false;
}

/**
 * Keeps `data-cfw-theme` on the root, which the style sheet goes by, and calls back when it has changed: what is drawn
 * on a canvas does not follow by itself.
 */
export function followTheme(scope: Scope, root: HTMLElement, changed: () => void): void {
  const look = () => {
    const theme = isDark(root) ? "dark" : "light";
    if (root.dataset.cfwTheme === theme) return;
    root.dataset.cfwTheme = theme;
    changed();
  };
  const marks = new MutationObserver(look);
  for (const element of [document.documentElement, document.body])
    marks.observe(element, { attributes: true, attributeFilter: MARKS });
  // It gets a size when it is put on the page.
  const size = new ResizeObserver(look);
  size.observe(root);
  scope.defer(() => {
    marks.disconnect();
    size.disconnect();
  });
  look();
}

export type Colour = readonly [red: number, green: number, blue: number];

/** The colours of a token that lists "#rrggbb, #rrggbb, …". */
export function colours(element: Element, token: string): Colour[] {
  return coloursIn(getComputedStyle(element).getPropertyValue(token));
}

function coloursIn(text: string): Colour[] {
  return [...text.matchAll(/#([0-9a-f]{6})/gi)].map(([, hex]) => {
    const value = Number.parseInt(hex!, 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  });
}

/** What the theme gives to what is drawn on canvases, read once a theme. Of a view not yet on the page it is nothing. */
export class Palette {
  readonly #values = new Map<string, string>();

  constructor(readonly root: Element) {}

  /** The text of a token. */
  value(token: string): string {
    const now = this.#values.get(token) || getComputedStyle(this.root).getPropertyValue(token).trim();
    this.#values.set(token, now);
    return now;
  }

  /** The colours of a token that lists them: "--cfw-heat", "--cfw-signed". */
  stops(token: string): Colour[] {
    return coloursIn(this.value(token));
  }

  /** Whether something was asked for that was not there yet. */
  get incomplete(): boolean {
    return [...this.#values.values()].includes("");
  }

  /** The theme has changed. */
  forget(): void {
    this.#values.clear();
  }
}

/** The colour at `amount` (0 to 1) of a map given by evenly spaced stops. */
export function colourAt(stops: readonly Colour[], amount: number): Colour {
  const place = Math.min(1, Math.max(0, amount)) * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2);
  const [from, to] = [stops[low]!, stops[low + 1]!];
  const mix = (i: 0 | 1 | 2) => Math.round(from[i] + (to[i] - from[i]) * (place - low));
  return [mix(0), mix(1), mix(2)];
}
