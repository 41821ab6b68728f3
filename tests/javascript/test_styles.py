"""A host puts the style sheets of all views into one page: no rule of one may match outside of its view."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tinycss2

NESTABLE = {"container", "media", "supports"}
HOSTS = ("--jp-", "--vscode-")


def rules(source: Any) -> list[Any]:
    return tinycss2.parse_blocks_contents(source, skip_comments=True, skip_whitespace=True)


def selectors(prelude: list[Any]) -> list[list[Any]]:
    """Split a selector list at its commas; those within brackets are inside one token."""
    found: list[list[Any]] = [[]]
    for token in prelude:
        if token == ",":
            found.append([])
        elif token.type != "comment" and (found[-1] or token.type != "whitespace"):
            found[-1].append(token)
    return found


def stray(css: str, view: str) -> list[str]:
    """List what of a sheet is not under the root of its view, or of what stands around and beside it."""
    sheet = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    found = []
    for rule in sheet:
        roots = selectors(rule.prelude) if rule.type == "qualified-rule" else []
        names = [tinycss2.serialize(selector).strip() for selector in roots]
        if names and set(names) <= {f".cfw-{view}", f".cfw-{view}-chart", ".cfw-host"}:
            found += strays_within(rule)
        else:
            found.append(tinycss2.serialize([rule])[:80])
    return found


def strays_within(rule: Any, *, of_root: bool = True) -> list[str]:
    """List the nested rules that reach beyond their parent, or that browsers of 2023 do not take."""
    found = []
    for inner in rules(rule.content):
        if inner.type == "declaration":
            continue
        is_rule = inner.type == "qualified-rule"
        if is_rule:
            nested = selectors(inner.prelude)
            found += [tinycss2.serialize(one) for one in nested if reaches_out(one, of_root=of_root)]
        elif inner.type != "at-rule" or inner.lower_at_keyword not in NESTABLE:
            found.append(tinycss2.serialize([inner])[:80])
            continue
        found += strays_within(inner, of_root=of_root and not is_rule)
    return found


def reaches_out(selector: list[Any], *, of_root: bool) -> bool:
    """Tell whether a nested selector begins with an element's name, or is about what is around its parent."""
    beside = of_root and re.match(r"(&\S*)?\s*[+~]", tinycss2.serialize(selector)) is not None
    return beside or selector[0].type == "ident" or names_parent(selector[1:])


def names_parent(tokens: list[Any]) -> bool:
    """Tell whether ``&`` is among the tokens, or within their brackets."""
    within = [getattr(token, "arguments", None) or getattr(token, "content", None) or [] for token in tokens]
    return any(token == "&" for token in tokens) or any(map(names_parent, within))


def test_no_rule_of_a_built_sheet_is_outside_of_its_view(build_hook: ModuleType, checkout: Path) -> None:
    static = files("cfwidgets.widgets") / "static"
    sheets = [path for path in build_hook.bundles(checkout) if path.suffix == ".css"]
    assert sheets
    for sheet in sheets:
        assert stray((static / sheet.name).read_text("utf-8"), sheet.stem) == []


def test_a_built_view_knows_each_token_that_it_uses(build_hook: ModuleType, checkout: Path) -> None:
    static = files("cfwidgets.widgets") / "static"
    for sheet in build_hook.bundles(checkout):
        if sheet.suffix != ".css":
            continue
        css, script = ((static / f"{sheet.stem}{end}").read_text("utf-8") for end in (".css", ".js"))
        declared, used = set(re.findall(r"(--[\w-]+):", css)), set(re.findall(r"var\((--[\w-]+)", css))
        named = set(re.findall(r"\"(--[\w-]+)\"", script))
        unknown = [name for name in used - declared - named if not name.startswith(HOSTS)]
        assert unknown == [], sheet.name
        assert named <= declared | used, sheet.name


@pytest.mark.parametrize(
    "css",
    [
        ".cfw-legend {}",
        ".cfw-facex, .cfw-legend {}",
        ".cfw-facex .x, .cfw-legend {}",
        ".cfw-facexy {}",
        "@container (min-width: 3px) { .cfw-legend {} }",
        ".cfw-facex { .dark & {} }",
        ".cfw-facex { & + .a {} }",
        ".cfw-facex { @media (width) { &[x~=y] ~ .a {} } }",
        ".cfw-facex { + .a {} }",
        ".cfw-facex { :is(.a, .b):has(&) {} }",
        ".cfw-facex { @media (width) { .a { .dark & {} } } }",
        ".cfw-facex { @keyframes x { from {} } }",
        ".cfw-facex { p {} }",
        "@keyframes x {}",
        "p {}",
    ],
)
def test_a_stray_rule_is_found(css: str) -> None:
    assert stray(css, "facex")


def test_rules_under_the_root_are_none() -> None:
    css = """.cfw-facex { color: red; &[data-x=","] .a, :is(p, .b), > .c {} @media (width) { & {} } }
    .cfw-facex { .d { &.e {} + .f {} } .d + .f {} }
    .cfw-facex-chart { .axis {} }"""
    assert stray(css, "facex") == []
