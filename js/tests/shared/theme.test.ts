import { afterEach, describe, expect, it, vi } from "vitest";
import { createScope } from "../../src/shared/scope";
import { type Colour, colourAt, followTheme } from "../../src/shared/theme";

const STOPS: Colour[] = [
  [0, 0, 0],
  [100, 200, 50],
  [200, 0, 250],
];

describe("colourAt", () => {
  it.each([
    [0, [0, 0, 0]],
    [0.25, [50, 100, 25]],
    [0.5, [100, 200, 50]],
    [0.75, [150, 100, 150]],
    [1, [200, 0, 250]],
    [-3, [0, 0, 0]],
    [7, [200, 0, 250]],
  ])("at %s", (amount, colour) => {
    expect(colourAt(STOPS, amount)).toEqual(colour);
  });
});

describe("followTheme", () => {
  afterEach(() => {
    document.body.removeAttribute("data-jp-theme-light");
    document.body.className = "";
    document.documentElement.removeAttribute("data-theme");
    document.body.replaceChildren();
  });

  it("goes by the marks of each host, and lets go at the end", async () => {
    const scope = createScope();
    const root = document.body.appendChild(document.createElement("div"));
    const changed = vi.fn();
    followTheme(scope, root, changed);
    expect(root.dataset.cfwTheme).toBe("light");
    const turns: [() => void, string][] = [
      [() => document.body.setAttribute("data-jp-theme-light", "false"), "dark"],
      [() => document.body.setAttribute("data-jp-theme-light", "true"), "light"],
      [() => document.body.classList.add("vscode-dark"), "dark"],
      [() => document.body.classList.remove("vscode-dark"), "light"],
      [() => document.documentElement.setAttribute("data-theme", "dark"), "dark"],
    ];
    for (const [turn, theme] of turns) {
      turn();
      await vi.waitFor(() => expect(root.dataset.cfwTheme).toBe(theme));
    }
    expect(changed).toHaveBeenCalledTimes(6);
    scope.end();
    document.documentElement.setAttribute("data-theme", "light");
    await new Promise((done) => setTimeout(done, 20));
    expect(root.dataset.cfwTheme).toBe("dark");
  });

  it("takes a root that is not yet on the page to stand in the body", () => {
    document.body.setAttribute("data-jp-theme-light", "false");
    const root = document.createElement("div");
    followTheme(createScope(), root, () => {});
    expect(root.dataset.cfwTheme).toBe("dark");
  });

  it("looks again when it is told that the root may be on the page now", () => {
    const root = document.createElement("div");
    const look = followTheme(createScope(), root, () => {});
    expect(root.dataset.cfwTheme).toBe("light");
    const host = document.body.appendChild(document.createElement("div"));
    host.className = "dark";
    host.append(root);
    look();
    expect(root.dataset.cfwTheme).toBe("dark");
  });

  it("sees the theme from inside a shadow root", () => {
    document.body.className = "dark";
    const host = document.body.appendChild(document.createElement("div"));
    const root = host.attachShadow({ mode: "open" }).appendChild(document.createElement("div"));
    followTheme(createScope(), root, () => {});
    expect(root.dataset.cfwTheme).toBe("dark");
  });
});
