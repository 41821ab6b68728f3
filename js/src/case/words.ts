export const HELP =
  "One picture of the data set. Drag over it, or mark a part in any view below: all of them outline it, and the model " +
  "is asked at once about the picture without it. The tabs ask where the model looks, what would change its mind, and " +
  "how it looks at the data set in general.";

export const LATER = "choose a picture above to open its case";
export const GONE = "the picture is gone";
export const HINT = "drag over the picture, or mark a part of it in a view below";

/** What stands in the place of the region: what is on the button, and what it does. */
export const FILLS = {
  blur: ["blur", "the picture, blurred"],
  mean: ["mean", "its mean colour"],
  black: ["black", "black"],
  noise: ["noise", "noise of all colours"],
  inpaint: ["inpainted", "what is around it, continued (biharmonic)"],
} as const;
export type Fill = keyof typeof FILLS;
