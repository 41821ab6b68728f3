"""Real files: folders of classes, pictures that are damaged, replaced or gone, names of any kind."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from itertools import islice
from pathlib import Path

import coloured
import numpy as np
import pytest
import torch
from coloured import LABELS
from comparing import differences
from PIL import Image
from torchvision.datasets import ImageFolder

import cfwidgets as cf
from cfwidgets.data import ImageFolders
from cfwidgets.engines.survey.engine import Survey
from cfwidgets.engines.survey.result import SurveyResult

QUICK = Survey(trust=False, batch_size=4)
COLOURS = {"red": (200, 30, 0), "green": (20, 220, 30), "blue": (0, 0, 255)}


def save(path, colour, size=(9, 7), mode="RGB"):
    Image.new("RGB", size, COLOURS[colour]).convert(mode).save(path)


@pytest.fixture
def root(tmp_path):
    """Four pictures of each colour, of many sizes, in formats and modes of all kinds."""
    for colour in COLOURS:
        folder = tmp_path / "set" / colour
        folder.mkdir(parents=True)
        for number, (suffix, mode) in enumerate(
            [("png", "RGB"), ("png", "RGBA"), ("bmp", "RGB"), ("webp", "RGB")]
        ):
            save(folder / f"{number}.{suffix}", colour, (7 + number, 9), mode)
    return tmp_path / "set"


def test_folders_are_matched_by_name(root):
    found = QUICK.explain(coloured.classifier(), ImageFolders(root))
    frame = found.to_frame()
    assert frame["truth"].tolist() == ["blue"] * 4 + ["green"] * 4 + ["red"] * 4
    assert frame["prediction"].tolist() == frame["truth"].tolist()
    assert frame["path"].tolist() == [str(path) for path in ImageFolders(root).paths]
    # A folder of torchvision's says its classes too, and has them in its own order.
    theirs = QUICK.explain(coloured.classifier(), ImageFolder(root, transform=lambda image: image.copy()))
    assert theirs.to_frame()[["path", "truth"]].equals(frame[["path", "truth"]])
    labelled = ImageFolders(root, labels={"red": "rot", "green": "grün", "blue": "blau"})
    german = QUICK.explain(coloured.classifier(("rot", "grün", "blau")), labelled)
    assert german.accuracy.share == 1


def test_classes_that_the_classifier_does_not_have_are_refused(root):
    clf = coloured.classifier(("rot", "grün", "blau"))
    said = r"labels, picture 0: no class has the label 'blue'.*matched by name.*pass labels=data.targets"
    with pytest.raises(ValueError, match=said):
        next(QUICK.steps(clf, ImageFolders(root)))
    numbered = ImageFolders(root, classes=["red", "green", "blue"])
    assert QUICK.explain(clf, numbered, numbered.targets).accuracy.share == 1
    unnamed = coloured.classifier(None)
    assert QUICK.explain(unnamed, numbered).accuracy.share == 1


def test_a_list_of_paths_has_no_labels(root):
    paths = sorted(root.rglob("*.png"))
    found = QUICK.explain(coloured.classifier(), paths)
    assert found.to_frame()["path"].tolist() == [str(path) for path in paths]
    assert not bool((found.truth >= 0).any())
    assert found.summary().endswith("of 6 pictures, whose labels are not known.")
    named = QUICK.explain(coloured.classifier(), [(str(path), path.parent.name) for path in paths])
    assert named.accuracy.share == 1


def test_damaged_files_are_named_and_the_others_counted(root):
    (root / "red" / "0.png").write_bytes(b"no picture")
    whole = (root / "green" / "1.png").read_bytes()
    (root / "green" / "1.png").write_bytes(whole[: len(whole) // 2])
    (root / "blue" / "2.bmp").write_bytes(b"")
    found = QUICK.explain(coloured.classifier(), ImageFolders(root))
    skipped = found.skipped_frame()
    names = [path.removeprefix(f"{root}/") for path in skipped["path"]]
    assert names == ["blue/2.bmp", "green/1.png", "red/0.png"]
    assert all("cannot be read as an image" in why for why in skipped["why"])
    assert (int(found.judged.sum()), found.accuracy.share) == (9, 1)
    assert set(skipped["index"]).isdisjoint(found.to_frame()["index"])
    assert found.seen == found.total == 12


def test_a_folder_of_every_mode_and_size(tmp_path):
    """What a folder may hold: grey, palettes, transparency, print colours, turned, tiny, long."""
    folder = tmp_path / "set" / "red"
    folder.mkdir(parents=True)
    red = Image.new("RGB", (9, 7), (255, 0, 0))
    pure = ["RGB", "RGBA", "P", "PA", "CMYK"]
    for mode in pure:
        red.convert(mode).save(folder / f"{mode}.{'tiff' if mode in {'CMYK', 'PA'} else 'png'}")
    for mode in ("1", "L", "LA"):
        Image.new("L", (8, 8), 255).convert(mode).save(folder / f"{mode}.png")
    clear = Image.new("RGBA", (6, 5), (0, 255, 0, 0))
    clear.save(folder / "clear.png")
    turned = Image.Exif()
    turned[0x0112] = 6  # a quarter turn
    red.save(folder / "turned.jpg", exif=turned.tobytes(), quality=95)
    for name, size in (("tiny", (2, 2)), ("long", (1500, 3)), ("high", (3, 1500)), ("large", (900, 700))):
        red.resize(size).save(folder / f"{name}.webp", lossless=True)
    Image.new("I;16", (8, 8), 40_000).save(folder / "deep.png")
    red.resize((1, 9)).save(folder / "thin.png")
    data = ImageFolders(folder.parent)
    for clf in (coloured.classifier(), coloured.classifier(input_size=6)):
        found = QUICK.explain(clf, data)
        rows = found.to_frame().assign(name=lambda frame: [Path(path).stem for path in frame["path"]])
        surest = rows.set_index("name")["confidence"]
        reds = [*pure, "turned", "tiny", "long", "high", "large"]
        assert surest[reds].tolist() == pytest.approx([1] * len(reds), abs=0.03)
        assert surest[["1", "L", "LA", "clear"]].tolist() == pytest.approx([1 / 3] * 4, abs=1e-5)
        skipped = {Path(row.path).stem: row.why for row in found.skipped_frame().itertuples()}
        assert set(skipped) == {"deep", "thin"}
        assert "8 bits a channel" in skipped["deep"]
        assert "at least 2 pixels a side" in skipped["thin"]
        assert len(rows) == len(data) - 2


BROKEN = {
    "empty": lambda path, whole: path.write_bytes(b""),
    "half": lambda path, whole: path.write_bytes(whole[: len(whole) // 2]),
    "text": lambda path, whole: path.write_text("no picture"),
    "gone": lambda path, whole: path.unlink(),
    "folder": lambda path, whole: (path.unlink(), path.mkdir()),
    "lost link": lambda path, whole: (path.unlink(), path.symlink_to(path.with_name("nowhere"))),
}


def test_few_broken_files_of_very_many_are_named_and_cost_nothing_else(tmp_path):
    """30 of 1,500, a few of which stand side by side and two of which are the first and the last."""
    count = 1500
    sources = {}
    for colour in COLOURS:
        sources[colour] = tmp_path / f"{colour}.png"
        save(sources[colour], colour)
    paths, labels = [], []
    for number in range(count):
        colour = LABELS[number % 3]
        paths.append(tmp_path / f"{number:04}.png")
        os.link(sources[colour], paths[-1])
        labels.append(colour)
    broken = sorted({0, 1, 2, count - 1, *range(57, count - 1, 56)})[:30]
    for place, number in enumerate(broken):
        whole = paths[number].read_bytes()
        paths[number].unlink()
        paths[number].write_bytes(whole)
        list(BROKEN.values())[place % len(BROKEN)](paths[number], whole)
    engine = Survey(trust=False)
    updates = list(engine.steps(coloured.classifier(), paths, labels))
    found = updates[-1].partial
    assert (len(broken), broken[-1]) == (30, count - 1)
    assert [one.number for one in found.skipped] == broken
    assert found.skipped_frame()["path"].tolist() == [str(paths[number]) for number in broken]
    assert all(one.why.startswith("ImageError: ") for one in found.skipped)
    assert found.changed == ()
    assert (int(found.judged.sum()), found.accuracy.share) == (count - 30, 1)
    assert found.seen == found.total == count
    assert found.summary().endswith("; 30 pictures could not be used.")
    half = updates[len(updates) // 2].partial
    again = engine.explain(coloured.classifier(), paths, labels, resume=half)
    assert differences(again, found) == []


def test_a_folder_of_one_class(tmp_path):
    folder = tmp_path / "set" / "green"
    folder.mkdir(parents=True)
    for number in range(30):
        save(folder / f"{number}.png", "green")
    found = QUICK.explain(coloured.classifier(), ImageFolders(folder.parent))
    assert found.accuracy.share == 1
    assert int(found.confusion[1, 1]) == int(found.confusion.sum()) == 30
    assert any(said.startswith("All pictures are of one class, green") for said in found.caveats)
    assert len(found.worst_pairs()) == 0
    assert found.plot()


def test_a_file_that_is_repaired_is_read_when_the_survey_is_resumed(root):
    broken = root / "green" / "1.png"
    whole = broken.read_bytes()
    broken.write_bytes(b"no picture")
    data, clf = ImageFolders(root), coloured.classifier()
    found = QUICK.explain(clf, data)
    assert len(found.skipped) == 1
    broken.write_bytes(whole)
    again = QUICK.explain(clf, data, resume=found)
    assert again.skipped == ()
    assert again.accuracy.share == 1
    assert again.seen == 12


def test_a_hundred_damaged_files_at_the_beginning_are_too_many(tmp_path):
    for number in range(101):
        (tmp_path / f"{number:03}.png").write_bytes(b"no picture")
    paths = sorted(tmp_path.iterdir())
    with pytest.raises(
        RuntimeError, match="none of the first 100 pictures can be used; the first error: Image"
    ):
        next(QUICK.steps(coloured.classifier(), paths))
    save(paths[99], "red")
    assert len(QUICK.explain(coloured.classifier(), paths).skipped) == 100


def test_files_that_change_or_go_are_said(root):
    clf, data = coloured.classifier(), ImageFolders(root)
    with closing(QUICK.steps(clf, data)) as updates:
        list(islice(updates, 2))
        save(root / "blue" / "1.png", "red", (30, 30))
        (root / "red" / "3.webp").unlink()
        found = list(updates)[-1].partial
    said = found.caveats[0]
    assert said.startswith("The data set changed: ")
    assert said.endswith("changed while the survey ran.")
    assert "blue/1.png" in said
    assert "red/3.webp" in said
    with pytest.raises(ValueError, match="resume: the result given has pictures=12, this run 11"):
        next(QUICK.steps(clf, ImageFolders(root), resume=found))
    save(root / "red" / "4.webp", "red")
    with pytest.raises(ValueError, match="resume: the result given is of another data set"):
        next(QUICK.steps(clf, ImageFolders(root), resume=found))


def test_a_picture_that_was_replaced_is_found_when_resumed(root):
    clf, data = coloured.classifier(), ImageFolders(root)
    half = list(islice(QUICK.steps(clf, data), 2))[-1].partial
    save(data.paths[0], "red", (30, 30))
    with pytest.raises(ValueError, match="resume: the result given is of another picture 0"):
        next(QUICK.steps(clf, data, resume=half))


def test_a_folder_that_was_moved_is_resumed(root):
    clf = coloured.classifier()
    half = list(islice(QUICK.steps(clf, ImageFolders(root)), 2))[-1].partial
    moved = root.parent / "moved"
    shutil.move(root, moved)
    found = QUICK.explain(clf, ImageFolders(moved), resume=half)
    assert found.accuracy.share == 1
    assert all(path.startswith(str(moved)) for path in found.paths)


def test_names_that_are_no_text_are_files_too(tmp_path):
    paths = [
        os.fsdecode(os.fsencode(tmp_path) + name)
        for name in (b"/caf\xe9.png", b"/two\nlines.png", b"/$x$.png")
    ]
    for path in paths:
        save(path, "red")
    found = QUICK.explain(coloured.classifier(), paths)
    assert found.to_frame()["prediction"].tolist() == ["red"] * 3
    found.save(tmp_path / "survey.safetensors")
    assert SurveyResult.load(tmp_path / "survey.safetensors").paths == tuple(paths)


def test_faces_have_their_files(tmp_path):
    class Faces:
        folder, files = tmp_path, ("a.png", "b.png")

        def __len__(self):
            return 2

        def __getitem__(self, index):
            return cf.data.Face(
                torch.ones(3, 8, 8), torch.zeros(1, dtype=torch.bool), None, self.files[index]
            )

    found = QUICK.explain(coloured.classifier(), Faces())
    assert found.paths == (str(tmp_path / "a.png"), str(tmp_path / "b.png"))


def test_a_photograph_is_seen_as_the_classifier_sees_it(tmp_path):
    generator = np.random.default_rng(0)
    paths = []
    for number, size in enumerate([(60, 80), (80, 60), (33, 200)]):
        paths.append(tmp_path / f"{number}.jpg")
        Image.fromarray(generator.integers(0, 256, (*size, 3), dtype=np.uint8)).save(paths[-1])
    clf = cf.zoo.classifier("digits", device="cpu")
    found = QUICK.explain(clf, paths)
    p = torch.cat([clf.probabilities([path]) for path in paths])
    assert torch.allclose(found.answers.confidence, p.amax(1), atol=1e-5)
    assert found.labels == clf.labels
    assert found.labels != LABELS
