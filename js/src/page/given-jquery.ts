/** In the place of jQuery in the script of a page, which runs after jquery.ts. */
export default (globalThis as { jQuery?: unknown }).jQuery;
