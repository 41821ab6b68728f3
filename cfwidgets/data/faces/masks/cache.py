"""Region bits of many images in one file, which several processes read and add to at once.

The file is a row of records, one an image. Each names its data set, its image, and the files that the region
bits were made from (their sizes and times), and carries checksums. A record is added in one piece at the end,
so that packed masks stay packed whenever the program ends. A damaged record is skipped: the rest of the file
is still good.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
import warnings
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cfwidgets.data.faces.regions import REGIONS
from cfwidgets.scratch import replacing

__all__ = ["MaskCache"]

# Raise the last figure when records are laid out in another way.
_MAGIC = b"cfm1"
# Checksum of what follows; then: data set, files, height, width, lengths of name, palette and pixels, and the
# checksum of these three, which come after it.
_HEAD = struct.Struct("<4sI16s16sIIIIII")
_CHECKED_FROM = 8
# Longer than it takes to write a record, in seconds.
_MOMENT = 0.05


class _Entry(NamedTuple):
    offset: int
    length: int
    stamp: bytes


class _Record(NamedTuple):
    key: bytes
    stamp: bytes
    name: str
    length: int


class MaskCache:
    """The region bits that are kept of one data set.

    Parameters
    ----------
    path
        The file; it is made when something is kept, and may be deleted at any time.
    key
        16 bytes that stand for the data set and for how masks are read; records of another are not used.

    Notes
    -----
    Opening it goes through the whole file (about 0.2 s for 30,000 images of 512 x 512) and checks every
    record. Where some are damaged, were cut short, or belong to other data, a warning says so, and the file
    is rewritten without them.

    Examples
    --------
    >>> import tempfile
    >>> cache = MaskCache(Path(tempfile.mkdtemp(), "faces.masks"), bytes(16))
    >>> cache.put("1.jpg", bytes(16), np.ones((2, 3), np.int32))
    >>> cache.get("1.jpg", bytes(16)).tolist()
    [[1, 1, 1], [1, 1, 1]]
    >>> cache.get("2.jpg", bytes(16)) is None
    True
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self._key = key
        self._warned: set[str] = set()
        self._forget()
        self._scan()
        self._repair()

    def __len__(self) -> int:
        """Count the images whose region bits are kept."""
        return len(self._entries)

    def holds(self, name: str, stamp: bytes) -> bool:
        """Return True if the region bits of that image, made from these files, are kept."""
        entry = self._entries.get(name)
        if entry is None or entry.stamp != stamp:
            self._scan()
            entry = self._entries.get(name)
        return entry is not None and entry.stamp == stamp

    def get(self, name: str, stamp: bytes) -> npt.NDArray[np.int32] | None:
        """Read the region bits of an image.

        Parameters
        ----------
        name
            The image's name.
        stamp
            16 bytes that stand for the files from which the region bits are made.

        Returns
        -------
        numpy.ndarray or None
            ``(h, w)`` int32; None where they are not kept, were made from other files, or are damaged.
        """
        if not self.holds(name, stamp):
            if name in self._entries:
                self._warn(
                    "changed",
                    f"files of {name} changed since its masks were packed into {self.path}; such masks "
                    "are packed again",
                )
            return None
        content = self._content(name)
        if content is None:
            # Another process replaced the file, or it is damaged: look at it again.
            self._forget()
            content = self._content(name) if self.holds(name, stamp) else None
            if content is None:
                self._warn(
                    "lost",
                    f"the mask cache {self.path} was damaged or deleted while in use; masks are packed again",
                )
                return None
        return _region_bits(content)

    def put(self, name: str, stamp: bytes, region_bits: npt.NDArray[np.int32]) -> None:
        """Keep the region bits ``(h, w)`` of an image. A folder that cannot be written to is a warning."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # One write without a buffer: at the end of the file, and in one piece, whoever else is adding.
            with self.path.open("ab", buffering=0) as file:
                file.write(_encode(self._key, stamp, name, region_bits))
        except OSError as error:
            self._warn(
                "put",
                f"masks cannot be kept in {self.path.parent} ({error}) and are made again next time; cache= "
                "names another folder",
            )

    def _content(self, name: str) -> bytes | None:
        entry = self._entries.get(name)
        if entry is None:
            return None
        try:
            with self.path.open("rb", buffering=0) as file:
                file.seek(entry.offset)
                content = file.read(entry.length)
        except OSError:
            return None
        whole = _whole(content, 0) == _Record(self._key, entry.stamp, name, entry.length)
        return content if whole else None

    def _forget(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._file: int | None = None
        self._size = self._end = 0
        self._foreign = 0
        self._damaged = 0

    def _scan(self) -> None:
        """Go through what has been added since the last time."""
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_ino != self._file or status.st_size < self._end:
                    self._forget()
                    self._file = status.st_ino
                if status.st_size > self._end:
                    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                        self._size = len(content)
                        self._read_from(content)
        except OSError:
            self._forget()

    def _read_from(self, content: mmap.mmap) -> None:
        position = self._end
        while position < len(content):
            record = _whole(content, position)
            if record is None:
                following = _next_whole(content, position + 1)
                if following is None:
                    # The end is not whole. It may be a record that is being written now.
                    break
                self._damaged += following - position
                position = following
                continue
            if record.key == self._key:
                self._entries[record.name] = _Entry(position, record.length, record.stamp)
            else:
                self._foreign += 1
            position += record.length
        self._end = position

    def _repair(self) -> None:
        """Rewrite the file where some of it is damaged, is of other data, or most of it is outdated."""
        if self._end < self._size:
            # Another process may be writing the last one just now.
            time.sleep(_MOMENT)
            self._scan()
        lost = self._damaged + self._size - self._end
        if lost:
            self._warn(
                "damaged",
                f"the mask cache {self.path} is damaged or was cut short: {lost} of its {self._size} bytes "
                f"are not whole masks. The masks of {len(self)} images are good and stay; others are packed "
                "again",
            )
        elif self._foreign:
            self._warn(
                "foreign",
                f"the mask cache {self.path} holds masks of other data ({self._foreign} images), which are "
                "removed from it",
            )
        used = sum(entry.length for entry in self._entries.values())
        if lost or self._foreign or used < self._size - used:
            try:
                self._rewrite()
            except OSError as error:
                self._warn("repair", f"the mask cache {self.path} cannot be repaired ({error})")

    def _rewrite(self) -> None:
        with replacing(self.path) as scratch, scratch.open("wb") as new, self.path.open("rb") as old:
            for entry in self._entries.values():
                old.seek(entry.offset)
                new.write(old.read(entry.length))
            # What others have added meanwhile.
            old.seek(self._size)
            new.write(old.read())
        self._forget()
        self._scan()

    def _warn(self, about: str, message: str) -> None:
        """Warn of each thing once: what befalls one mask may befall all."""
        if about not in self._warned:
            warnings.warn(message, RuntimeWarning, stacklevel=2)
            self._warned.add(about)


def _encode(key: bytes, stamp: bytes, name: str, region_bits: npt.NDArray[np.int32]) -> bytes:
    # A face has some dozens of different values: a pixel is a byte, and a mask of 512 x 512 about 7 kB.
    seen = np.zeros(1 << len(REGIONS), np.bool_)
    seen[region_bits] = True
    palette = np.flatnonzero(seen)
    numbers = np.zeros(len(seen), _pixel_type(len(palette)))
    numbers[palette] = np.arange(len(palette))
    pixels = zlib.compress(numbers[region_bits].tobytes())
    body = name.encode() + palette.astype("<i4").tobytes() + pixels
    head = struct.pack(
        "<16s16sIIIIII",
        key,
        stamp,
        *region_bits.shape,
        len(name.encode()),
        len(palette),
        len(pixels),
        zlib.crc32(body),
    )
    return _MAGIC + struct.pack("<I", zlib.crc32(head)) + head + body


def _whole(content: bytes | mmap.mmap, position: int) -> _Record | None:
    """Read the record that begins there, without its region bits; None where none does, or it is damaged."""
    head = content[position : position + _HEAD.size]
    if len(head) < _HEAD.size or head[:4] != _MAGIC:
        return None
    _, check, key, stamp, _, _, name, palette, pixels, body_check = _HEAD.unpack(head)
    if zlib.crc32(head[_CHECKED_FROM:]) != check:
        return None
    length = name + 4 * palette + pixels
    body = content[position + _HEAD.size : position + _HEAD.size + length]
    if len(body) != length or zlib.crc32(body) != body_check:
        return None
    return _Record(key, stamp, body[:name].decode(), _HEAD.size + length)


def _next_whole(content: mmap.mmap, position: int) -> int | None:
    while (position := content.find(_MAGIC, position)) >= 0:
        if _whole(content, position) is not None:
            return position
        position += 1
    return None


def _region_bits(content: bytes) -> npt.NDArray[np.int32]:
    """Read the region bits of a record that is whole."""
    _, _, _, _, height, width, name, count, _, _ = _HEAD.unpack_from(content)
    start = _HEAD.size + name
    palette = np.frombuffer(content, "<i4", count, start).astype(np.int32)
    pixels = np.frombuffer(zlib.decompress(content[start + 4 * count :]), _pixel_type(count))
    return palette[pixels].reshape(height, width)


def _pixel_type(colours: int) -> str:
    return "<u1" if colours <= 1 << 8 else "<u2" if colours <= 1 << 16 else "<u4"
