from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Any

import pytest
import torch

from cfwidgets import zoo
from cfwidgets.data.portraits.attributes import EXCLUSIVE
from cfwidgets.engines.pareto.coherence import Coherence
from cfwidgets.models.classifier import ClassifierError
from cfwidgets.models.editor import EditorError
from cfwidgets.networks import AttGAN, AttGANDiscriminator
from cfwidgets.zoo.recipes.portrait_editor import EDITED, SIZE, faces, training

pytestmark = pytest.mark.slow

COUNT = 40
# That its own classifier sees what was painted, of that many: the card has what another network sees.
SURE = ("Bangs", "Eyeglasses", "Mouth_Slightly_Open", "No_Beard", "Pale_Skin")
HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair")


@pytest.fixture(scope="module")
def editor() -> Any:
    return zoo.attribute_editor("portraits", device="cpu")


@pytest.fixture(scope="module")
def people() -> tuple[torch.Tensor, torch.Tensor]:
    pixels, has = faces(COUNT, first=7_000_000)
    return pixels.float() / 255, has.float()


def painted(editor: Any, images: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    pairs = zip(images, wanted, strict=True)
    return torch.cat([editor.decode(editor.encode(image), row[None]) for image, row in pairs])


def test_a_face_painted_anew_is_the_same_face(editor: Any, people: Any) -> None:
    images, has = people
    again = painted(editor, images, has)
    apart = (again - images).abs().mean((1, 2, 3))
    assert apart.max() < 0.1
    # Nearer to itself than to anyone else.
    distances = (again[:, None] - images[None]).abs().mean((2, 3, 4))
    assert torch.equal(distances.argmin(1), torch.arange(COUNT))


@pytest.mark.parametrize("name", SURE)
def test_what_is_painted_is_recognised(editor: Any, people: Any, name: str) -> None:
    images, has = people
    place = editor.attributes.index(name)
    wanted = has.clone()
    wanted[:, place] = 1 - wanted[:, place]
    seen = editor.recognise(painted(editor, images, wanted))[:, place] > 0.5
    assert (seen == wanted[:, place].bool()).float().mean() > 0.8


@pytest.mark.parametrize("colour", HAIR)
def test_hair_gets_another_colour(editor: Any, people: Any, colour: str) -> None:
    images, has = people
    places = {name: editor.attributes.index(name) for name in (*HAIR, "Bald")}
    haired = has[:, places["Bald"]] == 0
    wanted = has[haired]
    wanted[:, [places[name] for name in HAIR]] = 0
    wanted[:, places[colour]] = 1
    seen = editor.recognise(painted(editor, images[haired], wanted))[:, list(places.values())[:3]]
    assert (seen.argmax(1) == HAIR.index(colour)).float().mean() > 0.9


def test_blond_takes_the_place_of_the_hair_that_is_there(editor: Any, people: Any) -> None:
    images, has = people
    assert editor.groups == EXCLUSIVE
    places = [editor.attributes.index(name) for name in HAIR]
    others = has[:, places[0]] + has[:, places[2]] == 1  # black or brown
    blond = torch.zeros(1, len(EDITED))
    blond[0, places[1]] = 0.96

    def called_blond(coherent: bool) -> float:
        groups = editor.groups if coherent else ()
        wanted = torch.cat(
            [row + Coherence(EDITED, groups, row, -torch.ones(len(row)))(blond) for row in has[others]]
        )
        seen = editor.recognise(painted(editor, images[others], wanted))[:, places]
        return float((seen.argmax(1) == 1).float().mean())

    assert int(others.sum()) > 15
    assert called_blond(coherent=True) > 0.95
    assert called_blond(coherent=False) < 0.9


def test_noise_looks_less_real_than_faces(editor: Any, people: Any) -> None:
    images, _ = people
    noise = torch.rand(images.shape, generator=torch.Generator().manual_seed(0))
    assert editor.critic(images).min() > editor.critic(noise).max()


def test_it_has_the_shape_that_is_trained(editor: Any) -> None:
    assert editor.attributes == EDITED
    assert editor.size == (SIZE, SIZE)
    settings = training()
    shape = {"size": SIZE, "attributes": len(EDITED), "dim": settings.dim, "layers": settings.layers}
    generator, discriminator = editor.networks
    AttGAN(**shape).load_state_dict(generator.state_dict())
    AttGANDiscriminator(**shape, hidden=settings.hidden).load_state_dict(discriminator.state_dict())
    assert not any(part.training for network in editor.networks for part in network.modules())


def test_the_card_is_of_these_weights(editor: Any) -> None:
    weights = files("cfwidgets.zoo") / "weights"
    card = (weights / "portraits_editor.md").read_text(encoding="utf-8")
    assert hashlib.sha256((weights / "portraits_editor.safetensors").read_bytes()).hexdigest() in card
    for network in editor.networks:
        assert f"{sum(weights.numel() for weights in network.parameters()):,}" in card
    settings = training()
    assert f"--updates {settings.updates} --seed {settings.seed}" in card
    for name in EDITED:
        assert f"| {name} |" in card


def test_what_cannot_be_made_is_named() -> None:
    with pytest.raises(
        EditorError, match="no editor is called 'portrait': there is 'portraits'; did you mean 'portraits'"
    ):
        zoo.attribute_editor("portrait")
    with pytest.raises(EditorError, match="there is 'portraits'"):
        zoo.attribute_editor("celeba")
    with pytest.raises(ClassifierError, match="got 'tpu'"):
        zoo.attribute_editor("portraits", device="tpu")
