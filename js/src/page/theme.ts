const DARK = "(prefers-color-scheme: dark)";

/** The page is as dark as its reader's other windows, until the switch is used; on paper it is light. */
export function followScheme(): void {
  const root = document.documentElement;
  const system = matchMedia(DARK);
  const button = document.getElementById("page-theme");
  let chosen: boolean | undefined;
  const draw = (dark = chosen ?? system.matches) => {
    root.dataset.theme = dark ? "dark" : "light";
    root.dataset.jpThemeLight = String(!dark); // charts go by it
    if (button) button.textContent = dark ? "Light" : "Dark";
  };
  system.addEventListener("change", () => draw());
  button?.addEventListener("click", () => {
    chosen = root.dataset.theme !== "dark";
    draw();
  });
  addEventListener("beforeprint", () => draw(false));
  addEventListener("afterprint", () => draw());
  draw();
}
