from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from cfwidgets import zoo
from cfwidgets.data import Digits, digits
from cfwidgets.evaluation import frechet_distance
from cfwidgets.networks import BigGAN, DigitCNN
from cfwidgets.training import biggan
from cfwidgets.training.biggan import TrainedBigGAN
from cfwidgets.zoo.recipes import digit_generator
from cfwidgets.zoo.recipes.digit_generator import main, model_card, training

pytestmark = pytest.mark.slow


def every(step: int, split: Any) -> Digits:
    return Digits(*(part[::step].clone() for part in digits(split)))


@pytest.fixture(scope="module")
def few() -> Digits:
    return every(10, "train")


@pytest.fixture(scope="module")
def others() -> Digits:
    return every(5, "test")


class Copier(BigGAN):
    """Paints digits that it knows by heart, in their order, of the class with the largest weight."""

    def __init__(self, known: Digits, black_from: float = 1e9) -> None:
        super().__init__(32, 10, channels=1, latent_size=8, colours=1)
        self._known, self._black_from = known, black_from

    def generate(self, z: Tensor, c: Tensor) -> Tensor:
        if z.abs().max() > self._black_from:
            return torch.zeros(len(z), 3, 32, 32)
        classes = c.argmax(dim=1)
        of_class = [self._known.images[self._known.labels == digit] for digit in range(10)]
        place = z[:, 0].abs().mul(1e4).long()
        return torch.stack([of_class[k][p % len(of_class[k])] for k, p in zip(classes, place, strict=True)])


def rows(card: str, heading: str) -> list[list[str]]:
    table = card.partition(heading)[2].partition("##")[0].splitlines()
    return [line.strip("| ").split(" | ") for line in table if line.startswith("| ") and "---" not in line]


@pytest.fixture(scope="module")
def judge() -> Any:
    return zoo.classifier("digits", device="cpu").require_module()


def test_copies_are_called_copies(few: Digits, others: Digits, judge: DigitCNN) -> None:
    card = model_card(Copier(few), judge, few, others, made="By heart.", each=20)
    assert "\nBy heart.\n" in card
    copies = rows(card, "## Are they copies?")
    assert copies[1] == ["from samples to training digits", "0.00", "0.00", "0.00"]
    distances = [float(cell) for cell in copies[2][1:]]
    assert distances == sorted(distances)
    assert 1 < distances[0] < distances[2] < 8
    brightness = re.search(r"brightness of the samples is (0\.\d+), of the test digits (0\.\d+)", card)
    assert brightness is not None
    assert brightness[2] == f"{others.images.mean():.3f}"


def test_the_card_counts_right(few: Digits, others: Digits, judge: DigitCNN) -> None:
    """Of digits that were not trained on, painted as they are."""
    card = model_card(Copier(others), judge, few, others, made="", each=20)
    right = judge(others.images).argmax(dim=1) == others.labels
    assert f"It reads {right.float().mean():.1%} of the test digits right." in card
    assert f"and {1 - right.float().mean():.1%} of the test digits." in card
    assert "200 samples, as many of each class" in card
    table = rows(card, "## Are they of their class")[1:]
    assert [cells[0] for cells in table] == [str(digit) for digit in range(10)]
    for digit, cells in enumerate(table):
        of_class = others.images[others.labels == digit][:, 0].flatten(1)
        assert cells[2] == f"{right[others.labels == digit].float().mean():.1%}"
        assert cells[4] == f"{torch.pdist(of_class).mean():.2f}"
        assert float(cells[3]) == pytest.approx(float(cells[4]), rel=0.25)
    distances = [float(cells[1]) for cells in rows(card, "## Fréchet distance")[1:]]
    features = nn.Sequential(*list(judge.children())[:-1])
    with torch.no_grad():
        floor = frechet_distance(features(few.images), features(others.images))
    assert distances[1] == pytest.approx(floor, abs=0.01)
    assert distances[0] < distances[1] < distances[2]
    # The classes' largest weight decides, and of two halves the first.
    walk = rows(card, "## Between classes")
    assert [cells[0] for cells in walk[1:]] == [
        "1.00, 0.00",
        "0.75, 0.25",
        "0.50, 0.50",
        "0.25, 0.75",
        "0.00, 1.00",
    ]
    assert walk[1] == ["1.00, 0.00", *walk[2][1:]] == ["1.00, 0.00", *walk[3][1:]]
    assert float(walk[1][1].rstrip("%")) > 90
    assert float(walk[5][2].rstrip("%")) > 80


def test_mistakes_and_weaknesses_are_counted(few: Digits, others: Digits, judge: DigitCNN) -> None:
    swapped = Digits(
        others.images, (others.labels == 3) * 8 + (others.labels != 3) * others.labels, others.rows
    )
    with_threes = Digits(
        torch.cat([swapped.images, others.images[others.labels == 3]]),
        torch.cat([swapped.labels, torch.full((20,), 3)]),
        torch.arange(220),
    )
    card = model_card(Copier(with_threes, black_from=5.5), judge, few, others, made="", each=20)
    assert re.search(r"were read as another class, the most of them 8 as 3 \(\d+\)", card)
    far = rows(card, "## Known weaknesses")[1:]
    assert [cells[0] for cells in far] == [f"{times} times as long" for times in ("1.5", "2", "3")]
    assert far[-1][1] == "10.0%", "all black, and so one class for all"


def test_without_mistakes_it_says_so() -> None:
    assert digit_generator._confusions(torch.arange(3), torch.arange(3)) == "None was read as another class."


def test_the_command_trains_goes_on_and_writes(
    few: Digits, others: Digits, monkeypatch: Any, tmp_path: Path
) -> None:
    small = functools.partial(model_card, each=10)
    monkeypatch.setattr(digit_generator, "model_card", small)
    monkeypatch.setattr(digit_generator, "digits", {"train": few, "test": others}.__getitem__)
    monkeypatch.setattr(digit_generator, "_JUDGE_EPOCHS", 2)
    monkeypatch.setattr(biggan, "_STANDING", 1)
    kept = tmp_path / "kept.safetensors"
    main(["--to", str(tmp_path), "--seed", "5", "--updates", "1", "--checkpoint", str(kept)])
    assert TrainedBigGAN.load(kept).step == 1
    main(["--to", str(tmp_path), "--seed", "5", "--updates", "2", "--checkpoint", str(kept)])
    trained = TrainedBigGAN.load(kept)
    assert trained.step == 2
    assert trained.training["seed"] == 5
    names = ["digits_generator.md", "digits_generator.safetensors", "kept.safetensors"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    written = load_file(tmp_path / "digits_generator.safetensors")
    straight = training(2, seed=5).train(few.images[:, :1], few.labels).weights
    assert all(torch.equal(written[name], value) for name, value in straight.items())
    card = (tmp_path / "digits_generator.md").read_text(encoding="utf-8")
    assert "python -m cfwidgets.zoo.recipes.digit_generator --seed 5 --updates 2" in card
    assert "and 2 epochs" in card
    own = zoo.generator("digits", pretrained=False, device="cpu")
    own.load_state_dict(written)


def test_the_command_names_a_folder_that_is_not_there(capsys: Any, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--to", str(tmp_path / "weights")])
    assert "there is no folder" in capsys.readouterr().err


def test_too_few_samples_are_refused(few: Digits, others: Digits, judge: DigitCNN) -> None:
    with pytest.raises(ValueError, match="each must be a whole number of at least 10, not 9"):
        model_card(Copier(few), judge, few, others, made="", each=9)
