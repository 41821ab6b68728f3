from __future__ import annotations

import multiprocessing
import os
import pickle

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from cfwidgets.data import CelebA, CelebAMaskHQ, Face, MaskError, collate_faces
from cfwidgets.data.faces import celebamask_hq
from cfwidgets.images import ImageError
from cfwidgets.training.attgan import AttGANTraining


@pytest.fixture
def decoded(monkeypatch):
    """The files of masks that are decoded from now on."""
    files = []
    read = celebamask_hq._mask
    monkeypatch.setattr(celebamask_hq, "_mask", lambda path: files.append(path.name) or read(path))
    return files


def assert_true(faces, truth) -> None:
    for number, name in enumerate(faces.files):
        assert faces[number].masks.tolist() == truth[name]


# Masks are packed once.


def test_masks_are_decoded_once(hq, truth, decoded, cache) -> None:
    faces = CelebAMaskHQ(hq)
    assert not decoded
    assert_true(faces, truth)
    assert len(decoded) == 6 + 2 + 2
    assert_true(faces, truth)
    assert_true(CelebAMaskHQ(hq), truth)
    assert_true(CelebAMaskHQ(hq, "valid"), truth)
    assert_true(faces.select([2, 0]), truth)
    assert len(decoded) == 10
    assert faces.cache_path.parent == cache
    assert [path.name for path in cache.iterdir()] == [faces.cache_path.name]


def test_pack_packs_what_is_missing(hq, truth, decoded) -> None:
    faces = CelebAMaskHQ(hq)
    _ = faces[1]
    seen = []
    assert faces.pack(progress=lambda done, total: seen.append((done, total))) == 2
    assert seen == [(1, 2), (2, 2)]
    decoded.clear()
    assert faces.pack() == 0
    assert CelebAMaskHQ(hq).pack() == 0
    assert_true(faces, truth)
    assert not decoded


def test_each_size_is_packed_for_itself(hq, decoded) -> None:
    CelebAMaskHQ(hq).pack()
    decoded.clear()
    assert CelebAMaskHQ(hq, size=4)[0].masks.shape == (4, 4)
    assert CelebAMaskHQ(hq)[0].masks.shape == (8, 8)
    assert len(decoded) == 6


def test_the_folder_may_be_named_or_none_be_kept(hq, tmp_path, cache, decoded) -> None:
    faces = CelebAMaskHQ(hq, cache=tmp_path / "mine")
    faces.pack()
    assert faces.cache_path.parent == tmp_path / "mine"
    decoded.clear()
    faces = CelebAMaskHQ(hq, cache=False)
    for _ in range(2):
        _ = faces[0]
    assert len(decoded) == 12
    assert faces.cache_path is None
    assert not cache.exists()
    with pytest.raises(ValueError, match=r"nothing to pack: .* masks that are not kept \(cache=False"):
        faces.pack()
    with pytest.raises(ValueError, match="nothing to pack: the data set was opened with no masks"):
        CelebAMaskHQ(hq, masks=None).pack()


def test_an_interrupted_packing_goes_on(hq, truth, monkeypatch, decoded) -> None:
    faces = CelebAMaskHQ(hq)

    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        faces.pack(progress=stop)
    decoded.clear()
    faces = CelebAMaskHQ(hq)
    assert faces.pack() == 1
    assert decoded == ["02000_skin.png", "02000_cloth.png"]
    assert_true(faces, truth)


def pack_and_die(root) -> None:
    """As a process that is killed: nothing is closed, nothing is cleaned up."""
    faces = CelebAMaskHQ(root)
    faces.pack(progress=lambda done, total: os._exit(9) if done == 2 else None)


def test_a_packing_that_is_killed_loses_nothing(hq, truth, decoded) -> None:
    process = multiprocessing.get_context("fork").Process(target=pack_and_die, args=(hq,))
    process.start()
    process.join()
    assert process.exitcode == 9
    faces = CelebAMaskHQ(hq)
    assert faces.pack() == 1
    assert decoded == ["02000_skin.png", "02000_cloth.png"]
    assert_true(faces, truth)


def test_a_packing_that_fails_keeps_what_is_done(hq, decoded) -> None:
    path = hq / "CelebAMask-HQ-mask-anno/0/00001_hat.png"
    whole = path.read_bytes()
    path.write_bytes(whole[:40])
    with pytest.raises(MaskError, match=r"00001_hat\.png"):
        CelebAMaskHQ(hq).pack()
    path.write_bytes(whole)
    decoded.clear()
    assert CelebAMaskHQ(hq).pack() == 2
    assert not [file for file in decoded if file.startswith("00000")]


@pytest.mark.filterwarnings("error")
def test_a_cut_cache_is_noticed_and_completed(hq, truth, decoded) -> None:
    faces = CelebAMaskHQ(hq)
    faces.pack()
    content = faces.cache_path.read_bytes()
    faces.cache_path.write_bytes(content[:-10])
    decoded.clear()
    with pytest.warns(RuntimeWarning, match="damaged or was cut short"):
        faces = CelebAMaskHQ(hq)
    assert_true(faces, truth)
    assert len(decoded) == 2
    assert_true(CelebAMaskHQ(hq), truth)


@pytest.mark.parametrize("change", ["content", "content and not time", "time", "added", "removed"])
def test_a_change_of_the_data_is_noticed(hq, change, decoded) -> None:
    faces = CelebAMaskHQ(hq)
    faces.pack()
    hat = hq / "CelebAMask-HQ-mask-anno/0/00001_hat.png"
    times = (hat.stat().st_atime_ns, hat.stat().st_mtime_ns)
    if change.startswith("content"):
        Image.fromarray(np.full((8, 8), 255, np.uint8)).save(hat)
        if change != "content":
            os.utime(hat, ns=times)
    elif change == "time":
        os.utime(hat, (1, 1))
    elif change == "added":
        Image.new("L", (8, 8), 255).save(hat.with_name("00001_neck.png"))
    else:
        hat.unlink()
    decoded.clear()
    faces = CelebAMaskHQ(hq)
    with pytest.warns(RuntimeWarning, match=r"files of 1\.jpg changed since its masks were packed"):
        found = faces[1].masks
    expected = {"content": 1 << 14, "content and not time": 1 << 14, "added": 1 << 17}.get(change)
    if expected is not None:
        assert (found == expected).all()
    assert len(decoded) == {"added": 3, "removed": 1}.get(change, 2)
    _ = faces[0], CelebAMaskHQ(hq)[1]
    assert len(decoded) == {"added": 3, "removed": 1}.get(change, 2)


def test_two_data_sets_share_a_folder_and_no_masks(hq, tmp_path, decoded) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in sorted(hq.rglob("*")):
        target = copy / path.relative_to(hq)
        if path.is_dir():
            target.mkdir()
        else:
            target.write_bytes(path.read_bytes())
            os.utime(target, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    first, second = CelebAMaskHQ(hq), CelebAMaskHQ(copy)
    first.pack()
    assert second.cache_path != first.cache_path
    # Even where its file was put in the place of the other's.
    second.cache_path.write_bytes(first.cache_path.read_bytes())
    decoded.clear()
    with pytest.warns(RuntimeWarning, match="holds masks of other data"):
        second = CelebAMaskHQ(copy)
    second.pack()
    assert len(decoded) == 10


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_read_and_pack(hq, truth, decoded, method) -> None:
    faces = CelebAMaskHQ(hq)
    _ = faces[0]
    loader = DataLoader(faces, batch_size=2, num_workers=2, multiprocessing_context=method)
    batches = list(loader)
    assert [tuple(batch.name) for batch in batches] == [("0.jpg", "1.jpg"), ("2000.jpg",)]
    assert batches[0].image.shape == (2, 3, 8, 8)
    assert batches[0].attributes.tolist() == [[False, True], [True, False]]
    for batch in batches:
        for name, masks in zip(batch.name, batch.masks, strict=True):
            assert masks.tolist() == truth[name]
    decoded.clear()
    assert faces.pack() == 0
    assert_true(CelebAMaskHQ(hq), truth)
    assert not decoded


def test_workers_pack(hq, truth, decoded) -> None:
    faces = CelebAMaskHQ(hq)
    assert faces.pack(workers=2) == 3
    assert_true(faces, truth)
    assert not decoded
    with pytest.raises(ValueError, match="workers must be a whole number of at least 0"):
        faces.pack(workers=-1)


# Masks by a function.


class Halves:
    """Hair above, skin below."""

    def __init__(self, key: str | None = None) -> None:
        self.calls = 0
        if key is not None:
            self.cache_key = key

    def __call__(self, image):
        self.calls += 1
        assert image.shape[0] == 3
        masks = torch.zeros(19, *image.shape[-2:], dtype=torch.bool)
        middle = image.shape[-2] // 2
        masks[13, :middle] = True
        masks[1, middle:] = True
        return masks


def test_a_function_finds_masks(celeba) -> None:
    halves = Halves()
    faces = CelebA(celeba, masks=halves)
    face = faces[0]
    assert face.image.shape == (3, 218, 178)
    assert face.masks.shape == (218, 178)
    assert face.masks[:109].unique().tolist() == [1 << 13]
    assert face.masks[109:].unique().tolist() == [2]
    small = CelebA(celeba, masks=halves, size=64)[0]
    assert small.image.shape == (3, 64, 64)
    assert small.masks[:32].unique().tolist() == [1 << 13]
    assert small.masks[32:].unique().tolist() == [2]


def test_masks_of_a_function_are_kept_by_its_key(celeba) -> None:
    nameless = Halves()
    faces = CelebA(celeba, masks=nameless)
    assert faces.cache_path is None
    for _ in range(2):
        _ = faces[0]
    assert nameless.calls == 2
    for key, calls in (("a", 1), ("b", 1), ("a", 0)):
        halves = Halves(key)
        faces = CelebA(celeba, masks=halves)
        for _ in range(2):
            _ = faces[0]
        assert halves.calls == calls


def test_masks_of_an_image_that_changed_are_found_anew(celeba, save_picture) -> None:
    halves = Halves("a")
    faces = CelebA(celeba, masks=halves)
    _ = faces[0]
    save_picture(celeba / "img_align_celeba/000001.jpg", 200, (178, 100))
    with pytest.warns(RuntimeWarning, match=r"files of 000001\.jpg changed"):
        assert faces[0].masks.shape == (100, 178)
    assert halves.calls == 2


def test_what_a_function_gives_is_checked(celeba) -> None:
    with pytest.raises(
        MaskError, match=r"masks of 000001.jpg must be bool \(19, 218, 178\) .*got \(218, 178\) of float32"
    ):
        CelebA(celeba, masks=lambda image: image[0])[0]


def test_own_masks_may_be_replaced_by_a_function(hq) -> None:
    face = CelebAMaskHQ(hq, masks=Halves())[0]
    assert face.image.shape == (3, 16, 16)
    assert face.masks[:8].unique().tolist() == [1 << 13]


# The rest of what data sets have in common.


def test_select_takes_numbers_or_bools(celeba) -> None:
    faces = CelebA(celeba)
    men = ["162770.jpg", "182637.jpg", "202599.jpg"]
    for rows in (
        faces.column("Male"),
        faces.frame["Male"],
        faces.frame["Male"].tolist(),
        [1, 3, 5],
        np.r_[1, 3, -1],
    ):
        part = faces.select(rows)
        assert list(part.files) == men
        assert part.column("Male").all()
        assert part[2].name == part.frame.index[2] == "202599.jpg"
    assert faces.select([5, 0, 5]).files == ("202599.jpg", "000001.jpg", "202599.jpg")
    assert len(faces.select([])) == 0
    assert len(faces) == 6


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([True, False], r"image numbers or 6 bools; got bool \(2,\)"),
        ([0.5], r"got float64 \(1,\)"),
        (["000001.jpg"], r"got <U10 \(1,\)"),
        ([[0, 1]], r"got int64 \(1, 2\)"),
        ([0, 6], "images are numbered 0 to 5; asked for 0 to 6"),
        ([-7], "asked for -7 to -7"),
    ],
)
def test_select_refuses_other_things(celeba, rows, message) -> None:
    with pytest.raises(ValueError, match=message):
        CelebA(celeba).select(rows)


def test_the_frame_has_all_labels(celeba) -> None:
    frame = CelebA(celeba).frame
    assert frame.index.tolist()[:2] == ["000001.jpg", "162770.jpg"]
    assert frame.dtypes.map(str).tolist() == ["bool"] * 3
    assert frame["Young"].tolist() == [True, False, True, True, False, True]


def test_going_through_it_ends(celeba) -> None:
    assert [face.name for face in CelebA(celeba, "test")] == ["182638.jpg", "202599.jpg"]
    with pytest.raises(IndexError):
        CelebA(celeba)[6]


def test_a_pickled_one_goes_on(hq, truth) -> None:
    assert_true(pickle.loads(pickle.dumps(CelebAMaskHQ(hq))), truth)


def test_a_file_that_is_no_image_is_named_when_asked_for(celeba) -> None:
    path = celeba / "img_align_celeba/000001.jpg"
    path.write_bytes(path.read_bytes()[:600])
    for size in (None, 64):
        with pytest.raises(ImageError, match=r"000001.jpg' cannot be read as an image"):
            CelebA(celeba, size=size)[0]
    assert CelebA(celeba)[1].name == "162770.jpg"


def test_batches_without_masks(celeba) -> None:
    loader = DataLoader(CelebA(celeba, size=8), batch_size=4, collate_fn=collate_faces)
    batch = next(iter(loader))
    assert isinstance(batch, Face)
    assert batch.image.shape == (4, 3, 8, 8)
    assert batch.masks is None
    assert batch.name[3] == "182637.jpg"


def test_batches_with_masks(hq, truth) -> None:
    (batch,) = DataLoader(CelebAMaskHQ(hq), batch_size=3, collate_fn=collate_faces)
    assert batch.masks.tolist() == list(truth.values())


def test_a_batch_of_several_sizes_is_refused(celeba, save_picture) -> None:
    save_picture(celeba / "img_align_celeba/000001.jpg", 0, (20, 30))
    faces = CelebA(celeba)
    with pytest.raises(ValueError, match=r"one size; got 30 x 20, 218 x 178: open the data set with size="):
        collate_faces([faces[0], faces[1]])


@pytest.mark.parametrize("workers", [0, 2])
def test_all_images_are_loaded_to_train_on(celeba, workers) -> None:
    faces, told = CelebA(celeba, size=(16, 12)), []
    pixels, has = faces.load(("Young", "Male"), workers=workers, progress=lambda *done: told.append(done))
    assert (pixels.dtype, pixels.shape) == (torch.uint8, (len(faces), 3, 16, 12))
    for number, face in enumerate(faces):
        assert torch.equal(pixels[number], (face.image * 255).round().to(torch.uint8))
        assert has[number].tolist() == face.attributes[[2, 0]].tolist()
    assert told == [(number + 1, len(faces)) for number in range(len(faces))]


def test_images_that_cannot_be_loaded(celeba) -> None:
    with pytest.raises(ValueError, match=r"one size: open the data set with it, CelebA\(…, size=64\)"):
        CelebA(celeba).load(("Male",))
    with pytest.raises(ValueError, match="CelebA has no attribute 'Bald'; it has Male, Smiling, Young"):
        CelebA(celeba, size=16).load(("Bald",))


def test_an_editor_is_trained_on_a_data_set(celeba) -> None:
    names = ("Male", "Young")
    training = AttGANTraining(updates=1, batch_size=2, critic_updates=1, dim=4, layers=2, hidden=8)
    trained = training.train(*CelebA(celeba, size=16).load(names), names)
    assert trained.editor().attributes == names
