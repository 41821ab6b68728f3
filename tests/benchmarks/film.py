"""Films of a page: pictures taken one after the other, with the cursor drawn, as one animated WebP."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageChops
from playwright.sync_api import Locator, Page

_CURSOR = """() => {
  document.getElementById('film-cursor')?.remove();
  const cursor = document.createElement('div');
  cursor.id = 'film-cursor';
  cursor.style.cssText = 'position: fixed; left: -50px; top: -50px; z-index: 100000; pointer-events: none';
  cursor.innerHTML = `<svg width="26" height="34" viewBox="0 0 26 34">
    <path d="M0 0 V21 L5 16.5 L8.5 24.5 L12 23 L8.5 15 H15.5 Z"
      fill="#fff" stroke="#000" stroke-width="1.5" stroke-linejoin="round"/></svg>`;
  document.body.append(cursor);
  const options = { capture: true, passive: true };
  window.addEventListener('pointermove', (event) => {
    cursor.style.left = `${event.clientX}px`;
    cursor.style.top = `${event.clientY}px`;
  }, options);
  const pressed = (on) => () => { cursor.style.filter = on ? 'drop-shadow(0 0 3px #0072b2)' : ''; };
  window.addEventListener('pointerdown', pressed(true), options);
  window.addEventListener('pointerup', pressed(false), options);
}"""

_PRESSED = 120  # ms


@dataclass
class Film:
    """A film of a part of a page.

    Parameters
    ----------
    page
        The page.
    of
        What is filmed: the part of the page that it takes up when the film begins.
    height
        Pixels of the part's height that are filmed; None for all.
    """

    page: Page
    of: Locator
    height: int | None = None
    frames: list[tuple[Image.Image, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.of.scroll_into_view_if_needed()
        box = self.of.bounding_box()
        assert box is not None
        self._clip = {**box, "height": self.height or box["height"]}
        self._at = (box["x"] + box["width"] * 0.8, box["y"] + self._clip["height"] * 0.85)
        self.page.evaluate(_CURSOR)

    def seen(self) -> Image.Image:
        """Return what is on the page now."""
        png = self.page.screenshot(clip=self._clip, animations="disabled")
        return Image.open(io.BytesIO(png)).convert("RGB")

    def add(self, picture: Image.Image, ms: int) -> None:
        """Show a picture for some milliseconds; one that looks like the one before makes that last longer."""
        if self.frames and ImageChops.difference(self.frames[-1][0], picture).getbbox() is None:
            self.frames[-1] = (self.frames[-1][0], self.frames[-1][1] + ms)
        else:
            self.frames.append((picture, ms))

    def hold(self, ms: int) -> None:
        """Show what is on the page now for some milliseconds."""
        self.add(self.seen(), ms)

    def move(self, x: float, y: float, *, steps: int = 8, ms: int = 60) -> None:
        """Move the cursor to a place of the page, slowly at both ends."""
        (x0, y0), self._at = self._at, (x, y)
        for step in range(1, steps + 1):
            part = step / steps
            part = part * part * (3 - 2 * part)
            self.page.mouse.move(x0 + (x - x0) * part, y0 + (y - y0) * part)
            self.hold(ms)

    def move_to(self, target: Locator, **how: int) -> None:
        """Move the cursor to the middle of an element."""
        box = target.bounding_box()
        assert box is not None
        self.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, **how)

    def press(self) -> None:
        """Press the button where the cursor is."""
        self.page.mouse.down()
        self.hold(_PRESSED)

    def click(self) -> None:
        """Click where the cursor is."""
        self.press()
        self.page.mouse.up()

    def save(self, path: Path, finer: int, quality: int) -> None:
        """Write the film, ``finer`` pixels of a side reduced to one; when it has ended it begins again."""
        pictures = [picture.reduce(finer) for picture, _ in self.frames]
        times = [ms for _, ms in self.frames]
        pictures[0].save(
            path,
            save_all=True,
            append_images=pictures[1:],
            duration=times,
            loop=0,
            quality=quality,
            method=4,
            minimize_size=True,
            allow_mixed=True,
        )
