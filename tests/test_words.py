"""Docstrings begin with a verb or a noun, and prose has the field's terms: docs/glossary.md says which."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import cfwidgets

PACKAGE = Path(cfwidgets.__file__).parent
FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))

HEADLESS = re.compile(r"(What|Whether|Which|That|How|Of)\b")
PRIVATE = {
    r"\b(go|goes|going|gone|went) on (with|from)\b": "resume",
    r"\banew\b": "again; of an image: reconstructed",
    r"\broomi(er|est)\b": "less crowded, least crowded",
    r"\b(ask|asks|asked|asking) about\b": "evaluate",
    r"\brandom networks?\b": "randomised model",
    r"\b(models?|networks?|classifiers?) says?\b": "predicts",
}
SCREEN = PRIVATE | {
    r"\boff by\b": "convergence delta",
    r"\bcosine under\b": "cosine similarity",
    r"\b(deletion|insertion), area\b": "deletion area, insertion area",
    r"\bmissing from the sum\b": "convergence delta",
    r"\bior\b": "attention",
    r"\bin truth\b": "true class",
    r"\b(painted|repainted) (in|again)\b": "generated, reconstructed",
}
"""What no view says."""
LITERAL = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|`(?:[^`\\]|\\.)*`")


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """Those of attributes too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            text = node.value.value
            if isinstance(text, str):
                yield node.lineno, text


def headless(source: str) -> list[str]:
    return [
        f"line {line}: {text.splitlines()[0]}" for line, text in docstrings(source) if HEADLESS.match(text)
    ]


def prose(source: str) -> Iterator[tuple[int, str]]:
    """Comments and texts; a name may be what it likes."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if tokenize.tok_name[token.type] in {"COMMENT", "STRING", "FSTRING_MIDDLE"}:
            yield token.start[0], " ".join(token.string.split())


def private(source: str) -> list[str]:
    return refused(prose(source), PRIVATE)


def on_screen(source: str) -> list[str]:
    """List refused words in the texts of a front end: not in comments, nor in a single word, a name."""
    code = re.sub(r"^\s*(//|/?\*).*$", "", source, flags=re.MULTILINE)
    texts = ((code[: found.start()].count("\n") + 1, found[0]) for found in LITERAL.finditer(code))
    return refused(((line, text) for line, text in texts if " " in text), SCREEN)


def refused(texts: Iterable[tuple[int, str]], words: dict[str, str]) -> list[str]:
    return [
        f"line {line}: {found[0]!r}, in the field's words: {instead}"
        for line, text in texts
        for pattern, instead in words.items()
        for found in re.finditer(pattern, text, re.IGNORECASE)
    ]


@pytest.mark.parametrize("name", FILES)
def test_docstrings_begin_with_a_verb_or_a_noun(name: str) -> None:
    assert headless((PACKAGE / name).read_text("utf-8")) == []


@pytest.mark.parametrize("name", FILES)
def test_prose_has_the_terms_of_the_field(name: str) -> None:
    assert private((PACKAGE / name).read_text("utf-8")) == []


def test_views_have_the_terms_of_the_field(checkout: Path) -> None:
    sources = sorted((checkout / "js/src").rglob("*.ts"))
    assert sources
    found = {path.name: on_screen(path.read_text("utf-8")) for path in sources}
    assert {name: words for name, words in found.items() if words} == {}


def test_the_checks_find_what_they_are_for() -> None:
    source = '''
def flips() -> None:
    """Whether the answer changes."""
    # the search is gone on with
    print(f"{1} pictures that the model was asked about")

class Size:
    side: int
    """How large."""
'''
    assert headless(source) == ["line 3: Whether the answer changes.", "line 9: How large."]
    assert [line.partition(",")[0] for line in private(source)] == [
        "line 4: 'gone on with'",
        "line 5: 'asked about'",
    ]
    assert headless('"""Whichever comes first."""\n"""Offer candidates."""') == []
    view = """// off by one
    const said = `it is off by ${amount}, as
the network says`;
    region.ior ? "ior" : "the ior";
    """
    assert [line.partition(",")[0] for line in on_screen(view)] == [
        "line 2: 'network says'",
        "line 2: 'off by'",
        "line 4: 'ior'",
    ]
