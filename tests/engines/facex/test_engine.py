"""FaceX as a whole: on networks whose answer is known, and on what it must refuse."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from cfwidgets import Classifier, ClassifierError
from cfwidgets.data import portraits
from cfwidgets.data.faces import REGIONS as REGIONS_OF_FACES
from cfwidgets.data.faces.regions import region_label
from cfwidgets.engines.facex.engine import FaceX
from cfwidgets.engines.facex.result import FaceXResult
from cfwidgets.results import ResultError
from cfwidgets.run import Run

SIDE = 16
REGIONS = ("face", "mouth", "eyes", "hat")
FACE, MOUTH, EYES, HAT = (1 << bit for bit in range(4))
FAST = FaceX(patch=4, patches=3, trust=False, batch_size=4, sampled=0)
TRUST = replace(FAST, trust=True)


def sees_red():
    """Class "red": the mean of red; class "blue": that of blue. Its Grad-CAM is the colour itself."""
    net = nn.Sequential(
        nn.Conv2d(3, 2, 1, bias=False), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2)
    )
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[0.0, 0, 1], [1.0, 0, 0]]).view(2, 3, 1, 1))
        net[4].weight.copy_(torch.eye(2) * 8)
        net[4].bias.zero_()
    return Classifier(net, labels=["blue", "red"])


def convolutions(seed=0):
    torch.manual_seed(seed)
    return Classifier(
        nn.Sequential(
            nn.Conv2d(3, 6, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8, 3),
        ).eval()
    )


@dataclass
class Faces:
    """A data set: items, and the names of their attributes."""

    items: list
    names: tuple = ("smiles", "red")

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


def plain(*, hat=False, mouth=1.0, eyes=0.5, other=0.0):
    """A black picture with a mouth and eyes of so much red, and ``other`` in blue everywhere."""
    image, masks = torch.zeros(3, SIDE, SIDE), torch.full((SIDE, SIDE), FACE, dtype=torch.int32)
    image[2] = other
    image[0, 8:12, 4:12], masks[8:12, 4:12] = mouth, FACE | MOUTH
    image[0, 4:6, 4:12], masks[4:6, 4:12] = eyes, FACE | EYES
    if hat:
        masks[:2] |= HAT
    return SimpleNamespace(image=image, masks=masks, attributes=torch.tensor([mouth > 0.5, mouth > other]))


def drawn(n, seed=0):
    """Random faces; the hat is on every third, and regions overlap."""
    generator = torch.Generator().manual_seed(seed)
    items = []
    for number in range(n):
        masks = torch.randint(1, 8, (4, 4), generator=generator).repeat_interleave(4, 0)
        masks = masks.repeat_interleave(4, 1)
        masks[:3] |= HAT * (number % 3 == 0)
        items.append(
            SimpleNamespace(
                image=torch.rand(3, SIDE, SIDE, generator=generator),
                masks=masks,
                name=f"face {number}",
                attributes=torch.tensor([number % 2 == 0, number % 4 == 0]),
            )
        )
    return Faces(items)


def explain(engine, faces, clf=None, target=1, **more):
    return engine.explain(clf or convolutions(), faces, target, regions=REGIONS, **more)


def assert_same(a, b, atol=1e-6, *, exactly=()):
    for name in ("ior", "probability", "randomised"):
        one, other = getattr(a, name), getattr(b, name)
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(one, other, rtol=0, atol=atol, equal_nan=True)
    torch.testing.assert_close(a.patches.values, b.patches.values, rtol=0, atol=1e-4)
    assert a.names == b.names
    assert torch.equal(a.groups, b.groups)
    for name in exactly:
        assert torch.equal(getattr(a.patches, name), getattr(b.patches, name))


def test_it_finds_where_the_network_looks():
    faces = [plain(), plain(hat=True), plain(mouth=0.5, eyes=1.0)]
    result = explain(FAST, faces, sees_red(), "red")
    # 32 pixels of mouth and 16 of eyes: 32 + 8 = 40 of 256 in the first two, 16 + 16 = 32 in the last
    expected = torch.tensor(
        [[40 / 256, 1, 0.5, torch.nan], [40 / 256, 1, 0.5, 0], [32 / 256, 0.5, 1, torch.nan]]
    )
    torch.testing.assert_close(result.ior, expected, equal_nan=True, atol=1e-6, rtol=0)
    frame = result.to_frame()
    assert frame["attention"].tolist() == pytest.approx([112 / 768, 2.5 / 3, 2 / 3, 0], abs=1e-6)
    assert frame["count"].tolist() == [3, 3, 3, 1]
    assert frame["rank"].tolist() == [3, 1, 2, 4]
    assert result.names == ("0", "1", "2")
    assert (result.target, result.label, result.size, result.total) == (1, "red", (16, 16), 3)
    assert result.labels == ("blue", "red")
    assert result.predicted_target.all()
    torch.testing.assert_close(result.prediction, torch.softmax(torch.tensor([0.0, 40 * 8 / 256]), 0))
    logits = torch.tensor([40.0, 40, 32]) * 8 / 256
    torch.testing.assert_close(result.probability, torch.sigmoid(logits))


def test_the_patches_are_the_pixels_it_looks_at():
    faces = [plain(mouth=0.2, eyes=1.0), plain(), plain(eyes=0.0)]
    result = explain(replace(FAST, per_image=None, patches=5), faces, sees_red(), "red")
    table = result.patch_frame().set_index("region").loc["mouth (inside)"]
    # two patches each in the images of which the mouth is the brightest, then the two of the other
    assert table["image"].tolist() == [1, 1, 2, 2, 0]
    assert table["value"].tolist() == pytest.approx([16, 16, 16, 16, 3.2])
    assert table[["row", "column"]].values.tolist() == [[8, 4], [8, 8], [8, 4], [8, 8], [8, 4]]
    assert result.patches.pixels[1, 4, 0].unique().tolist() == [51]
    once = explain(replace(FAST, patches=5), faces, sees_red(), "red")
    assert once.patches.images[1].tolist() == [1, 2, 0, -1, -1]


def test_another_class_looks_elsewhere():
    faces = [plain(other=0.0), plain(mouth=0.0, eyes=0.0)]
    for face in faces:
        face.image[2, 4:6, 4:12] = 0.7
    red, blue = (explain(FAST, faces, sees_red(), target) for target in ("red", "blue"))
    assert blue.ior[:, :3].tolist() == [[16 / 256, 0, 1]] * 2
    assert red.ior[1, :3].tolist() == [0, 0, 0]  # nothing red: no attention, and yet it has been looked at
    assert red.to_frame()["count"].tolist() == [2, 2, 2, 0]


@pytest.mark.parametrize("mode", ["paper", "reference"])
def test_the_batch_size_changes_nothing(mode):
    faces = drawn(9)
    engine = replace(TRUST, mode=mode, probed=3)
    whole = explain(engine, faces)
    for size in (1, 2, 7, 64):
        # The published tool rounds to levels: a difference of 1e-7 may move a pixel across its threshold.
        assert_same(
            explain(replace(engine, batch_size=size), faces), whole, 1e-6 if mode == "paper" else 0.02
        )


def test_a_face_without_a_region_leaves_it_as_it_was():
    faces = drawn(7)
    fewer, more = (explain(FAST, Faces(faces.items[:n])).to_frame() for n in (6, 7 - 5))
    before = explain(FAST, Faces(faces.items[:1])).to_frame()
    after = explain(FAST, Faces(faces.items[:3])).to_frame()  # the others have no hat
    assert before.loc["hat", ["attention", "count"]].tolist() == pytest.approx(
        after.loc["hat", ["attention", "count"]]
    )
    assert before.loc["face", "attention"] != after.loc["face", "attention"]
    assert fewer.loc["hat", "count"] == 2
    assert more.loc["hat", "count"] == 1


def test_the_order_of_the_faces_changes_no_mean():
    faces = drawn(9)
    a, b = explain(FAST, faces).to_frame(), explain(FAST, Faces(faces.items[::-1])).to_frame()
    assert a["attention"].tolist() == pytest.approx(b["attention"].tolist(), abs=1e-6)


def test_updates_tell_how_far_it_is():
    updates = list(replace(TRUST, probed=6).steps(convolutions(), drawn(9), 1, regions=REGIONS))
    fractions = [update.fraction for update in updates]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == 1
    assert all(fraction < 1 for fraction in fractions[:-1])
    assert [len(update.partial.ior) for update in updates] == [0, 4, 8, 9, 9, 9]
    assert all(update.partial.randomised is None for update in updates[:-1])
    assert updates[-1].partial.randomised.shape == (6, 4)
    seconds = [update.partial.seconds for update in updates]
    assert seconds == sorted(seconds)
    for update in updates:  # every one is a result
        update.partial.to_frame()
        assert len(update.partial.names) == len(update.partial.ior) == len(update.partial.groups)


def test_a_resumed_run_is_as_good_as_one_never_stopped(tmp_path):
    faces, engine = drawn(11), replace(TRUST, probed=5, groups="smiles")
    whole = explain(engine, faces)
    steps = engine.steps(convolutions(), faces, 1, regions=REGIONS)
    parts = [next(steps).partial for _ in range(3)]
    steps.close()
    assert [len(part.ior) for part in parts] == [0, 4, 8]
    for part in parts:
        part.save(tmp_path / "part.safetensors")
        again = explain(engine, faces, resume=FaceXResult.load(tmp_path / "part.safetensors"))
        assert_same(again, whole, 0, exactly=("images", "places", "pixels"))
        assert again.seconds > part.seconds
    asked = []
    faces.items = [Counted(face, asked, number) for number, face in enumerate(faces.items)]
    explain(replace(engine, trust=False), faces, resume=parts[2])
    assert set(asked) == {0, 8, 9, 10}  # 0: what size?


def test_a_checkpoint_is_resumed_wherever_it_ended(tmp_path):
    path, faces, engine = tmp_path / "run.safetensors", drawn(11), replace(TRUST, probed=5, groups="smiles")
    whole = explain(engine, faces)
    for seen in (0, 4, 8, 11):
        steps = engine.steps(convolutions(), faces, 1, regions=REGIONS, checkpoint=path)
        for update in steps:
            if update.partial.seen >= seen:
                break
        steps.close()
        assert FaceXResult.load(path).seen == seen
    assert_same(explain(engine, faces, checkpoint=path), whole, 0, exactly=("images", "places", "pixels"))
    asked = []
    noting = Faces([Counted(face, asked, number) for number, face in enumerate(faces.items)])
    done = explain(engine, noting, checkpoint=path)
    assert_same(done, whole, 0, exactly=("images", "places", "pixels"))
    assert set(asked) == {0}  # all is there
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.slow
def test_a_checkpoint_survives_a_failure_and_a_kill(tmp_path):
    path, good = tmp_path / "run.safetensors", drawn(40)
    with pytest.raises(RuntimeError, match="in a row"):
        explain(FAST, broken(good, range(8, 40)), checkpoint=path)
    assert FaceXResult.load(path).numbers.tolist() == list(range(8))
    program = f"""
import os, runpy, signal
from cfwidgets.engines.base import engine
given = runpy.run_path({str(Path(__file__))!r})
engine._SAVED_EVERY = 0
steps = given["FAST"].steps(
    given["convolutions"](), given["drawn"](40), 1, regions=given["REGIONS"], checkpoint={str(path)!r}
)
for update in steps:
    if update.partial.seen >= 20:
        os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", program], check=False, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert FaceXResult.load(path).seen >= 16
    assert_same(explain(FAST, good, checkpoint=path), explain(FAST, good), exactly=("images", "pixels"))


def test_a_checkpoint_of_something_else(tmp_path):
    path = tmp_path / "run.safetensors"
    explain(FAST, drawn(3), checkpoint=path)
    wrong = r"checkpoint: the result in .*run.safetensors has target='class 1', this run 'class 2'"
    with pytest.raises(ValueError, match=wrong):
        explain(FAST, drawn(3), target=2, checkpoint=path)
    with pytest.raises(ValueError, match="there is no folder"):
        explain(FAST, drawn(3), checkpoint=tmp_path / "missing" / "run")
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ResultError, match="damaged"):
        explain(FAST, drawn(3), checkpoint=path)


class Counted:
    """A face that notes that its picture was asked for."""

    def __init__(self, face, asked, number):
        self._face, self._asked, self._number = face, asked, number
        self.masks, self.name, self.attributes = face.masks, face.name, face.attributes

    @property
    def image(self):
        self._asked.append(self._number)
        return self._face.image


@pytest.mark.parametrize(
    ("engine", "target", "total", "named"),
    [
        (replace(FAST, mode="reference"), 1, 5, "mode='paper'"),
        (FAST, 2, 5, "target='class 1'"),
        (FAST, 1, 6, "faces=5"),
    ],
)
def test_only_the_same_is_resumed(engine, target, total, named):
    part = next(FAST.steps(convolutions(), drawn(5), 1, regions=REGIONS)).partial
    with pytest.raises(ValueError, match=f"resume: the result given has {named}"):
        engine.explain(convolutions(), drawn(total), target, regions=REGIONS, resume=part)


def test_another_model_is_not_resumed():
    part = next(FAST.steps(convolutions(), drawn(5), 1, regions=REGIONS)).partial
    with pytest.raises(ValueError, match="resume: the result given is of another model, or of other weights"):
        explain(FAST, drawn(5), convolutions(seed=1), resume=part)


def test_another_data_set_is_not_resumed():
    part = next(FAST.steps(convolutions(), drawn(5), 1, regions=REGIONS)).partial
    with pytest.raises(ValueError, match="resume: the result given is of another data set"):
        explain(FAST, drawn(5, seed=1), resume=part)


def test_other_batches_may_resume():
    part = [update.partial for update in FAST.steps(convolutions(), drawn(9), 1, regions=REGIONS)][1]
    engine = replace(FAST, batch_size=3, readers=1)
    again = explain(engine, drawn(9), resume=part)
    assert_same(again, explain(FAST, drawn(9)), exactly=("images", "pixels"))
    assert again.settings["batch_size"] == 3


def test_a_stopped_run_leaves_the_model_as_it_was():
    clf = convolutions()
    net = clf.require_module()
    net[0].train()
    net[4].weight.requires_grad = False
    net[0].weight.grad = torch.ones_like(net[0].weight)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    steps = replace(TRUST, probed=4).steps(clf, drawn(9), 1, regions=REGIONS)
    for _ in range(2):
        next(steps)
        flags = [part.training for part in net]
        assert flags == [True] + [False] * 8
        assert not any(part._forward_hooks for part in net.modules())
        assert not net[4].weight.requires_grad
        assert net[0].weight.grad is not None
        assert bool((net[0].weight.grad == 1).all())
    steps.close()
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_a_run_can_be_stopped_and_continued():
    faces, whole = drawn(9), explain(FAST, drawn(9))
    stopped = []

    def stop(run):
        if not stopped:
            stopped.append(run.cancel())

    run = Run(FAST.steps(convolutions(), faces, 1, regions=REGIONS), on_update=stop, interval=0)
    assert run.wait(20) == "stopped"
    assert len(run.partial.ior) < 9
    run.resume()
    assert_same(run.result(20), whole, 0, exactly=("images", "pixels"))


class Broken(Faces):
    """A data set of which some items cannot be read."""

    broken = ()

    def __getitem__(self, index):
        if index in self.broken:
            raise OSError(f"{index}.jpg is truncated")
        return super().__getitem__(index)


def broken(good, numbers):
    faces = Broken(good.items, good.names)
    faces.broken = numbers
    return faces


@pytest.mark.costly
@pytest.mark.parametrize("size", [1, 4, 64])
@pytest.mark.parametrize("missing", [(0,), (2, 3), (4, 5, 6, 7)])
def test_what_cannot_be_read_is_skipped_and_named(missing, size):
    good = drawn(11)
    result = explain(replace(TRUST, batch_size=size, probed=3), broken(good, missing))
    assert [one.number for one in result.skipped] == list(missing)
    assert result.skipped[0].why == f"OSError: {missing[0]}.jpg is truncated"
    left = [number for number in range(11) if number not in missing]
    assert result.numbers.tolist() == left
    assert result.names == tuple(f"face {number}" for number in left)
    assert result.seen == result.total == 11
    alone = explain(replace(TRUST, probed=3), Faces([good.items[number] for number in left]))
    torch.testing.assert_close(result.ior, alone.ior, equal_nan=True, rtol=0, atol=1e-6)
    torch.testing.assert_close(result.randomised, alone.randomised, equal_nan=True, rtol=0, atol=1e-6)
    taken = alone.patches.images >= 0
    assert torch.equal(result.patches.images[taken], torch.tensor(left)[alone.patches.images[taken]])
    assert set(result.patch_frame()["name"]) == set(alone.patch_frame()["name"])


def test_what_was_skipped_is_tried_again(tmp_path):
    good = drawn(11)
    once = explain(FAST, broken(good, (3, 8)))
    once.save(tmp_path / "once.safetensors")
    again = FaceXResult.load(tmp_path / "once.safetensors")
    assert again.skipped == once.skipped
    whole = explain(FAST, good, resume=again)
    assert whole.skipped == ()
    assert_same(whole, explain(FAST, good), exactly=("images", "places", "pixels"))


@pytest.mark.parametrize("size", [4, 32])
def test_a_data_set_that_fails_half_way_loses_nothing(size):
    engine, good = replace(FAST, batch_size=size), drawn(40)
    run = Run(engine.steps(convolutions(), broken(good, range(12, 40)), 1, regions=REGIONS))
    if size == 32:  # some of a batch are read: no reason to end
        assert len(run.result(20).skipped) == 28
        return
    with pytest.raises(RuntimeError, match=r"20 faces in a row could not be used; face 31: OSErr"):
        run.result(20)
    assert len(run.partial.ior) == 12
    assert_same(explain(engine, good, resume=run.partial), explain(engine, good), 0, exactly=("pixels",))


def test_a_data_set_that_cannot_be_read():
    with pytest.raises(RuntimeError, match=r"none of the first 5 faces can be read; .*0\.jpg is truncated"):
        explain(FAST, broken(drawn(5), range(5)))


@pytest.mark.parametrize("size", [2, 32])
@pytest.mark.parametrize("trust", [False, True])
def test_a_few_faces_of_which_none_can_be_used(size, trust):
    class Flaky(Faces):
        """The first face can be read once, and no face after that."""

        read = False

        def __getitem__(self, index):
            if self.read:
                raise OSError(f"{index}.jpg is gone")
            self.read = True
            return super().__getitem__(index)

    engine = replace(FAST, batch_size=size, trust=trust)
    with pytest.raises(RuntimeError, match=r"none of the faces could be used; face 4: OSError: 4\.jpg"):
        explain(engine, Flaky(drawn(5).items))


def nan_where_bright():
    """A network whose answer overflows where the first pixel is white."""

    class Overflowing(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = convolutions().require_module()

        def forward(self, images):
            return self.net(images) / (1 - images[:, :1, 0, 0]).sign()

    return Classifier(Overflowing().eval())


def test_faces_whose_answer_is_not_finite_are_skipped():
    faces = drawn(9)
    for number in (2, 7):
        faces.items[number].image[:, 0, 0] = 1
    result = explain(FAST, faces, nan_where_bright())
    assert [one.number for one in result.skipped] == [2, 7]
    assert "NaN or infinite" in result.skipped[0].why
    assert result.numbers.tolist() == [0, 1, 3, 4, 5, 6, 8]
    assert bool(result.probability.isfinite().all())
    faces.items[0].image[:, 0, 0] = 1
    again = explain(FAST, faces, nan_where_bright())  # the first one too
    assert [one.number for one in again.skipped] == [0, 2, 7]
    assert bool(again.prediction.isfinite().all())


def test_a_map_of_zeros():
    result = explain(FAST, [plain(), plain(mouth=0, eyes=0)], sees_red(), "red")
    assert result.ior[1, :3].tolist() == [0, 0, 0]
    assert result.patches.images.max() == 0


def test_groups_by_attribute():
    faces = drawn(6)
    result = explain(replace(FAST, groups="smiles"), faces)
    assert result.group_names == ("smiles", "not smiles")
    assert result.groups.tolist() == [0, 1] * 3
    those = explain(FAST, Faces(faces.items[::2])).to_frame()
    assert result.to_frame("smiles")["attention"].tolist() == pytest.approx(
        those["attention"].tolist(), abs=1e-6
    )
    assert result.to_frame("smiles")["count"].tolist() == those["count"].tolist()


def test_groups_by_prediction_and_by_being_right():
    # red mouth, blue elsewhere: says red, red, blue, blue; is called red where the mouth is redder
    faces = Faces([plain(), plain(other=0.1), plain(other=0.9), plain(mouth=0.1, eyes=0, other=0.5)])
    says = explain(replace(FAST, groups="prediction"), faces, sees_red(), "red")
    assert says.group_names == ("red", "not red")
    assert says.groups.tolist() == [0, 0, 1, 1]
    assert (says.probability > 0.5).tolist() == [True, True, False, False]
    right = explain(replace(FAST, groups="right"), faces, sees_red(), "red")
    assert right.group_names == ("right", "wrong")
    assert right.groups.tolist() == [0, 0, 1, 0]
    # asked about blue, the attribute of that name decides: the first three have it
    faces.names = ("blue", "red")
    other = explain(replace(FAST, groups="right"), faces, sees_red(), "blue")
    assert other.groups.tolist() == [1, 1, 0, 1]


@pytest.mark.parametrize("groups", ["beard", "right"])
def test_groups_by_what_the_faces_do_not_have(groups):
    clf = convolutions()
    with pytest.raises(ValueError, match=r"have no attribute .*; they have: smiles, red"):
        explain(replace(FAST, groups=groups), drawn(2), clf)
    with pytest.raises(ValueError, match="they have: none"):
        explain(replace(FAST, groups=groups), drawn(2).items, clf)


def test_no_groups_are_no_groups():
    result = explain(FAST, drawn(3))
    assert result.group_names == ()
    assert result.groups.tolist() == [0, 0, 0]


@pytest.mark.parametrize("method", ["saliency", "rap", "input_x_gradient"])
def test_other_methods(method):
    clf = Classifier(
        nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * SIDE**2, 3))
    )
    result = explain(replace(FAST, method=method), drawn(5), clf)
    values = result.ior[~result.ior.isnan()]
    assert result.ior.shape == (5, 4)
    assert (values >= 0).all()
    assert (values <= 1).all()
    assert values.unique().numel() > 4
    assert result.settings["method"] == method


def test_options_reach_the_method():
    a, b = (explain(replace(FAST, options={"layer": layer}), drawn(3)) for layer in ("1", "5"))
    assert not torch.allclose(a.ior, b.ior, equal_nan=True)
    with pytest.raises(ClassifierError, match=r"no layer 'layer4'. These would do: '0', '1', '3', '4', '5'$"):
        explain(replace(FAST, options={"layer": "layer4"}), drawn(3))
    with pytest.raises(ClassifierError, match=r"needs a layer that gives maps .* These would do: '0', '1'"):
        explain(replace(FAST, options={"layer": "8"}), drawn(3))


def test_the_published_tool_counts_what_is_above_the_mean():
    """Mouth .8 (204 of 255 levels), eyes .3: the mean of 48 positive pixels is above the eyes."""
    face = plain(mouth=0.8, eyes=0.24)
    big = SimpleNamespace(
        image=face.image.repeat_interleave(4, 1).repeat_interleave(4, 2),
        masks=face.masks.repeat_interleave(4, 0).repeat_interleave(4, 1),
    )
    result = explain(replace(FAST, mode="reference", patch=16), [big], sees_red(), "red")
    assert result.ior[0, :3].tolist() == pytest.approx([32 / 256, 1, 0])
    # raw (weight / places * red) and scaled, with the tool's guard, by half each, at 256 pixels a patch
    raw = 0.8 * 8 / 64**2
    expected = 256 * (raw + raw / (raw + 1e-7)) / 2
    assert float(result.patches.values[1, 0]) == pytest.approx(expected, rel=1e-5)


def test_a_randomised_model_is_evaluated_on_the_same_faces():
    result = explain(replace(TRUST, probed=6, seed=3), drawn(9))
    assert result.randomised.shape == (6, 4)
    assert torch.equal(result.randomised.isnan(), result.ior[:6].isnan())
    assert not torch.allclose(result.randomised, result.ior[:6], equal_nan=True)
    model = convolutions().randomised(3, (SIDE, SIDE))
    directly = explain(FAST, Faces(drawn(9).items[:6]), model)
    torch.testing.assert_close(result.randomised, directly.ior, equal_nan=True, atol=1e-6, rtol=0)
    assert explain(replace(TRUST, probed=600), drawn(5)).randomised.shape == (5, 4)
    assert explain(FAST, drawn(5)).randomised is None
    # the randomised model adds no patches
    assert_same(
        replace(result, randomised=None), explain(replace(FAST, seed=3), drawn(9)), 0, exactly=("pixels",)
    )


def test_trust_is_measured_later_and_kept():
    faces, engine = drawn(9), replace(TRUST, probed=6)
    whole, without = explain(engine, faces), explain(replace(engine, trust=False), faces)
    assert without.randomised is None
    asked = []
    noting = Faces([Counted(face, asked, number) for number, face in enumerate(faces.items)])
    assert_same(explain(engine, noting, resume=without), whole, 0, exactly=("pixels",))
    assert set(asked) == set(range(6))  # the attention is there already
    asked.clear()
    for trust in (True, False):
        again = explain(replace(engine, trust=trust), noting, resume=whole)
        assert torch.equal(again.randomised.nan_to_num(-1), whole.randomised.nan_to_num(-1))
    assert set(asked) == {0}


def test_the_randomised_model_is_evaluated_again_on_other_faces():
    good, engine = drawn(11), replace(TRUST, probed=3)
    early, late = (explain(engine, broken(good, (number,))) for number in (1, 8))
    whole = explain(engine, good)
    assert not torch.equal(early.randomised.nan_to_num(-1), whole.randomised.nan_to_num(-1))
    for part in (early, late):
        assert_same(explain(engine, good, resume=part), whole, exactly=("images", "pixels"))


def test_masks_follow_the_image_to_the_size_that_the_model_sees():
    net = sees_red().require_module()
    clf = Classifier(net, labels=["blue", "red"], input_size=(8, 8))
    face = plain()
    wide = SimpleNamespace(
        image=torch.cat([torch.ones(3, SIDE, 4), face.image, torch.ones(3, SIDE, 4)], 2),
        masks=torch.cat([torch.full((SIDE, 4), HAT), face.masks, torch.full((SIDE, 4), HAT)], 1),
    )
    result = explain(FAST, [face, wide], clf, "red")
    assert result.size == (8, 8)
    assert result.ior[0, 1] > 0.9
    assert result.ior[:, 3].isnan().all()  # what was cut off is not there
    torch.testing.assert_close(result.ior[0], result.ior[1], equal_nan=True, atol=0.05, rtol=0)


def test_faces_of_several_sizes_need_an_input_size():
    small = SimpleNamespace(image=torch.rand(3, 8, 8), masks=torch.ones(8, 8).int())
    with pytest.raises(ValueError, match=r"face 1 .*8 x 8.*16 x 16.*input_size"):
        explain(FAST, [plain(), small], sees_red())
    clf = Classifier(sees_red().require_module(), input_size=(8, 8))
    assert explain(FAST, [plain(), small], clf).ior.shape == (2, 4)


def test_an_empty_data_set():
    with pytest.raises(ValueError, match="no faces in the data set"):
        explain(FAST, [])


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (torch.rand(3, 16, 16), r"items with .image .*; got Tensor"),
        (SimpleNamespace(image=torch.rand(3, 16, 16)), "items with .image"),
        (SimpleNamespace(image=torch.rand(3, 16, 16), masks=None), "face 0 must be .*; got NoneType"),
        (SimpleNamespace(image=torch.rand(3, 16, 16), masks=torch.ones(16, 16)), "whole numbers"),
        (SimpleNamespace(image=torch.rand(3, 16, 16), masks=torch.ones(19, 16, 16).int()), r"\(19, 16, 16\)"),
        (
            SimpleNamespace(image=torch.rand(3, 16, 16), masks=torch.ones(8, 16).int()),
            r"\(8, 16\) and its im",
        ),
        (SimpleNamespace(image=torch.rand(3, 16, 16), masks=torch.full((16, 16), 16)), "beyond the 4 given"),
        (SimpleNamespace(image=torch.rand(3, 16, 16), masks=torch.full((16, 16), -1)), "beyond the 4 given"),
        (
            SimpleNamespace(image=torch.rand(3, 18, 16), masks=torch.ones(18, 16).int()),
            "does not divide the model's input, 18 x 16",
        ),
    ],
)
def test_faces_that_are_none(item, message):
    with pytest.raises(ValueError, match=message):
        explain(FAST, [item])


def test_the_face_that_is_wrong_is_named():
    faces = drawn(7)
    faces.items[5].masks[0, 0] = 99
    faces.items[6].masks = faces.items[6].masks[:8]
    (unknown, cut) = explain(FAST, faces).skipped
    assert (unknown.number, cut.number) == (5, 6)
    assert unknown.why == "ValueError: the masks of face 5 have a region beyond the 4 given"
    assert "(8, 16) and its image (16, 16)" in cut.why


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int16, torch.int32, torch.int64])
def test_region_bits_of_every_integer_type(dtype):
    faces = [SimpleNamespace(image=face.image, masks=torch.ones(16, 16).to(dtype)) for face in drawn(2).items]
    assert explain(FAST, faces).to_frame()["count"].tolist() == [2, 0, 0, 0]


def test_unknown_targets():
    with pytest.raises(ClassifierError, match="no class has the label 'green'"):
        explain(FAST, drawn(2), sees_red(), "green")
    with pytest.raises(ClassifierError, match="numbered from 0 to 2; got 3"):
        explain(FAST, drawn(2), target=3)


def test_a_black_box_is_refused():
    clf = Classifier(lambda images: images.mean(dim=(2, 3)))
    with pytest.raises(ClassifierError, match="needs a torch module; this classifier wraps a function"):
        explain(FAST, drawn(2), clf)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "published"},
        {"method": "lime"},
        {"patch": 0},
        {"patches": 0},
        {"batch_size": 0},
        {"per_image": 0},
        {"probed": 0},
        {"options": 7},
        {"seed": -1},
    ],
)
def test_settings_that_cannot_be(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=name):
        FaceX(**wrong)


def test_what_was_given_is_not_changed():
    faces = drawn(3)
    before = [(face.image.clone(), face.masks.clone()) for face in faces.items]
    explain(FAST, faces)
    for face, (image, masks) in zip(faces.items, before, strict=True):
        assert torch.equal(face.image, image)
        assert torch.equal(face.masks, masks)


def test_drawn_portraits():
    faces = portraits(20, size=64, seed=3)
    result = FaceX(trust=False, groups="Male", batch_size=8).explain(sees_red(), faces, "blue")
    assert result.regions == REGIONS_OF_FACES
    assert result.group_names == ("Male", "not Male")
    assert (result.groups == 0).tolist() == faces.attribute("Male").tolist()
    blue = faces.images[:, 2]
    low, high = blue.amin((1, 2), keepdim=True), blue.amax((1, 2), keepdim=True)
    masks = faces.masks
    mean = (((blue - low) / (high - low))[:, None] * masks).sum((2, 3)) / masks.sum((2, 3))
    torch.testing.assert_close(result.ior, mean, equal_nan=True, rtol=0, atol=1e-5)
    assert result.to_frame()["count"].tolist() == masks.flatten(2).any(2).sum(0).tolist()
    for row in result.patch_frame().itertuples():
        place = [region_label(name) for name in REGIONS_OF_FACES].index(row.region)
        assert masks[row.image, place, row.row : row.row + 16, row.column : row.column + 16].any()
