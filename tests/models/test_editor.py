"""What an editor must give, and AttGAN as one."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from small import Bare
from torch import nn

from cfwidgets.models.attgan_editor import AttGANEditor
from cfwidgets.models.editor import (
    Editor,
    EditorError,
    criticised,
    groups_of,
    painted,
    recognised,
    require_editor,
    weights_fingerprint,
)
from cfwidgets.networks import AttGAN, AttGANDiscriminator

NAMES = ("Bald", "Young")
SHAPE = {"size": 32, "attributes": 2, "dim": 4, "layers": 3}


def made():
    torch.manual_seed(0)
    return AttGANEditor(AttGAN(**SHAPE).train(), NAMES, AttGANDiscriminator(**SHAPE, hidden=8).train())


def test_three_names_make_an_editor():
    assert require_editor(Bare()) is not None
    assert isinstance(made(), Editor)
    with pytest.raises(EditorError, match="got int without attributes, encode, decode"):
        require_editor(3)
    with pytest.raises(EditorError, match="got Bare itself, not one of it"):
        require_editor(Bare)
    for names in ((), ("a", "a")):
        one = Bare()
        one.attributes = names
        with pytest.raises(EditorError, match="each once and at least one"):
            require_editor(one)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(2, 3, 8, 8), r"must return images \(1, 3, H, W\); got \(2, 3, 8, 8\)"),
        (None, "got NoneType"),
        (torch.full((1, 3, 8, 8), -0.5), "painted -0.5 to -0.5: for a tanh"),
        (torch.full((1, 3, 8, 8), float("nan")), "NaN or infinite"),
    ],
)
def test_what_was_painted_is_checked(images, message):
    class Wrong(Bare):
        def decode(self, image, attributes):
            return images

    with pytest.raises(EditorError, match=message):
        painted(Wrong(), None, torch.zeros(1, 3))


def test_what_an_editor_may_lack():
    image = torch.rand(3, 8, 8)
    assert criticised(Bare(), image[None]) is None
    with pytest.raises(EditorError, match="does not recognise the attributes of an image: give attributes="):
        recognised(Bare(), image)

    class Odd(Bare):
        def critic(self, images):
            return torch.zeros(len(images), 1)

        def recognise(self, images):
            return torch.zeros(len(images), 2)

    with pytest.raises(EditorError, match=r"critic must return \(1,\); got \(1, 1\)"):
        criticised(Odd(), image[None])
    with pytest.raises(EditorError, match=r"recognise must return \(1, 3\); got \(1, 2\)"):
        recognised(Odd(), image)


def test_attgan_is_left_as_it_was():
    editor = made()
    networks = editor.networks
    norms = [part for network in networks for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
    before = [norm.running_mean.clone() for norm in norms]
    image = torch.rand(3, 32, 32)
    images = editor.decode(editor.encode(image), torch.rand(5, 2))
    assert images.shape == (5, 3, 32, 32)
    assert not images.requires_grad
    assert editor.critic(images).shape == (5,)
    has = editor.recognise(images)
    assert has.shape == (5, 2)
    assert 0 <= has.min() <= has.max() <= 1
    assert all(network.training for network in networks)
    assert all(torch.equal(norm.running_mean, mean) for norm, mean in zip(norms, before, strict=True))
    torch.testing.assert_close(recognised(editor, image), (editor.recognise(image[None])[0] > 0.5).float())


def test_it_paints_what_its_network_paints():
    editor = made()
    image, attributes = torch.rand(3, 32, 32), torch.rand(4, 2)
    network = editor.networks[0].eval()
    with torch.no_grad():
        expected = network(image.expand(4, 3, 32, 32), attributes)
    torch.testing.assert_close(editor.decode(editor.encode(image), attributes), expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("half", [False, True])
def test_saved_and_loaded(tmp_path, half):
    editor, image, attributes = made(), torch.rand(3, 32, 32), torch.rand(4, 2)
    editor.save(tmp_path / "mine.safetensors", half=half)
    again = AttGANEditor.load(tmp_path / "mine.safetensors")
    assert again.attributes == NAMES
    assert again.size == (32, 32)
    images = editor.decode(editor.encode(image), attributes)
    close = {"rtol": 0, "atol": 0.02 if half else 2e-6}
    torch.testing.assert_close(again.decode(again.encode(image), attributes), images, **close)
    torch.testing.assert_close(again.critic(images), editor.critic(images), **close)
    assert not any(weights.requires_grad for weights in again.networks[0].parameters())


def test_the_fingerprint_is_of_the_weights(tmp_path):
    editor = made()
    editor.save(tmp_path / "mine.safetensors")
    assert weights_fingerprint(AttGANEditor.load(tmp_path / "mine.safetensors")) == weights_fingerprint(
        editor
    )
    before = editor.fingerprint()
    with torch.no_grad():
        next(editor.networks[1].parameters()).add_(1e-6)
    assert weights_fingerprint(editor) != before
    assert weights_fingerprint(Bare()) == ""


def test_one_without_a_discriminator(tmp_path):
    bare = AttGANEditor(AttGAN(**SHAPE), NAMES)
    assert criticised(bare, torch.rand(1, 3, 32, 32)) is None
    bare.save(tmp_path / "bare.safetensors")
    assert AttGANEditor.load(tmp_path / "bare.safetensors").networks[1] is None


def test_what_is_no_saved_editor(tmp_path):
    path = tmp_path / "weights.safetensors"
    with pytest.raises(EditorError, match="edits 2 attributes; got 3 names"):
        AttGANEditor(AttGAN(**SHAPE), ("a", "b", "c"))
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(EditorError, match="not one that an editor wrote"):
        AttGANEditor.load(path)
    made().save(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(EditorError, match="damaged"):
        AttGANEditor.load(path)


def port_checkpoint(path, *, critic=True, size=32):
    torch.manual_seed(0)
    shape = {**SHAPE, "size": size}
    generator, discriminator = AttGAN(**shape).eval(), AttGANDiscriminator(**shape, hidden=8).eval()
    parts = {"G": generator.state_dict(), "D": discriminator.state_dict()}
    torch.save(parts if critic else {"G": parts["G"]}, path)
    return generator, discriminator


def test_a_checkpoint_of_the_port_is_an_editor_with_its_critic(tmp_path):
    path = tmp_path / "weights.7.pth"
    generator, discriminator = port_checkpoint(path, size=48)
    editor = AttGANEditor.from_checkpoint(path, NAMES, groups=(NAMES,))
    assert (editor.attributes, editor.size, editor.groups) == (NAMES, (48, 48), (NAMES,))
    image, attributes = torch.rand(3, 48, 48), torch.rand(4, 2)
    with torch.no_grad():
        expected = generator(image.expand(4, 3, 48, 48), attributes)
        realness, logits = discriminator(expected)
    images = editor.decode(editor.encode(image), attributes)
    torch.testing.assert_close(images, expected, rtol=0, atol=2e-6)
    torch.testing.assert_close(criticised(editor, expected), realness)
    torch.testing.assert_close(editor.recognise(expected), logits.sigmoid())
    assert not any(weights.requires_grad for network in editor.networks for weights in network.parameters())


def test_published_weights_hold_no_critic(tmp_path):
    path = tmp_path / "inject0.pth"
    port_checkpoint(path, critic=False)
    editor = AttGANEditor.from_checkpoint(path, NAMES, size=32)
    assert editor.networks[1] is None
    assert criticised(editor, torch.rand(1, 3, 32, 32)) is None
    assert AttGANEditor.from_checkpoint(path, NAMES).size == (128, 128)


def test_a_checkpoint_that_does_not_fit(tmp_path):
    path = tmp_path / "weights.7.pth"
    port_checkpoint(path)
    with pytest.raises(EditorError, match=r"knows 2 attributes; got 3 names"):
        AttGANEditor.from_checkpoint(path, ("a", "b", "c"))
    with pytest.raises(ValueError, match=r"D in .* is of another architecture"):
        AttGANEditor.from_checkpoint(path, NAMES, size=64)


def test_groups_are_kept_with_the_editor(tmp_path):
    names = ("Bald", "Bangs", "Blond_Hair")
    shape = {**SHAPE, "attributes": 3}
    groups = (["Bald", "Bangs"], ["Bald", "Blond_Hair"])
    editor = AttGANEditor(AttGAN(**shape), names, groups=groups)
    assert groups_of(editor) == editor.groups == (("Bald", "Bangs"), ("Bald", "Blond_Hair"))
    editor.save(tmp_path / "mine.safetensors")
    assert AttGANEditor.load(tmp_path / "mine.safetensors").groups == editor.groups
    assert AttGANEditor.load(tmp_path / "mine.safetensors", groups=()).groups == ()
    assert groups_of(Bare()) == ()


def test_an_editor_from_before_there_were_groups_is_read(tmp_path):
    path = tmp_path / "old.safetensors"
    made().save(path)
    with safe_open(path, framework="pt") as file:
        about = json.loads(file.metadata()["cfwidgets.editor"])
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    del about["groups"]
    save_file(weights, path, metadata={"cfwidgets.editor": json.dumps(about)})
    assert AttGANEditor.load(path).groups == ()


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ("red", "groups are tuples of names; got 'red'"),
        (3, "groups are tuples of names; got 3"),
        (("red", "green"), "two names or more, each once; got 'red'"),
        ((("red",),), "two names or more, each once"),
        ((("red", "red"),), "two names or more, each once"),
        ((("red", "pink"),), "there is no attribute 'pink'; the editor has red, green, blue"),
    ],
)
def test_groups_that_cannot_be(groups, message):
    one = Bare()
    one.groups = groups
    with pytest.raises(EditorError, match=message):
        require_editor(one)


def test_of_what_excludes_each_other_only_the_surest_is_recognised():
    class Sure(Bare):
        groups = (("red", "green"), ("green", "blue"))

        def recognise(self, images):
            return torch.tensor([self.seen])

    editor, image = Sure(), torch.rand(3, 8, 8)
    for seen, expected in (
        ((0.6, 0.9, 0.8), [0, 1, 0]),
        ((0.9, 0.8, 0.7), [1, 0, 1]),
        ((0.6, 0.4, 0.3), [1, 0, 0]),
        ((0.6, 0.6, 0.1), [1, 0, 0]),  # as sure: the first
        ((0.5, 0.1, 0.1), [0, 0, 0]),
    ):
        editor.seen = seen
        assert recognised(editor, image).tolist() == expected
    editor.groups, editor.seen = (), (0.6, 0.9, 0.8)
    assert recognised(editor, image).tolist() == [1, 1, 1]
