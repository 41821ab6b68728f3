"""Reports: figures, tables, trust and settings on one page, without a script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

import cfwidgets as cf
from cfwidgets.export import report as module

HOSTILE = "</script><img src=x onerror=alert(1)>"
CLF = cf.Classifier(
    lambda x: torch.stack([1 - x.mean((1, 2, 3)), x.mean((1, 2, 3))], 1), labels=["dark", HOSTILE]
)


@pytest.fixture(scope="module")
def result():
    picture = torch.linspace(0, 1, 32).repeat(3, 32, 1)
    return cf.ELime(segments=60, generations=2, population=8).explain(CLF, picture, 1)


def test_a_report_has_each_result_with_what_belongs_to_it(result, tmp_path: Path):
    written = cf.report([result, result], tmp_path / "report.html", title="For <b>us</b>")
    text = written.path.read_text("utf-8")
    assert (written.live, written.bytes) == (False, written.path.stat().st_size)
    assert text.count('<section class="page-result">') == text.count("data:image/png;base64,") == 2
    for words in (
        "deletion area",
        "generations 2",
        f"and {result.count - 20} more rows",
        cf.__version__,
        "For &lt;b&gt;us&lt;/b&gt;",
    ):
        assert words in text
    assert HOSTILE not in text
    assert "<script" not in text
    assert "<img src=x" not in text
    (policy,) = re.findall(r'Content-Security-Policy" content="(.*?)"', text)
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'")


def test_one_result_may_stand_alone(result, tmp_path: Path):
    assert cf.report(result, tmp_path / "report.html").reason == "a report on 1 explanation"


def test_what_is_no_result_is_refused(tmp_path: Path):
    with pytest.raises(TypeError, match="not dict"):
        cf.report([{}], tmp_path / "report.html")
    with pytest.raises(ValueError, match="is empty"):
        cf.report([], tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_too_many_are_refused_with_the_size_they_would_have(result, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(module, "_LARGEST", 1_000_000)
    with pytest.raises(ValueError, match=r"2,000 results would have about [\d,]{3,} MB"):
        cf.report([result] * 2000, tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []
