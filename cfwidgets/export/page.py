"""Assemble pages."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cfwidgets.export.dense import dense_pieces
from cfwidgets.export.parts import LICENCES, runtime, script_text, static, sum_of
from cfwidgets.export.words import about_table, escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cfwidgets.export.beside import Beside
    from cfwidgets.export.foreign import FrontEnd

__all__ = ["Page", "Places", "licences", "plain", "scripts"]

_COMPILE = "//# allFunctionsCalledOnLoad\n"  # Chromium compiles all of a script at once, beside the page


@dataclass(frozen=True)
class Places:
    """The places of one case in a page: ids of the models that are shown there.

    Attributes
    ----------
    number
        The number of the picture.
    head, foot
        What stands above and below the tabs.
    tabs
        What stands in each tab, by its name.
    """

    number: int
    head: str
    tabs: Mapping[str, Sequence[str]]
    foot: str

    def html(self) -> str:
        """Write the places; a case is hidden until it is opened."""
        tabs = (
            f'<div data-tab="{escaped(name)}" hidden>{"".join(map(_place, ids))}</div>'
            for name, ids in self.tabs.items()
        )
        parts = "".join([_place(self.head), *tabs, _place(self.foot)])
        return f'<section class="page-case" data-case="{self.number}" hidden>{parts}</section>'


@dataclass(frozen=True)
class Page:
    """The content of a page.

    Attributes
    ----------
    title, lead
        The heading, and a sentence below it.
    about
        Names and texts.
    state, texts
        The state of the widgets, and the texts that it refers to.
    views
        Ids of the models to show.
    cases
        Cases below them, of which one is seen.
    gallery
        The id of the model in which a case is chosen.
    front_ends
        Front ends of other packages.
    travelled, networks
        Questions that are answered in the page, by the id of the view's model; and networks, by name.
    models
        The networks' content, compressed, by the name of its texts.
    beside
        The file with what evaluates them; None where that travels in the page.
    """

    title: str
    lead: str
    about: tuple[tuple[str, tuple[str, ...]], ...]
    state: dict[str, Any]
    texts: list[str]
    views: tuple[str, ...]
    front_ends: tuple[FrontEnd, ...]
    cases: tuple[Places, ...] = ()
    gallery: str = ""
    travelled: dict[str, Any] = field(default_factory=dict)
    networks: dict[str, Any] = field(default_factory=dict)
    models: dict[str, bytes] = field(default_factory=dict)
    beside: Beside | None = None

    def html(self) -> bytes:
        """Write the page, in UTF-8."""
        begin, parts = scripts("page.js", self._state(), self.front_ends)
        policy = _policy(begin, live=bool(self.models), beside=self.beside)
        return "".join(
            [
                '<!doctype html>\n<html lang="en" data-theme="light"><head><meta charset="utf-8">',
                f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
                '<meta name="viewport" content="width=device-width, initial-scale=1">',
                f"<title>{escaped(self.title)}</title><style>{static('page.css')}</style></head>",
                # bqplot's scales look for a base address when they load
                '<body data-base-url="/">',
                f'<header class="page-head"><h1>{escaped(self.title)}</h1>',
                '<button id="page-theme" type="button">Dark</button>',
                f'<p>{escaped(self.lead)}</p><p id="page-fault" class="page-fault" role="alert"></p>',
                '<noscript><p class="page-fault">This page needs JavaScript.</p></noscript></header><main>',
                *map(_place, self.views),
                f'<p id="page-says" role="status" data-gallery="{escaped(self.gallery)}"></p>'
                if self.cases
                else "",
                *(case.html() for case in self.cases),
                f'</main><footer class="page-about"><h2>About this page</h2>{about_table(self.about)}',
                f"<details><summary>Licences</summary><pre>{escaped(licences(self.front_ends))}</pre></details></footer>",
                *parts,
                f"<script>{begin}</script>",
                *self._networks(),  # last: until they are read the page is there
                "</body></html>\n",
            ]
        ).encode("utf-8")

    def _state(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "texts": self.texts,
            "travelled": self.travelled,
            "networks": self.networks,
            "beside": self.beside and {"name": self.beside.name, "sum": self.beside.sum},
        }

    def _networks(self) -> Iterator[str]:
        if not self.models:
            return
        yield _data("page-worker", static("worker.js"))
        within = {} if self.beside else {"page-runtime": runtime()}
        for name, content in {**within, **self.models}.items():
            # In pieces, since a browser reads what stands in one element without a pause.
            for count, text in dense_pieces(content):
                told = f'data-of="{escaped(name)}" data-bytes="{count}"'
                yield f'<script type="text/plain" {told}>{text}</script>'


def scripts(
    script: str, state: Mapping[str, Any], front_ends: Iterable[FrontEnd]
) -> tuple[str, tuple[str, ...]]:
    """Return the script that begins, and the elements that it reads, which stand before it.

    Parameters
    ----------
    script
        The script of the page: a name in ``static``.
    state
        What it brings back.
    front_ends
        Front ends of other packages.
    """
    texts = {"page-jquery": static("jquery.js"), "page-script": static(script)}
    texts |= {f"page-front-{one.package}": _foreign(one) for one in front_ends}
    texts = {name: f"{_COMPILE}{text}" for name, text in texts.items()}
    sums = {name: sum_of(text) for name, text in texts.items()}
    begin = f"cfwidgetsSums={_json(sums)};{static('begin.js')}"
    elements = [_data(name, text) for name, text in texts.items()]
    return begin, (_data("page-state", _json(state), "application/json"), *elements)


def licences(front_ends: Iterable[FrontEnd]) -> str:
    """Return the licences of all that a page holds of others."""
    others = [f"{one.package} {one.version}\n\n{one.licence}" for one in front_ends]
    return "\n\n".join([*others, static(LICENCES).partition("\n")[2]])


def plain(title: str, lead: str, parts: Iterable[str]) -> bytes:
    """Write a page without a script.

    Parameters
    ----------
    title, lead
        The heading, and a sentence below it.
    parts
        HTML.
    """
    return "".join(
        [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; ',
            "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escaped(title)}</title><style>{static('page.css')}</style></head><body>",
            f'<header class="page-head"><h1>{escaped(title)}</h1><p>{escaped(lead)}</p></header><main>',
            *parts,
            "</main></body></html>\n",
        ]
    ).encode("utf-8")


def _policy(begin: str, *, live: bool, beside: Beside | None) -> str:
    """Allow the script that begins, which knows the sums of the others; no address is reached from it.

    The file beside the page is known by its sum, too. From disk Chromium compares no file with a sum, and
    runs it by no narrower word than "file:" (Firefox asks for none), which over HTTP allows nothing.
    """
    wasm = ["'wasm-unsafe-eval'"] if live else []
    shared = [f"'{beside.sum}'", "file:"] if beside else []
    runs = " ".join([f"'{sum_of(begin)}'", "blob:", *wasm, *shared])
    return (
        f"default-src 'none'; script-src {runs}; style-src 'unsafe-inline'; img-src data: blob:; "
        f"font-src data:; {'worker-src blob:; ' if live else ''}base-uri 'none'; form-action 'none'"
    )


def _foreign(front_end: FrontEnd) -> str:
    """Wrap an AMD module, which needs no more than the base of widgets, such that its maker is kept."""
    # In a block and not in a function: what is within one is compiled when it is called: the page waits.
    return (
        "{const define=(...all)=>{(globalThis.cfwidgetsForeign??={})"
        f"[{_json(front_end.package)}]=all.at(-1)}};define.amd={{}};\n{script_text(front_end.script)}\n}}"
    )


def _place(name: str) -> str:
    return f'<div data-widget="{escaped(name)}"></div>'


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _data(name: str, text: str, kind: str = "text/plain") -> str:
    return f'<script type="{kind}" id="{escaped(name)}">{text}</script>'
