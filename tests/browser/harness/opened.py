"""An exported page in a browser."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

ASK = """async ([kind, asked]) => {
  const models = await Promise.all(Object.values(cfwidgetsManager._models));
  const model = models.find((one) => one.get('page_answers')?.length);
  const answer = new Promise((done, failed) => {
    setTimeout(() => failed(new Error(`no answer; ${model.get('error')}`)), 30000);
    const look = () => {
      const now = model.get('answer');
      if (JSON.stringify(now[kind]) !== JSON.stringify(asked)) return;
      model.off('change:answer', look);
      done(now);
    };
    model.on('change:answer', look);
  });
  if (kind === 'shown') model.set('following', false);
  model.set(kind, asked);
  model.save_changes();
  return answer;
}"""
"""What a view of the page is asked, `page.evaluate(ASK, [trait, value])`; it returns the answer."""


class Open:
    """A page; what went wrong in it is kept."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.wrong: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("dialog", lambda dialog: (self.wrong.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda said: said.type == "error" and self.wrong.append(said.text))
        page.on("request", self._requested)
        page.goto(address)
        expect(page.locator("html")).to_have_attribute("data-opened", "1")

    def _requested(self, request) -> None:
        if not request.url.startswith(("file:", "blob:", "data:")):
            self.wrong.append(f"asks for {request.url}")

    def view(self, name: str) -> Locator:
        view = self.page.get_by_test_id(f"cfw-{name}")
        expect(view).to_have_attribute("data-ready", re.compile("."))
        return view

    def pictures(self, path: Path) -> None:
        """Save what is seen in both themes."""
        for theme in ("light", "dark"):
            expect(self.page.locator("[data-cfw-theme]").first).to_have_attribute("data-cfw-theme", theme)
            self.page.screenshot(path=f"{path}-{theme}.png", full_page=True)
            self.page.locator("#page-theme").click()

    def live(self) -> None:
        expect(self.page.locator("html")).to_have_attribute("data-network", "ready")
