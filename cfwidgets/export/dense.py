"""Bytes as text that HTML holds without change, denser than base64."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

__all__ = ["PIECE", "dense_pieces"]

_BITS = 13  # two characters of 91 have 8,281 values, and 13 bits 8,192
# All that is printed in ASCII but what HTML reads something into.
_ALPHABET = np.array([code for code in range(33, 127) if chr(code) not in '<&"'], np.uint8)

PIECE = _BITS * 2**14
"""Bytes of a piece: a page reads it within a few milliseconds."""


def dense_pieces(content: bytes) -> Iterator[tuple[int, str]]:
    """Write bytes as pieces of text, 13 bits as two characters: 1.23 characters a byte, base64 takes 1.33.

    js/src/page/dense.ts reads them.

    Parameters
    ----------
    content
        Any bytes.

    Yields
    ------
    int, str
        The number of bytes in a piece, and its text.
    """
    weights = 1 << np.arange(_BITS - 1, -1, -1)
    for start in range(0, len(content), PIECE):
        piece = np.frombuffer(content[start : start + PIECE], np.uint8)
        bits = np.unpackbits(piece)
        bits = np.pad(bits, (0, -len(bits) % _BITS))
        values = bits.reshape(-1, _BITS) @ weights
        pairs = np.stack(np.divmod(values, len(_ALPHABET)), 1)
        yield len(piece), _ALPHABET[pairs].tobytes().decode("ascii")
