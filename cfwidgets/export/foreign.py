"""Front ends of other widget packages, as they are installed: so they fit the state of their widgets."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

__all__ = ["FrontEnd", "front_end"]


@dataclass(frozen=True)
class FrontEnd:
    """A front end as one AMD module, and the licence that it comes with."""

    package: str
    version: str
    script: str
    licence: str


def front_end(package: str) -> FrontEnd:
    """Read the front end of an installed package of widgets.

    Raises
    ------
    ValueError
        It has none in one file.
    """
    try:
        about = metadata.distribution(package)
    except metadata.PackageNotFoundError:
        raise ValueError(f"no page can show widgets of {package}: it is not installed") from None
    files = about.files or []
    wanted = (f"nbextensions/{package}/index.js", f"{package}/nbextension/index.js")
    found = [Path(str(file.locate())) for file in files if file.as_posix().endswith(wanted)]
    found.append(Path(sys.prefix, "share", "jupyter", "nbextensions", package, "index.js"))
    script = next((path for path in found if path.is_file()), None)
    if script is None:
        raise ValueError(f"no page can show widgets of {package}: its front end is not one file")
    licences = [
        Path(str(file.locate())).read_text("utf-8", "replace")
        for file in files
        if ".dist-info/" in file.as_posix()
        and file.name.upper().startswith(("LICENSE", "LICENCE", "COPYING"))
    ]
    told = [about.metadata[key] for key in ("License-Expression", "License") if key in about.metadata]
    return FrontEnd(package, about.version, script.read_text("utf-8"), "\n".join(licences or told))
