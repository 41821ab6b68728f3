"""The training of the zoo's generator of portraits, with few faces, and what its card counts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from cfwidgets import zoo
from cfwidgets.data.portraits import ATTRIBUTES, Portraits
from cfwidgets.evaluation import frechet_distance
from cfwidgets.networks import BigGAN, FaceCNN
from cfwidgets.training import biggan
from cfwidgets.training.biggan import TrainedBigGAN
from cfwidgets.training.flac import before_last
from cfwidgets.zoo.recipes.portrait_generator import examples, faces, main, model_card, training

pytestmark = pytest.mark.slow

MALE, BLOND = ATTRIBUTES.index("Male"), ATTRIBUTES.index("Blond_Hair")


@pytest.fixture(scope="module")
def few() -> Portraits:
    return faces(160)


@pytest.fixture(scope="module")
def others() -> Portraits:
    return faces(60, first=500_000)


@pytest.fixture(scope="module")
@torch.no_grad()
def judge(few: Portraits) -> FaceCNN:
    """The features of a classifier of the zoo, with a logit fitted to each attribute."""
    network = FaceCNN(len(ATTRIBUTES))
    known = zoo.classifier("portraits/male-any-hair", device="cpu").require_module()
    network.load_state_dict({**network.state_dict(), **_without_head(known)})
    features = before_last(known, few.images)
    fitted = torch.linalg.lstsq(
        torch.cat([features, torch.eye(96)]),
        torch.cat([few.attributes.float() - 0.5, torch.zeros(96, len(ATTRIBUTES))]),
    )
    network.head.weight.copy_(fitted.solution.T)
    network.head.bias.zero_()
    network.head.weight[MALE] = known.head.weight[1] - known.head.weight[0]
    network.head.bias[MALE] = known.head.bias[1] - known.head.bias[0]
    return network.eval()


def _without_head(network: FaceCNN) -> dict[str, Tensor]:
    return {name: value for name, value in network.state_dict().items() if not name.startswith("head")}


class Copier(BigGAN):
    """Paints portraits that it knows by heart, of the class with the largest weight."""

    def __init__(self, known: Portraits, black_from: float = 1e9) -> None:
        super().__init__(64, 2, channels=1, latent_size=10)
        self._known, self._black_from = known, black_from

    def generate(self, z: Tensor, c: Tensor) -> Tensor:
        if z.abs().max() > self._black_from:
            return torch.zeros(len(z), 3, 64, 64)
        male = self._known.attribute("Male")
        of_class = [self._known.images[male == bool(k)] for k in range(2)]
        place = z[:, 0].abs().mul(1e4).long()
        return torch.stack(
            [of_class[k][p % len(of_class[k])] for k, p in zip(c.argmax(dim=1), place, strict=True)]
        )


def rows(card: str, heading: str) -> list[list[str]]:
    table = card.partition(heading)[2].partition("\n## ")[0].splitlines()
    return [line.strip("| ").split(" | ") for line in table if line.startswith("| ") and "---" not in line]


def test_hair_tells_nothing_about_the_class() -> None:
    drawn = faces(400)
    male, blond = drawn.attribute("Male"), drawn.attribute("Blond_Hair")
    assert abs(male.float().mean() - 0.5) < 0.08
    assert abs(blond[male].float().mean() - 0.5) < 0.1
    assert abs(blond[~male].float().mean() - 0.5) < 0.1
    assert not drawn.attribute("Wearing_Hat").any()
    assert torch.equal(faces(2, first=7).pixels, drawn.pixels[7:9])


def test_portraits_are_learnt_with_their_mirror_images(others: Portraits) -> None:
    images, labels = examples(others)
    assert images.shape == (120, 3, 64, 64)
    assert torch.equal(images[63], others.images[3].flip(2))
    assert torch.equal(labels, torch.cat([others.attribute("Male")] * 2).long())


def test_copies_are_called_copies(few: Portraits, others: Portraits, judge: FaceCNN) -> None:
    card = model_card(Copier(few), judge, few, others, made="By heart.")
    assert "\nBy heart.\n" in card
    copies = rows(card, "## Are they copies?")
    assert copies[1] == ["from samples to training portraits", "0.00", "0.00", "0.00"]
    distances = [float(cell) for cell in copies[2][1:]]
    assert distances == sorted(distances)
    assert distances[0] > 1


def test_the_card_counts_right(few: Portraits, others: Portraits, judge: FaceCNN) -> None:
    """Of portraits that were not trained on, painted as they are."""
    card = model_card(Copier(others), judge, few, others, made="")
    with torch.no_grad():
        seen, truth = judge(others.images) > 0, others.attributes
        features = [before_last(judge, some.images) for some in (few, others)]
    assert f"it is right about {(seen == truth).float().mean():.1%} of the attributes" in card
    assert f"{len(others) // 2 * 2} samples, as many of each class, against 60 portraits" in card
    assert "160 portraits and their mirror images" in card
    quality, own, shares = (
        table.strip().split("\n")
        for table in card.partition("## Are they of their class")[2].partition("\n## ")[0].split("\n\n")[2::2]
    )
    right = seen[:, MALE] == truth[:, MALE]
    for k, line in enumerate(quality[2:]):
        is_class = truth[:, MALE] == bool(k)
        cells = line.strip("| ").split(" | ")
        assert cells[0] == ("not Male", "Male")[k]
        assert cells[2] == f"{right[is_class].float().mean():.1%}"
        assert cells[4] == f"{torch.pdist(others.images[is_class].flatten(1)).mean():.2f}"
        assert float(cells[3]) == pytest.approx(float(cells[4]), rel=0.25)
        blond = next(line for line in shares if "Blond_Hair" in line).strip("| ").split(" | ")
        assert blond[2 * k + 2] == f"{seen[is_class, BLOND].float().mean():.1%}"
    assert len(shares) == 2 + 16  # neither the class nor hats
    assert [line.split("`")[1] for line in own[2:]] == ["portraits/male-any-hair", "portraits/male-blond"]
    unbiased, biased = (
        [float(cell.rstrip("%")) for cell in line.strip("| ").split(" | ")[1:]] for line in own[2:]
    )
    assert unbiased[0] > 90
    assert biased[3] < 50 < biased[1], "it takes blond hair for the absence of Male"
    distances = [float(cells[1]) for cells in rows(card, "## Fréchet distance")[1:]]
    assert distances[1] == pytest.approx(frechet_distance(*features), abs=0.01)
    assert distances[2] > distances[1]
    # The classes' largest weight decides, and of two halves the first.
    walk = rows(card, "## Between classes")
    assert [cells[0] for cells in walk[1:]] == [
        "1.00, 0.00",
        "0.75, 0.25",
        "0.50, 0.50",
        "0.25, 0.75",
        "0.00, 1.00",
    ]
    assert walk[1][1:] == walk[2][1:] == walk[3][1:]
    assert float(walk[1][1].rstrip("%")) > 90
    assert float(walk[5][2].rstrip("%")) > 90


def test_weaknesses_are_counted(few: Portraits, others: Portraits, judge: FaceCNN) -> None:
    card = model_card(Copier(others.edited(Blond_Hair=True), black_from=5.5), judge, few, others, made="")
    far = rows(card, "## Known weaknesses")[1:]
    assert [cells[0] for cells in far] == [f"{times} times as long" for times in ("1.5", "2", "3")]
    # All black, and so one class for all, where there are as many of the other.
    assert 30 < float(far[-1][1].rstrip("%")) < 70 < float(far[0][1].rstrip("%"))
    farthest = re.search(r"three farthest off: (\w+) \((?:not )?Male: ([+-]\d+\.\d)\)", card)
    assert farthest is not None
    assert farthest[1] == "Blond_Hair"
    assert 25 < float(farthest[2]) < 75


def test_the_command_trains_goes_on_and_writes(
    few: Portraits, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    monkeypatch.setattr(biggan, "_STANDING", 1)
    kept = tmp_path / "kept.safetensors"
    words = ["--to", str(tmp_path), "--seed", "5", "--faces", "40", "--tested", "20"]
    main([*words, "--updates", "1", "--checkpoint", str(kept)])
    assert TrainedBigGAN.load(kept).step == 1
    main([*words, "--updates", "2", "--checkpoint", str(kept)])
    assert "update 2 of 2" in capsys.readouterr().out
    trained = TrainedBigGAN.load(kept)
    assert (trained.step, trained.training["seed"]) == (2, 5)
    names = ["kept.safetensors", "portraits_generator.md", "portraits_generator.safetensors"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    written = load_file(tmp_path / "portraits_generator.safetensors")
    straight = training(2, seed=5).train(*examples(faces(40))).network().half().state_dict()
    assert written.keys() == straight.keys()
    assert all(torch.equal(written[name], value) for name, value in straight.items())
    card = (tmp_path / "portraits_generator.md").read_text(encoding="utf-8")
    assert "python -m cfwidgets.zoo.recipes.portrait_generator --seed 5 --updates 2" in card
    assert not re.search(r"\bnan\b", card)
    own = zoo.generator("portraits", pretrained=False, device="cpu")
    own.load_state_dict({name: value.to(own.state_dict()[name].dtype) for name, value in written.items()})


def test_too_few_test_portraits_are_refused(few: Portraits, judge: FaceCNN) -> None:
    with pytest.raises(ValueError, match="test portraits must be a whole number of at least 20, not 4"):
        model_card(Copier(few), judge, few, faces(4, first=500_000), made="")
