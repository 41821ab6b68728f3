from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from cfwidgets.data import Digits, digits
from cfwidgets.networks import DigitCNN
from cfwidgets.zoo.recipes import digit_classifier
from cfwidgets.zoo.recipes.digit_classifier import main, model_card, train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def few() -> Digits:
    return Digits(*(part[::20].clone() for part in digits("train")))


@pytest.fixture(scope="module")
def unseen() -> Digits:
    return digits("test")


def weights(network: DigitCNN) -> Tensor:
    return torch.cat([values.detach().flatten() for values in network.parameters()])


def accuracy(network: DigitCNN, examples: Digits) -> float:
    with torch.no_grad():
        return float((network(examples.images).argmax(dim=1) == examples.labels).float().mean())


def test_two_hundred_digits_teach_it_to_read_others(few: Digits, unseen: Digits) -> None:
    assert few.labels.bincount().tolist() == [20] * 10
    network = train(few.images, few.labels, epochs=15, batch_size=20)
    assert not network.training
    assert accuracy(network, unseen) > 0.75


def test_the_seed_decides_and_the_random_state_is_left_alone(few: Digits) -> None:
    images, labels = few.images[::5], few.labels[::5]
    before, state = images.clone(), torch.get_rng_state()
    first = train(images, labels, epochs=1, batch_size=8, seed=3)
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(7)
    assert torch.equal(weights(train(images, labels, epochs=1, batch_size=8, seed=3)), weights(first))
    assert not torch.equal(weights(train(images, labels, epochs=1, batch_size=8, seed=4)), weights(first))
    assert torch.equal(images, before)


def test_the_start_is_of_the_seed_too() -> None:
    assert torch.equal(weights(digit_classifier._new_network(1)), weights(digit_classifier._new_network(1)))
    assert not torch.equal(
        weights(digit_classifier._new_network(1)), weights(digit_classifier._new_network(2))
    )


def test_digits_are_turned_scaled_and_shifted_as_said() -> None:
    image = torch.zeros(1, 3, 32, 32)
    image[..., 4:8, 14:18] = 1  # above the centre
    one, none = torch.ones(1), torch.zeros(1)

    def centre(turn: float = 0, scale: float = 1, right: float = 0, down: float = 0) -> tuple[float, float]:
        moved = digit_classifier._moved(image, *(one * v for v in (turn, scale, right, down)))[0, 0]
        along = torch.arange(32) - 15.5
        return (
            round(float((moved.sum(dim=0) * along).sum() / moved.sum()), 2),
            round(float((moved.sum(dim=1) * along).sum() / moved.sum()), 2),
        )

    assert torch.allclose(digit_classifier._moved(image, none, one, none, none), image, atol=1e-5)
    assert centre() == (0, -10)
    assert centre(turn=90) == (-10, 0)
    assert centre(scale=0.5)[1] == pytest.approx(-5, abs=0.01)
    assert centre(right=4 / 32) == (4, -10)
    assert centre(down=4 / 32) == (0, -6)


def test_each_digit_is_changed_by_itself_and_a_little(few: Digits) -> None:
    images = few.images[:1].expand(20, -1, -1, -1)
    varied = digit_classifier._varied(images, torch.Generator().manual_seed(0))
    assert len({image.numpy().tobytes() for image in varied}) == 20
    assert varied.min() >= 0
    assert varied.max() <= 1
    assert varied.sum(dim=(1, 2, 3)).div(images.sum(dim=(1, 2, 3))).sub(1).abs().max() < 0.25


@pytest.mark.parametrize(
    ("shape", "count", "settings", "message"),
    [
        ((4, 3, 28, 28), 4, {}, r"images are \(N, 3, 32, 32\) .* got \(4, 3, 28, 28\) and \(4,\)"),
        ((4, 3, 32, 32), 3, {}, r"got \(4, 3, 32, 32\) and \(3,\)"),
        ((0, 3, 32, 32), 0, {}, r"got \(0, 3, 32, 32\)"),
        ((4, 3, 32, 32), 4, {"epochs": 0}, "epochs must be a whole number of at least 1, not 0"),
        ((4, 3, 32, 32), 4, {"batch_size": 0}, "batch_size must be a whole number of at least 1, not 0"),
        ((4, 3, 32, 32), 4, {"learning_rate": -1}, "learning_rate must be a number of at least 0, not -1"),
    ],
)
def test_bad_input_is_named(shape: Any, count: int, settings: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train(torch.zeros(shape), torch.zeros(count, dtype=torch.long), **settings)


def test_the_card_counts_right(unseen: Digits) -> None:
    class Oracle(DigitCNN):
        """Reads the digit off its place, and every 4 but the first as a 9, with a logit of 2."""

        def forward(self, images: Tensor) -> Tensor:
            if len(images) == 1:
                return torch.zeros(1, 10)
            answers = unseen.labels.clone()
            answers[401:500] = 9
            return 2.0 * torch.nn.functional.one_hot(answers, 10)

    card = model_card(Oracle(), unseen, made="By hand.")
    assert "By hand.\n" in card
    assert "100 of each: 90.1% right, 99 wrong." in card
    assert "where right 0.451, where wrong 0.451" in card  # e^2 / (e^2 + 9)
    assert "| 3 | 100.0% | 100.0% |" in card
    assert "| 4 | 1.0% | 100.0% |" in card
    assert "| 9 | 100.0% | 50.3% |" in card
    assert "| 400 |" not in card
    assert "| 401 | 4 | 9 | 0.45 | 0.06 |" in card
    assert "an all-black image as 0, with confidence\n0.10" in card


def test_the_command_writes_weights_and_card(few: Digits, monkeypatch: Any, tmp_path: Path) -> None:
    asked: list[str] = []

    def some_digits(split: str) -> Digits:
        asked.append(split)
        return few

    monkeypatch.setattr(digit_classifier, "digits", some_digits)
    main(["--to", str(tmp_path), "--seed", "5"])
    assert asked == ["train", "test"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["digits.md", "digits.safetensors"]
    network = DigitCNN()
    network.load_state_dict(load_file(tmp_path / "digits.safetensors"))
    assert torch.equal(weights(network), weights(train(few.images, few.labels, seed=5)))
    card = (tmp_path / "digits.md").read_text(encoding="utf-8")
    assert "python -m cfwidgets.zoo.recipes.digit_classifier --seed 5" in card
    assert f"{accuracy(network, few):.1%} right" in card


def test_the_command_names_a_folder_that_is_not_there(capsys: Any, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--to", str(tmp_path / "weights")])
    assert "there is no folder" in capsys.readouterr().err
