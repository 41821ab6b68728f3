"""pyfacer's own code with networks that anyone can read: their weights cannot be downloaded everywhere."""

from __future__ import annotations

import importlib.util
import pickle
import sys
import urllib.error

import pytest
import torch
from torch import nn

from cfwidgets.data import REGIONS, CelebA, FaRL, MaskError
from cfwidgets.data.faces.farl import by_name

# What FaRL calls the regions in its order, and what it means.
MEANT = {
    "background": "background",
    "neck": "neck",
    "face": "skin",
    "cloth": "cloth",
    "rr": "r_ear",
    "lr": "l_ear",
    "rb": "r_brow",
    "lb": "l_brow",
    "re": "r_eye",
    "le": "l_eye",
    "nose": "nose",
    "imouth": "mouth",
    "llip": "l_lip",
    "ulip": "u_lip",
    "hair": "hair",
    "eyeg": "eye_g",
    "hat": "hat",
    "earr": "ear_r",
    "neck_l": "neck_l",
}
THEIRS, OURS = list(MEANT), list(MEANT.values())

needs_facer = pytest.mark.skipif(importlib.util.find_spec("facer") is None, reason="needs pyfacer")


class Grey(nn.Module):
    """Knows a region by its grey: the k-th of 19 is k / 18."""

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        greys = torch.arange(19, device=images.device).float().view(1, 19, 1, 1) / 18
        logits = -1e5 * (images[:, :1] - greys) ** 2
        return logits, logits


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "farl.pt"
    torch.jit.script(Grey()).save(str(path))
    return path


def detector(path, *, finds: bool):
    """RetinaFace that finds large faces or none; eyes are a tenth of the box apart, mouth below."""
    from facer.face_detection.retinaface import RetinaFace, cfg_mnet

    net = RetinaFace(cfg=cfg_mnet, phase="test")
    no, yes = torch.tensor([9.0, -9.0]), torch.tensor([-9.0, 9.0])
    points = torch.tensor([-1.0, -1, 1, -1, 0, 0, -0.7, 1, 0.7, 1]) / 2
    # Of three scales the last is the largest.
    for heads, biases in (
        (net.ClassHead, [no, no, yes if finds else no]),
        (net.BboxHead, [torch.zeros(4)] * 3),
        (net.LandmarkHead, [points] * 3),
    ):
        for head, bias in zip(heads, biases, strict=True):
            nn.init.zeros_(head.conv1x1.weight)
            head.conv1x1.bias.data = bias.repeat(2)
    torch.save(net.state_dict(), path)
    return path


@pytest.fixture
def stripes() -> tuple[torch.Tensor, torch.Tensor]:
    """An image ``(3, 57, 19 * 24)`` with a stripe for each of FaRL's regions; the number of each column."""
    numbers = torch.arange(19).repeat_interleave(24)
    return (numbers / 18).expand(3, 57, -1).contiguous(), numbers


def test_regions_are_taken_by_name() -> None:
    found = by_name(torch.arange(19), THEIRS)
    assert [OURS[number] for number in found] == list(REGIONS)
    shuffled = [THEIRS[number] for number in range(18, -1, -1)]
    assert torch.equal(by_name(torch.arange(18, -1, -1), shuffled), found)


@pytest.mark.parametrize("labels", [THEIRS[:-1], [*THEIRS[:-1], "beard"], [*THEIRS, "beard"]])
def test_other_regions_are_refused(labels) -> None:
    with pytest.raises(MaskError, match="other regions than the 19 of CelebAMask-HQ: background, neck, face"):
        by_name(torch.zeros(len(labels), 1, 1), labels)


@needs_facer
def test_the_names_are_those_of_pyfacer() -> None:
    from facer.face_parsing.farl import pretrain_settings

    assert pretrain_settings["celebm/448"]["label_names"] == THEIRS


@needs_facer
def test_each_region_is_where_it_is_seen(weights, stripes) -> None:
    image, numbers = stripes
    masks = FaRL(align=False, weights=weights, device="cpu")(image)
    assert masks.shape == (19, *image.shape[1:])
    assert masks.dtype == torch.bool
    assert masks.sum(0).max() == 1
    inner = (torch.arange(len(numbers)) % 24 > 4) & (torch.arange(len(numbers)) % 24 < 19)
    for place, region in enumerate(REGIONS):
        columns = numbers == OURS.index(region)
        assert masks[place][:, columns & inner].all(), region
        assert not masks[place][:, ~columns & inner].any(), region


@needs_facer
def test_where_no_face_is_found_the_whole_picture_is_one(weights, stripes, tmp_path) -> None:
    aligned = FaRL(weights=weights, detector_weights=detector(tmp_path / "d.pth", finds=False), device="cpu")
    plain = FaRL(align=False, weights=weights, device="cpu")
    assert torch.equal(aligned(stripes[0]), plain(stripes[0]))


@needs_facer
def test_a_face_is_cut_out_and_its_regions_put_back(weights, tmp_path) -> None:
    farl = FaRL(weights=weights, detector_weights=detector(tmp_path / "d.pth", finds=True), device="cpu")
    image = torch.full((3, 256, 256), OURS.index("skin") / 18)
    image[:, :, 40:] = OURS.index("hair") / 18
    masks = farl(image)
    known = masks.any(0)
    # The cut is a square about the largest face; outside of it nothing is known, and nothing is claimed.
    rows, columns = known.any(1).nonzero().flatten(), known.any(0).nonzero().flatten()
    # 205 pixels a side, partly beyond the picture; that of the smaller faces would be half of it.
    assert 80 < len(rows) < 205
    assert 120 < len(columns) < 205
    assert known[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].float().mean() > 0.95
    skin, hair = (masks[REGIONS.index(name)] for name in ("skin", "hair"))
    assert skin.any()
    assert hair.any()
    assert not skin[:, 42:].any()
    assert not hair[:, :38].any()


@needs_facer
def test_a_data_set_finds_its_masks_once(weights, celeba, monkeypatch) -> None:
    from cfwidgets.data.faces import dataset

    farl = FaRL(align=False, weights=weights, device="cpu")
    faces = CelebA(celeba, masks=farl, size=32)
    assert faces.pack() == 6
    assert faces[0].masks.shape == (32, 32)
    assert faces[0].masks.unique().tolist() == [1]

    # By its name, the networks are not even loaded where all is packed.
    monkeypatch.setattr(dataset, "FaRL", lambda: pickle.loads(pickle.dumps(farl)))
    monkeypatch.setattr(FaRL, "load", lambda self: pytest.fail("loaded"))
    faces = CelebA(celeba, masks="farl", size=32)
    assert faces[5].masks.shape == (32, 32)
    with pytest.raises(pytest.fail.Exception, match="loaded"):
        CelebA(celeba, masks="farl", size=16)


@needs_facer
def test_other_weights_are_other_masks(weights, tmp_path) -> None:
    other = tmp_path / "other.pt"
    other.write_bytes(weights.read_bytes() + b" ")
    keys = {
        FaRL(device="cpu").cache_key,
        FaRL(device="cpu", align=False).cache_key,
        FaRL(device="cpu", align=False, weights=weights).cache_key,
        FaRL(device="cpu", align=False, weights=other).cache_key,
    }
    assert len(keys) == 4
    with pytest.raises(FileNotFoundError, match=r"no weights at .*nowhere\.pt"):
        FaRL(weights=tmp_path / "nowhere.pt")


@needs_facer
def test_weights_that_cannot_be_downloaded_are_said_early(celeba, monkeypatch, tmp_path) -> None:
    def offline(*_, **__):
        raise urllib.error.URLError("no network")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(
        ConnectionError, match=r"downloaded once, and that failed .*no network.*checkpoints.*weights=FILE"
    ):
        CelebA(celeba, masks="farl")


def test_without_pyfacer_one_is_told_how_to_get_it(celeba, monkeypatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'pyfacer: pip install "cfwidgets\[farl\]"'):
        CelebA(celeba, masks="farl")


@needs_facer
def test_a_library_that_pyfacer_lacks_is_named(monkeypatch) -> None:
    farl = FaRL(device="cpu")
    monkeypatch.setitem(sys.modules, "facer", None)
    with pytest.raises(
        ImportError, match=r"pyfacer is installed and cannot be imported .*opencv-python-headless"
    ):
        farl.load()
