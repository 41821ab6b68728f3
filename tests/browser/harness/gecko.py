"""Where Firefox is, and how Playwright starts it: as it is, over WebDriver BiDi, through a relay."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

HOW_TO_GET = (
    "no Firefox on PATH: install one (Debian: `apt-get install firefox-esr`), "
    "or name its program in the environment variable FIREFOX"
)
CHANNEL = "moz-firefox"  # Playwright's name of a Firefox that it did not build itself
PREFERENCES = {
    # No host has an address: neither the page nor the browser itself finds anyone.
    "network.dns.disabled": True,
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}
_RELAY = Path(__file__).with_name("relay.py")


def find() -> str | None:
    """Return the program of the first Firefox that is on this machine."""
    return os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")


def relayed(program: str, folder: Path) -> Path:
    """Write a program that starts Firefox behind the relay: Playwright asks for one file to run."""
    script = folder / "firefox"
    script.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, str(_RELAY), program])} "$@"\n')
    script.chmod(0o755)
    return script
