"""What of a bqplot figure is not where it belongs, on the page."""

from __future__ import annotations

from playwright.sync_api import Page

# In a figure axes and marks are drawings of their own, which must lie on each other.
STRAYS = """() => {
  const box = (element) => element.getBoundingClientRect();
  const apart = (one, other, slack) => Math.max(other.left - one.left, one.right - other.right) > slack;
  const outside = (one, other) =>
    apart(one, other, 2) || Math.max(other.top - one.top, one.bottom - other.bottom) > 2;
  const seen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const figures = [...document.querySelectorAll('.bqplot')].filter(seen);
  return figures.flatMap((figure) => {
    const area = box(figure.querySelector('rect.plotarea_background'));
    // Chromium calls text visible that is in a part of a drawing without display; it has no size.
    const laid = (text) => text.textContent && box(text).height > 0;
    const texts = [...figure.querySelectorAll('text')].filter((text) => laid(text) && seen(text));
    const marks = [...figure.querySelectorAll('path.line, .bar, .object_grp:not(:has(text))')].filter(seen);
    return [
      ...texts.filter((text) => outside(box(text), box(figure))).map((text) => text.textContent),
      ...marks.filter((mark) => box(mark).width > 0 && apart(box(mark), area, 8)).map((mark) =>
        `${mark.getAttribute('class')} ${box(mark).left - area.left} ${box(mark).right - area.right}`),
    ];
  });
}"""


def strays(page: Page) -> list[str]:
    """List the texts that are not inside of their figure, and the marks that are not between its axes."""
    found: list[str] = page.evaluate(STRAYS)
    return found
