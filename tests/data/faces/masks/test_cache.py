from __future__ import annotations

import multiprocessing
import pickle
import tempfile
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cfwidgets.data.faces.masks import cache as mask_cache
from cfwidgets.data.faces.masks.cache import MaskCache

KEY, OTHER = bytes(range(16)), bytes(16)
OLD, NEW = b"o" * 16, b"n" * 16


def region_bits(number: int, size: tuple[int, int] = (40, 30)) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 1 << 19, size, dtype=np.int32)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder/faces.masks"


@pytest.fixture
def filled(path):
    cache = MaskCache(path, KEY)
    for number in range(5):
        cache.put(f"{number}.jpg", OLD, region_bits(number))
    return path


def assert_has(cache: MaskCache, numbers) -> None:
    for number in range(5):
        found = cache.get(f"{number}.jpg", OLD)
        if number in numbers:
            np.testing.assert_array_equal(found, region_bits(number))
            assert found.dtype == np.int32
        else:
            assert found is None


def starts(content: bytes) -> list[int]:
    return [at for at in range(len(content)) if content[at : at + 4] == b"cfm1"]


def test_what_is_kept_comes_back_in_this_and_in_the_next_session(path) -> None:
    cache = MaskCache(path, KEY)
    assert not path.exists()
    assert cache.get("0.jpg", OLD) is None
    for number in range(5):
        cache.put(f"{number}.jpg", OLD, region_bits(number))
    assert_has(cache, range(5))
    cache = MaskCache(path, KEY)
    assert len(cache) == 5
    assert_has(cache, range(5))
    assert cache.holds("0.jpg", OLD)
    assert not cache.holds("0.jpg", NEW)
    assert not cache.holds("5.jpg", OLD)


@settings(max_examples=30, deadline=None)
@given(
    region_bits=arrays(
        np.int32, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.integers(0, 2**19 - 1)
    )
)
def test_any_region_bits_come_back(tmp_path_factory, region_bits) -> None:
    cache = MaskCache(tmp_path_factory.mktemp("any") / "faces.masks", KEY)
    cache.put("ä b/c.jpg", OLD, region_bits)
    np.testing.assert_array_equal(cache.get("ä b/c.jpg", OLD), region_bits)


@pytest.mark.parametrize("count", [1, 256, 257, 65536, 65537])
def test_as_many_values_as_there_are(path, count) -> None:
    many = np.arange(count, dtype=np.int32).reshape(1, -1)
    MaskCache(path, KEY).put("1.jpg", OLD, many)
    np.testing.assert_array_equal(MaskCache(path, KEY).get("1.jpg", OLD), many)


def test_masks_of_a_face_take_little(path) -> None:
    face = np.ones((512, 512), np.int32)
    rows, columns = np.indices(face.shape)
    for radius, bits in ((220, 8192), (180, 2), (40, 4)):
        face[(rows - 256) ** 2 + (columns - 256) ** 2 < radius**2] = bits
    MaskCache(path, KEY).put("1.jpg", OLD, face)
    assert path.stat().st_size < face.nbytes / 100


@pytest.mark.filterwarnings("error")
def test_two_sessions_see_what_the_other_adds(filled) -> None:
    first, second = MaskCache(filled, KEY), MaskCache(filled, KEY)
    first.put("5.jpg", OLD, region_bits(5))
    second.put("6.jpg", OLD, region_bits(6))
    for cache in (first, second):
        for number in (5, 6):
            np.testing.assert_array_equal(cache.get(f"{number}.jpg", OLD), region_bits(number))


@pytest.mark.filterwarnings("error")
def test_a_pickled_one_goes_on(filled) -> None:
    assert_has(pickle.loads(pickle.dumps(MaskCache(filled, KEY))), range(5))


def add(path, first: int) -> None:
    cache = MaskCache(path, KEY)
    for number in range(first, first + 40):
        cache.put(f"{number}.jpg", OLD, region_bits(number))


@pytest.mark.filterwarnings("error")
def test_processes_add_at_once(path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=add, args=(path, first)) for first in (0, 40, 80, 120)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    cache = MaskCache(path, KEY)
    assert len(cache) == 160
    for number in range(160):
        np.testing.assert_array_equal(cache.get(f"{number}.jpg", OLD), region_bits(number))


@pytest.mark.filterwarnings("error")
def test_masks_of_files_that_changed_are_replaced(filled) -> None:
    cache = MaskCache(filled, KEY)
    with pytest.warns(RuntimeWarning, match=r"files of 2\.jpg changed since its masks were packed"):
        assert cache.get("2.jpg", NEW) is None
    cache.put("2.jpg", NEW, region_bits(9))
    np.testing.assert_array_equal(cache.get("2.jpg", NEW), region_bits(9))
    cache = MaskCache(filled, KEY)
    assert len(cache) == 5
    np.testing.assert_array_equal(cache.get("2.jpg", NEW), region_bits(9))


@pytest.mark.filterwarnings("error")
def test_a_file_that_is_mostly_outdated_shrinks(filled) -> None:
    once = filled.stat().st_size
    for _ in range(2):
        add_again = MaskCache(filled, KEY)
        for number in range(5):
            add_again.put(f"{number}.jpg", NEW, region_bits(number))
    MaskCache(filled, KEY)
    assert filled.stat().st_size == once
    assert [file.name for file in filled.parent.iterdir()] == [filled.name]


@pytest.mark.parametrize("where", ["stamp", "height", "length", "name", "pixels"])
@pytest.mark.parametrize("which", [0, 2, 4])
def test_one_damaged_mask_costs_only_itself(filled, where, which) -> None:
    content = bytearray(filled.read_bytes())
    start = starts(content)[which]
    content[start + {"stamp": 30, "height": 41, "length": 50, "name": 70, "pixels": 500}[where]] ^= 1
    filled.write_bytes(content)
    whole = filled.stat().st_size
    with pytest.warns(
        RuntimeWarning, match=r"is damaged or was cut short: \d+ of its \d+ bytes .* of 4 images"
    ):
        cache = MaskCache(filled, KEY)
    assert_has(cache, set(range(5)) - {which})
    assert filled.stat().st_size < whole
    cache.put(f"{which}.jpg", OLD, region_bits(which))
    assert_has(MaskCache(filled, KEY), range(5))


def test_a_damaged_length_hides_nothing_after_it(filled) -> None:
    content = bytearray(filled.read_bytes())
    content[starts(content)[1] + 52 : starts(content)[1] + 60] = b"\xff" * 8
    filled.write_bytes(content)
    with pytest.warns(RuntimeWarning, match="of 4 images are good"):
        assert_has(MaskCache(filled, KEY), {0, 2, 3, 4})


@pytest.mark.parametrize("left", [3, 40, 200, 4000])
def test_a_file_cut_short_keeps_what_is_whole(filled, left) -> None:
    content = filled.read_bytes()
    last = starts(content)[3]
    filled.write_bytes(content[: last + left])
    with pytest.warns(RuntimeWarning, match="cut short"):
        cache = MaskCache(filled, KEY)
    assert_has(cache, range(3))
    assert filled.stat().st_size == last


@pytest.mark.filterwarnings("error")
def test_what_is_added_after_a_mask_cut_short_is_found(filled) -> None:
    """As when a process is killed while it writes, and another goes on."""
    cache = MaskCache(filled, KEY)
    with filled.open("ab") as file:
        file.write(filled.read_bytes()[:3000])
    cache.put("5.jpg", OLD, region_bits(5, (8, 8)))
    np.testing.assert_array_equal(cache.get("5.jpg", OLD), region_bits(5, (8, 8)))
    assert_has(cache, range(5))


@pytest.mark.filterwarnings("error")
def test_a_mask_that_another_is_writing_now_is_no_damage(filled, monkeypatch) -> None:
    content = filled.read_bytes()
    filled.write_bytes(content[:-100])
    monkeypatch.setattr(mask_cache.time, "sleep", lambda seconds: filled.write_bytes(content))
    assert_has(MaskCache(filled, KEY), range(5))


def test_what_another_adds_during_a_repair_stays(filled, monkeypatch) -> None:
    content = bytearray(filled.read_bytes())
    content[500] ^= 1
    filled.write_bytes(content)
    make = tempfile.mkstemp

    def added_first(**where):
        with filled.open("ab") as file:
            file.write(mask_cache._encode(KEY, OLD, "0.jpg", region_bits(0)))
        return make(**where)

    monkeypatch.setattr(tempfile, "mkstemp", added_first)
    with pytest.warns(RuntimeWarning, match="damaged"):
        assert_has(MaskCache(filled, KEY), range(5))


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"cfm1" * 1000, b"no masks"])
def test_a_file_of_something_else_is_replaced(path, content) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    if content:
        with pytest.warns(RuntimeWarning, match="are not whole masks. The masks of 0 images"):
            cache = MaskCache(path, KEY)
    else:
        cache = MaskCache(path, KEY)
    cache.put("0.jpg", OLD, region_bits(0))
    assert_has(cache, {0})
    assert_has(MaskCache(path, KEY), {0})


def test_masks_of_other_data_are_noticed_and_not_used(filled) -> None:
    with pytest.warns(RuntimeWarning, match=r"masks of other data \(5 images\), which are removed"):
        cache = MaskCache(filled, OTHER)
    assert_has(cache, ())
    assert filled.stat().st_size == 0


def test_damage_while_in_use_is_noticed(filled) -> None:
    cache = MaskCache(filled, KEY)
    content = bytearray(filled.read_bytes())
    content[starts(content)[1] + 600] ^= 255
    filled.write_bytes(content)
    with pytest.warns(RuntimeWarning, match="was damaged or deleted while in use"):
        assert cache.get("1.jpg", OLD) is None
    assert_has(cache, {0, 2, 3, 4})


@pytest.mark.filterwarnings("error")
def test_a_file_that_is_deleted_while_in_use_is_begun_anew(filled) -> None:
    cache = MaskCache(filled, KEY)
    filled.unlink()
    assert cache.get("7.jpg", OLD) is None
    assert_has(cache, ())
    cache.put("0.jpg", OLD, region_bits(0))
    assert_has(cache, {0})


@pytest.mark.filterwarnings("error")
def test_a_file_written_anew_by_another_is_read_anew(filled) -> None:
    cache = MaskCache(filled, KEY)
    other = filled.with_name("other")
    again = MaskCache(other, KEY)
    for number in range(6, -1, -1):
        again.put(f"{number}.jpg", OLD, region_bits(number))
    other.replace(filled)
    assert_has(cache, range(5))


@pytest.mark.filterwarnings("error")
def test_a_shorter_file_in_its_place_is_read(filled) -> None:
    cache = MaskCache(filled, KEY)
    other = filled.with_name("other")
    MaskCache(other, KEY).put("7.jpg", OLD, region_bits(7))
    other.replace(filled)
    np.testing.assert_array_equal(cache.get("7.jpg", OLD), region_bits(7))
    assert_has(cache, ())


def test_a_folder_that_cannot_be_written_to_is_one_warning(tmp_path) -> None:
    (tmp_path / "file").write_text("no folder")
    cache = MaskCache(tmp_path / "file/faces.masks", KEY)
    with pytest.warns(RuntimeWarning, match=r"masks cannot be kept in .*file .* cache= names another folder"):
        cache.put("0.jpg", OLD, region_bits(0))
    with warnings.catch_warnings(action="error"):
        cache.put("1.jpg", OLD, region_bits(1))
    assert cache.get("0.jpg", OLD) is None


def test_checksums_are_of_the_content(filled) -> None:
    """The layout, so that files of another version are told apart."""
    content = filled.read_bytes()
    head = content[8:64]
    assert int.from_bytes(content[4:8], "little") == zlib.crc32(head)
    assert head[:16] == KEY
    assert head[16:32] == OLD
