"""Bytes as text, denser than base64: all come back, and HTML reads nothing into it."""

from __future__ import annotations

import html
import os

import pytest

from cfwidgets.export.dense import PIECE, dense_pieces

LETTERS = [chr(code) for code in range(33, 127) if chr(code) not in '<&"']


def read(count: int, text: str) -> bytes:
    """Read a piece as js/src/page/dense.ts does."""
    held = bits = 0
    found = bytearray()
    for one, other in zip(text[::2], text[1::2], strict=True):
        held = held << 13 | LETTERS.index(one) * 91 + LETTERS.index(other)
        bits += 13
        while bits >= 8 and len(found) < count:
            bits -= 8
            found.append(held >> bits & 255)
        held &= (1 << bits) - 1
    return bytes(found)


@pytest.mark.parametrize("length", [0, 1, 2, 12, 13, 14, 1000, PIECE, PIECE + 1])
def test_all_bytes_come_back(length):
    content = os.urandom(length)
    pieces = list(dense_pieces(content))
    assert b"".join(read(*piece) for piece in pieces) == content
    assert all(html.escape(text, quote=False).count("&lt;") == 0 for _, text in pieces)
    assert sum(len(text) for _, text in pieces) <= 16 / 13 * length + 2


def test_every_letter_is_used_and_none_that_html_reads():
    text = "".join(text for _, text in dense_pieces(os.urandom(100_000)))
    assert set(text) == set(LETTERS)
