import type { Scope } from "./scope";

/** How hosts say that they are dark: JupyterLab, VS Code, Sphinx, Colab, marimo. */
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
 * on a canvas does not follow by itself. To be called, too: when the root gets a size, it may have been put on the page.
 */
export function followTheme(scope: Scope, root: HTMLElement, changed: () => void): () => void {
  const look = () => {
    const theme = isDark(root) ? "dark" : "light";
    if (root.dataset.cfwTheme === theme) return;
    root.dataset.cfwTheme = theme;
    changed();
  };
  const marks = new MutationObserver(look);
  for (const element of [document.documentElement, document.body])
    marks.observe(element, { attributes: true });
  scope.defer(() => marks.disconnect());
  look();
  return look;
}

export type Colour = readonly [red: number, green: number, blue: number];

export type Palette = ReturnType<typeof createPalette>;

/** What the theme gives to what is drawn on canvases, read once a theme. Of a view not yet on the page it is nothing. */
export function createPalette(root: Element) {
  const values = new Map<string, string>();
  /** The text of a token. */
  const value = (token: string) => {
    const now = values.get(token) || getComputedStyle(root).getPropertyValue(token).trim();
    values.set(token, now);
    return now;
  };
  return {
    value,
    /** The colours of a token that lists them, "#rrggbb, #rrggbb, …": "--c-heat", "--c-signed". */
    stops: (token: string) =>
      [...value(token).matchAll(/#([0-9a-f]{6})/gi)].map(([, hex]): Colour => {
        const colour = Number.parseInt(hex!, 16);
        return [colour >> 16, (colour >> 8) & 255, colour & 255];
      }),
    /** The theme has changed. */
    forget: () => values.clear(),
  };
}

/** The colour at `amount` (0 to 1) of a map given by evenly spaced stops. */
export function colourAt(stops: readonly Colour[], amount: number): Colour {
  const place = Math.min(1, Math.max(0, amount)) * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2);
  const [from, to] = [stops[low]!, stops[low + 1]!];
  const mix = (i: 0 | 1 | 2) => Math.round(from[i] + (to[i] - from[i]) * (place - low));
  return [mix(0), mix(1), mix(2)];
}
