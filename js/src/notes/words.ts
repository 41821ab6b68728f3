export const HELP =
  "Two explanations that agree by chance say nothing: each pair stands beside what maps of the same picture give that " +
  "were moved, and beside a network with random weights. Keep a case with a note to come back to it; copy it as code to " +
  "show it to others.";

export const UNSAVED = "Nothing is saved: give Workbench(…, path=…) a file, or call workbench.save(path).";
export const saved = (path: string) => `Saved to ${path} with each case that is kept.`;

/** "3 cases kept", or those of an exported page. */
export const count = (cases: number, travels: boolean) =>
  `${cases} ${cases === 1 ? "case" : "cases"} ${travels ? "in this page" : "kept"}`;

/** "27 Nov, 23:12", in the reader's zone. */
export function when(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  const options = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" } as const;
  return new Intl.DateTimeFormat("en-GB", options).format(date);
}
