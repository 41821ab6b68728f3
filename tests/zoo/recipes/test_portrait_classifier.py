from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from cfwidgets.data.portraits import Portraits, portraits
from cfwidgets.data.portraits.shortcuts import SETS, TrainingSet
from cfwidgets.networks import FaceCNN, FaceResNet, TargetCNN
from cfwidgets.training.flac import before_last
from cfwidgets.zoo.recipes import portrait_classifier
from cfwidgets.zoo.recipes.portrait_classifier import (
    answers,
    main,
    model_card,
    train,
)

pytestmark = pytest.mark.slow

SMALL = 32


@pytest.fixture(scope="module")
def few() -> Portraits:
    return portraits(96, SMALL, attributes={"Wearing_Hat": 0.5})


@pytest.fixture
def small(monkeypatch: Any) -> None:
    """The command with few and small faces."""
    for name, value in {"_FACES": 24, "_TESTED": 24}.items():
        monkeypatch.setattr(portrait_classifier, name, value)
    for name, kind in SETS.items():
        monkeypatch.setitem(SETS, name, replace(kind, size=SMALL))


def weights(network: nn.Module) -> Tensor:
    return torch.cat([values.detach().flatten() for values in network.parameters()])


def test_few_faces_teach_it_to_see_a_hat(few: Portraits) -> None:
    network = train(few, "Wearing_Hat", epochs=12, batch_size=8)
    assert isinstance(network, FaceCNN)
    assert not network.training
    others = portraits(60, SMALL, attributes={"Wearing_Hat": 0.5}, first=1000)
    right = (answers(network, others) > 0.5) == others.attribute("Wearing_Hat")
    assert right.float().mean() > 0.75


def test_a_network_with_one_unit_learns_the_same(few: Portraits) -> None:
    network = train(few, "Wearing_Hat", make=lambda: TargetCNN(few.size), epochs=6, batch_size=16)
    with torch.no_grad():
        told = network(few.images)[:, 0] > 0
    assert (told == few.attribute("Wearing_Hat")).float().mean() > 0.9


def test_the_seed_decides_and_the_random_state_is_left_alone(few: Portraits) -> None:
    before, state = few.pixels.clone(), torch.get_rng_state()
    first = train(few, epochs=1, batch_size=32, seed=3)
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(7)
    assert torch.equal(weights(train(few, epochs=1, batch_size=32, seed=3)), weights(first))
    assert not torch.equal(weights(train(few, epochs=1, batch_size=32, seed=4)), weights(first))
    assert torch.equal(few.pixels, before)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("thirds", [1, 1, 0.1, 0.1, 0.01, 0.01]), ("cosine", [1, 0.933, 0.75, 0.5, 0.25, 0.067])],
)
def test_the_learning_rate_falls_as_named(
    few: Portraits, monkeypatch: Any, schedule: Any, expected: list[float]
) -> None:
    rates = []

    class Watched(torch.optim.Adam):
        def step(self, *args: Any, **kwargs: Any) -> Any:
            rates.append(self.param_groups[0]["lr"])
            return super().step(*args, **kwargs)

    monkeypatch.setattr(torch.optim, "Adam", Watched)
    train(few, epochs=2, batch_size=32, learning_rate=1.0, schedule=schedule)
    assert rates == pytest.approx(expected, abs=1e-3)


def test_a_schedule_that_there_is_not_is_named(few: Portraits) -> None:
    with pytest.raises(ValueError, match="schedule must be one of 'cosine', 'thirds', not 'linear'"):
        train(few, schedule="linear")  # type: ignore[arg-type]


def test_a_penalty_gets_each_batch_and_is_added(few: Portraits) -> None:
    seen: list[tuple[tuple[int, ...], ...]] = []

    def pull(images: Tensor, known: Tensor, labels: Tensor) -> Tensor:
        seen.append((tuple(images.shape), tuple(known.shape), tuple(labels.shape)))
        return 100 * known.mean()

    settings: dict[str, Any] = {"make": FaceResNet, "epochs": 4, "batch_size": 64}
    pulled, free = train(few, penalty=pull, **settings), train(few, **settings)
    assert seen == 4 * [((64, 3, 32, 32), (64, 48), (64,)), ((32, 3, 32, 32), (32, 48), (32,))]
    with torch.no_grad():
        assert before_last(pulled, few.images).mean() < before_last(free, few.images).mean() / 2


def test_features_are_what_the_last_layer_gets(few: Portraits) -> None:
    network = FaceResNet().eval()
    with torch.no_grad():
        known = before_last(network, few.images[:5])
        assert known.shape == (5, 48)
        assert torch.equal(network.head(known), network(few.images[:5]))


def test_answers_are_the_probabilities_of_class_1() -> None:
    class Brightness(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            light = images.mean((1, 2, 3))
            return torch.stack([torch.zeros_like(light), light], 1)

    examples = portraits(130, 16)
    expected = torch.sigmoid(examples.images.mean((1, 2, 3)))
    assert torch.allclose(answers(Brightness(), examples), expected)


@pytest.mark.parametrize("attribute", ["Wearing_Lipstick", "Blond_Hair"])
def test_an_attribute_tells_as_often_as_the_bias_says(attribute: str) -> None:
    told = TrainingSet(attribute, 1.0, 16).draw(60)
    assert torch.equal(told.attribute(attribute), ~told.attribute("Male"))
    against = TrainingSet(attribute, 0.0, 16).draw(60)
    assert torch.equal(against.attribute(attribute), against.attribute("Male"))
    assert 0 < told.attribute("Male").sum() < 60


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "epochs must be a whole number of at least 1, not 0"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, not 0"),
        ({"learning_rate": -1}, "learning_rate must be a number of at least 0, not -1"),
        ({"target": "male"}, "did you mean 'Male'"),
    ],
)
def test_bad_input_is_named(few: Portraits, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train(few, **settings)


def test_a_bias_beyond_all_faces_is_refused() -> None:
    with pytest.raises(ValueError, match="bias must be"):
        TrainingSet("Blond_Hair", 1.5, 16).draw(2)


def test_the_card_tells_a_network_that_only_sees_lipstick(small: None) -> None:
    first = 1_000_000
    bare = portraits(24, SMALL, attributes={"Wearing_Lipstick": False}, correlate=None, first=3 * first)
    sets = (
        SETS["biased"].draw(24, first=first),
        SETS["balanced"].draw(24, first=2 * first),
        bare,
        bare.edited(Wearing_Lipstick=True),
    )
    painted = {
        image.numpy().tobytes(): bool(has)
        for one in sets
        for image, has in zip(one.images, one.attribute("Wearing_Lipstick"), strict=True)
    }

    class Shortcut(nn.Module):
        """Says Male, with a logit of 2, where there is no lipstick, and the opposite where there is."""

        def forward(self, images: Tensor) -> Tensor:
            has = torch.tensor([painted[image.numpy().tobytes()] for image in images])
            return 2.0 * torch.stack([has, ~has], 1)

    card = model_card(Shortcut(), "biased", made="By hand.", tested=24)
    assert "# portraits/male-biased" in card
    assert "By hand.\n" in card
    assert "99% of the faces with Male have" in card
    follow = sets[0].attribute("Wearing_Lipstick") != sets[0].attribute("Male")
    assert f"tendency: {follow.float().mean():.1%} right" in card
    for male, lipstick in (("Male", "no"), ("not Male", "yes")):
        assert f"| {male} | {lipstick} | 100.0% |" in card
    for male, lipstick in (("Male", "yes"), ("not Male", "no")):
        assert f"| {male} | {lipstick} | 0.0% |" in card
    assert "goes from 0.881 to 0.119, and 100.0% of the answers change" in card


def test_the_command_writes_weights_and_cards_of_all(small: None, tmp_path: Path) -> None:
    main(["--to", str(tmp_path), "--seed", "5"])
    stems = ("any_hair", "balanced", "biased", "blond")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"portraits_male_{stem}.{kind}" for stem in stems for kind in ("md", "safetensors")
    ]
    network = FaceCNN()
    network.load_state_dict(load_file(tmp_path / "portraits_male_blond.safetensors"))
    expected = train(TrainingSet("Blond_Hair", 0.99, SMALL).draw(24), seed=5)
    assert torch.equal(weights(network), weights(expected))
    card = (tmp_path / "portraits_male_any_hair.md").read_text(encoding="utf-8")
    assert "python -m cfwidgets.zoo.recipes.portrait_classifier --only any-hair --seed 5" in card
    assert "50% of the faces with Male have\nno blond hair" in card


def test_the_command_writes_only_what_is_asked_for(small: None, tmp_path: Path) -> None:
    main(["--to", str(tmp_path), "--only", "blond"])
    assert {path.stem for path in tmp_path.iterdir()} == {"portraits_male_blond"}


def test_the_command_names_a_folder_that_is_not_there(capsys: Any, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--to", str(tmp_path / "weights")])
    assert "there is no folder" in capsys.readouterr().err
