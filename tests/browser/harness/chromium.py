"""Where the browser is, and how it is started."""

from __future__ import annotations

import os
import shutil

HOW_TO_GET = (
    "no Chromium or Chrome on PATH: install one (Debian, Ubuntu: `apt-get install chromium`), "
    "or name its program in the environment variable CHROMIUM"
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Chromium's own sandbox does not run as root, as in most containers; the rest keeps it from calling home.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find() -> str | None:
    """Return the program of the first browser that is on this machine."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
