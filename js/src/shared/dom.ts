/** Building and changing elements. What comes from the kernel goes in as text, never as markup. */

type Attributes = Record<string, string | number | boolean>;

type Tag = keyof HTMLElementTagNameMap;
type Child = Node | string;

/**
 * An element with classes, whose prefix is left out: "div.head.muted" has `cfw-head` and `cfw-muted`. Among the
 * attributes `false` leaves one out, `true` sets it empty; strings among the children are text.
 */
export function h<K extends Tag>(
  name: K | `${K}.${string}`,
  attributes?: Attributes | Child,
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag as K);
  if (classes.length > 0) element.className = classes.map((name) => `cfw-${name}`).join(" ");
  // None is to send a form that a host may have around it.
  if (tag === "button") setAttribute(element, "type", tag);
  if (typeof attributes === "string" || attributes instanceof Node) element.append(attributes);
  else for (const [key, value] of Object.entries(attributes ?? {})) setAttribute(element, key, value);
  element.append(...children);
  return element;
}

/** For what the ear need not hear. */
export const UNHEARD = { "aria-hidden": "true" };

/** An element of a drawing. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Node[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children);
  return element;
}

export function setAttribute(element: Element, name: string, value: string | number | boolean): void {
  const text = value === true ? "" : String(value);
  if (value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/** Touches the node only when the text differs, so that live regions speak once and selections stay. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Hides an element, whose place is kept: nothing beside it moves. */
export function setInvisible({ classList }: Element, invisible: boolean): void {
  classList.toggle("cfw-invisible", invisible);
}

/** A text of which there may be no room for all: the title has all of it. */
export function setName(element: Element, text: string): void {
  setText(element, text);
  setAttribute(element, "title", text !== "" && text);
}

/** The focused element within another; null where the focus is elsewhere. */
export function focusedIn(element: Element): HTMLElement | null {
  const { activeElement } = element.getRootNode() as Document | ShadowRoot;
  return element.contains(activeElement) ? (activeElement as HTMLElement) : null;
}

/** An id for aria references; two views of one model stand on the same page. */
export const uniqueId = (): string => `cfw-${Math.random().toString(36).slice(2, 10)}`;
