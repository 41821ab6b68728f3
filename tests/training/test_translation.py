"""The training of the translator: its schedule, its going on, its ends, and that it learns."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from cfwidgets import data
from cfwidgets.evaluation.segmentation import saliency, segmentation_curve
from cfwidgets.results import ResultError
from cfwidgets.training import translation_updates
from cfwidgets.training.translation import TrainedTranslator, TranslationTraining
from cfwidgets.training.translation_held_out import HeldOut
from cfwidgets.training.translation_networks import TranslationNetworks
from cfwidgets.training.translation_updates import TranslationWork

FAST = TranslationTraining(
    updates=6,
    batch_size=4,
    warm_updates=2,
    width=8,
    full_width=4,
    levels=2,
    noise=4,
    discriminator_width=8,
    dropout=0.2,
    report_every=2,
    seed=1,
)
SWIN = replace(FAST, generator="swin", width=6, levels=3, codes=8)


def discs(n=40, size=16, seed=0):
    """Grey noise, half of it with a bright disc at a random place; and masks."""
    generator = torch.Generator().manual_seed(seed)
    images = 0.4 + 0.1 * torch.rand(n, 1, size, size, generator=generator).expand(-1, 3, -1, -1)
    labels = torch.arange(n) % 2
    centres = torch.rand(n, 2, 1, 1, generator=generator) * (size - 6) + 3
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    far = (rows - centres[:, 0]) ** 2 + (columns - centres[:, 1]) ** 2
    masks = (far < 9) & (labels == 1)[:, None, None]
    return torch.where(masks[:, None], images + 0.4, images), labels, masks


def work(settings=FAST):
    images, labels, _ = discs()
    return TranslationWork(settings, (images * 255).round().to(torch.uint8), labels, None, None)


def weights(network):
    return [value.clone() for value in network.state_dict().values()]


def equal(a, b):
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def same(a, b):
    return all(
        torch.equal(getattr(a, part)[name], getattr(b, part)[name])
        for part in ("weights", "judge", "state")
        for name in getattr(a, part)
    )


@pytest.mark.parametrize("discriminator", ["resnet3", "resnet18"])
def test_a_step_of_one_network_leaves_the_other_bit_identical(discriminator):
    at = work(replace(FAST, warm_updates=0, discriminator=discriminator, cycles=1))
    real = at._drawn()
    before = weights(at._networks.d)
    drawn = weights(at._networks.g)
    twins, losses = at._painter_learns(real)
    assert equal(before, weights(at._networks.d))
    assert not equal(drawn, weights(at._networks.g))
    drawn = weights(at._networks.g)
    at._judge_learns(real, twins, losses)
    assert equal(drawn, weights(at._networks.g))
    assert not equal(before, weights(at._networks.d))


@pytest.mark.costly
@pytest.mark.parametrize("ratio", [1, 2, 3])
def test_the_generator_has_one_update_for_so_many_of_the_discriminator(ratio):
    at = work(replace(FAST, warm_updates=0, discriminator_updates=ratio))
    for done in range(1, 8):
        at.update()
        counts = [
            int(next(iter(adam.state.values()))["step"]) if adam.state else 0
            for adam in (at._networks.adam_d, at._networks.adam_g)
        ]
        assert counts == [done, done // ratio]


@pytest.mark.parametrize(("cycles", "calls"), [(0, 1), (1, 2), (2, 4)])
def test_the_generator_is_called_once_for_each_application(cycles, calls):
    at = work(replace(FAST, warm_updates=0, cycles=cycles))
    called = []
    at._networks.g.register_forward_hook(lambda *_: called.append(1))
    at._painter_learns(at._drawn())
    assert len(called) == calls


def test_a_generator_that_changes_nothing_has_no_difference():
    at = work()
    torch.nn.init.zeros_(at._networks.g.last.weight)
    torch.nn.init.zeros_(at._networks.g.last.bias)
    images = discs()[0]
    twins = at._networks.g(images, torch.randn(len(images), 4)).twins
    assert torch.equal(twins, images)
    assert not saliency(images, twins).any()


def test_batches_have_as_many_of_each_class():
    images, labels, _ = discs()
    few = torch.cat([torch.arange(0, 40, 2), torch.tensor([1, 3])])
    pixels = labels[:, None, None, None].expand(-1, 3, 16, 16).to(torch.uint8) * 255
    at = TranslationWork(replace(FAST, light=0.0, tint=0.0), pixels[few], labels[few], None, None)
    assert at._drawn().mean((1, 2, 3)).tolist() == at._labels.tolist() == [0, 0, 1, 1]
    assert len(images) == 40


def test_the_warm_up_teaches_classes_only_and_ends_with_painted_at_nought():
    at = work(replace(FAST, warm_updates=3))
    drawn = [at._networks.g.last.weight.clone(), at._networks.g.noises[0].lay.weight.clone()]
    for _ in range(3):
        at.update()
    assert equal(drawn, [at._networks.g.last.weight, at._networks.g.noises[0].lay.weight])
    assert not at._networks.d.fc.weight[2].any()
    assert torch.allclose(at._networks.d.fc.weight[0], -at._networks.d.fc.weight[1])
    assert not at._networks.adam_d.state


def test_what_is_of_twins_is_no_number_in_the_warm_up_alone():
    trained = replace(FAST, warm_updates=3).train(*discs()[:2])
    of_twins = ["adversarial", "difference", "flipped", "fakeness", "variety"]
    known = [name in of_twins for name in TrainedTranslator.loss_names]
    assert trained.losses[:3].isnan().tolist() == [known] * 3
    assert trained.losses[3:].isfinite().all()


def test_sparsity_rises_when_the_generator_moves():
    at = work(replace(FAST, sparsity=1.0, sparsity_moved=5.0, ramp=4))
    at.step = 100
    assert at._sparsity() == 1
    at._recent = [torch.full((8,), 0.5)] * 50
    at._look()
    assert at._moved == 0
    at._recent = [torch.full((8,), 0.7)] * 50
    at._look()
    assert at._moved == 100
    assert [at._sparsity() for at.step in (100, 101, 104, 200)] == [1, 2, 5, 5]


@pytest.mark.slow
@pytest.mark.parametrize("settings", [FAST, replace(SWIN, cycles=1)])
def test_stopped_and_resumed_it_is_the_same(tmp_path, settings):
    images, labels, masks = discs()
    held_out = SimpleNamespace(images=images[:10], labels=labels[:10], masks=masks[:10])
    fast = replace(settings, measure_every=2, halved=0.5)
    whole = fast.train(images, labels, held_out=held_out)
    assert whole.losses.shape == (6, 8)
    assert whole.measured[:, 0].tolist() == [2, 4, 6]
    for stop in (2, 4):
        for update in fast.steps(images, labels, held_out=held_out):
            if update.partial.step == stop:
                update.partial.save(tmp_path / "half")
                break
        half = TrainedTranslator.load(tmp_path / "half")
        again = fast.train(images, labels, held_out=held_out, resume=half, checkpoint=tmp_path / "end")
        assert same(again, whole)
        assert torch.equal(again.losses.nan_to_num(-1), whole.losses.nan_to_num(-1))
        assert torch.equal(again.measured, whole.measured)
        assert same(TrainedTranslator.load(tmp_path / "end"), whole)
    assert not same(replace(fast, seed=2).train(images, labels), whole)


@pytest.mark.slow
def test_a_checkpoint_of_before_there_were_two_generators_goes_on():
    images, labels, _ = discs()
    half = replace(FAST, updates=4).train(images, labels)
    older = {
        name: value for name, value in half.training.items() if name not in ("generator", "codes", "encoder")
    }
    whole = FAST.train(images, labels)
    assert same(FAST.train(images, labels, resume=replace(half, training=older)), whole)
    with pytest.raises(ValueError, match="generator='unet'; here it is 'swin'"):
        next(replace(FAST, generator="swin").steps(images, labels, resume=replace(half, training=older)))


@pytest.mark.parametrize("warm", [0, 2])
def test_the_codes_of_a_swin_u_net_learn_from_the_first_update(warm):
    at = work(replace(SWIN, warm_updates=warm))
    before = at._networks.g.quantiser.codes.clone()
    at.update()
    assert not torch.equal(at._networks.g.quantiser.codes, before)


def test_the_loss_of_codes_is_that_of_each_application():
    at = work(
        replace(SWIN, cycles=1, adversarial=0.0, branch=0.0, sparsity=0.0, dropout=0.0, generator_rate=0.0)
    )
    at._networks.g.encoder.eval()  # which skips no blocks
    at._sparsity = lambda: 0.0
    seen = []
    at._networks.g.quantiser.register_forward_hook(lambda *of: seen.append(of[2][1]))
    stepped = []
    at._networks.improve_g = stepped.append
    at._painter_learns(at._drawn())
    assert len(seen) == 2
    torch.testing.assert_close(stepped[0], sum(seen) / 2)


@pytest.mark.slow
def test_a_swin_u_net_learns_on_concrete():
    """Branch and codes in the warm-up, and then to fool a discriminator that learns no more."""
    drawn = data.concrete(16, 32, seed=0)
    training = TranslationTraining(
        updates=110, batch_size=16, warm_updates=70, warm_rate=4e-3, discriminator_rate=0.0,
        generator="swin", width=12, full_width=8, levels=3, codes=32, noise=4, discriminator_width=8,
        instance_noise=0.0, sparsity=1.0, mean_decay=0.9, turned=False, light=0.0, tint=0.0,
    )  # fmt: skip
    trained = training.train(drawn.pixels, drawn.labels)
    losses = dict(zip(TrainedTranslator.loss_names, trained.losses.T, strict=True))
    assert losses["branch"][60:70].mean() < 0.8 * losses["branch"][:10].mean()
    assert losses["adversarial"][-10:].mean() < 0.6 * losses["adversarial"][70:80].mean()


@pytest.mark.slow
def test_more_updates_go_on_from_the_end():
    images, labels, _ = discs()
    shorter = FAST.train(images, labels)
    longer = replace(FAST, updates=8)
    assert same(longer.train(images, labels, resume=shorter), longer.train(images, labels))


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    images, labels, _ = discs()
    trained = FAST.train(images, labels)
    with pytest.raises(ValueError, match="width"):
        next(replace(FAST, width=12).steps(images, labels, resume=trained))
    with pytest.raises(ValueError, match="discriminator='resnet3'; here it is 'resnet18'"):
        next(replace(FAST, discriminator="resnet18").steps(images, labels, resume=trained))
    with pytest.raises(ValueError, match="size"):
        next(FAST.steps(torch.rand(40, 3, 8, 8), labels, resume=trained))
    trained.save(tmp_path / "whole")
    (tmp_path / "cut").write_bytes((tmp_path / "whole").read_bytes()[:5000])
    with pytest.raises(ResultError, match="damaged"):
        TrainedTranslator.load(tmp_path / "cut")


def test_a_loss_that_is_no_number_ends_it_at_the_last_good_state(tmp_path, monkeypatch):
    images, labels, _ = discs()
    good = replace(FAST, updates=4).train(images, labels)
    right = translation_updates.discriminator_loss
    calls = []

    def wrong(*of):
        calls.append(1)
        return right(*of) * (float("nan") if len(calls) == 3 else 1)

    monkeypatch.setattr(translation_updates, "discriminator_loss", wrong)
    with pytest.raises(FloatingPointError, match="'discriminator' is no longer a number at update 5"):
        FAST.train(images, labels, checkpoint=tmp_path / "kept")
    assert same(TrainedTranslator.load(tmp_path / "kept"), good)


@pytest.mark.parametrize("part", ["class_loss", "adversarial_loss"])
def test_a_loss_that_is_no_number_is_noticed_in_the_warm_up_and_in_the_contest(monkeypatch, part):
    right = getattr(translation_updates, part)
    monkeypatch.setattr(translation_updates, part, lambda *of, **more: right(*of, **more) * float("nan"))
    update = {"class_loss": 1, "adversarial_loss": 3}[part]
    with pytest.raises(FloatingPointError, match=f"is no longer a number at update {update}; a smaller"):
        FAST.train(*discs()[:2])


@pytest.mark.costly
@pytest.mark.parametrize(
    ("part", "place"),
    [
        (TranslationWork, "_drawn"),
        (TranslationWork, "_painter_learns"),
        (TranslationWork, "_judge_learns"),
        (TranslationNetworks, "follow"),
        (HeldOut, "measured"),
    ],
)
@pytest.mark.parametrize("update", [1, 4, 5])
def test_interrupted_at_any_moment_the_last_checkpoint_loads_and_the_curve_goes_on(
    tmp_path, monkeypatch, part, place, update
):
    images, labels, masks = discs()
    held_out = SimpleNamespace(images=images[:10], labels=labels[:10], masks=masks[:10])
    fast = replace(FAST, warm_updates=0, measure_every=1, report_every=1)
    whole = fast.train(images, labels, held_out=held_out)
    path = tmp_path / "kept"
    right, calls = getattr(part, place), []

    def interrupted(self, *of):
        calls.append(1)
        if len(calls) == update:
            raise KeyboardInterrupt
        return right(self, *of)

    monkeypatch.setattr(part, place, interrupted)
    monkeypatch.setattr("cfwidgets.engines.base.driving._interrupted", [float("-inf")])
    if update == 1:  # there is nothing to give back
        with pytest.raises(KeyboardInterrupt):
            fast.train(images, labels, held_out=held_out, checkpoint=path)
    else:
        with pytest.warns(UserWarning, match="interrupted at"):
            found = fast.train(images, labels, held_out=held_out, checkpoint=path)
        assert found.step == update - 1
    monkeypatch.undo()
    assert path.exists() == (update > 1)
    kept = TrainedTranslator.load(path) if path.exists() else None
    assert kept is None or kept.step == update - 1
    again = fast.train(images, labels, held_out=held_out, resume=kept, checkpoint=path)
    assert same(again, whole)
    assert torch.equal(again.losses, whole.losses)
    assert torch.equal(again.measured, whole.measured)


def test_a_weight_that_is_no_number_is_noticed():
    at = work()
    at.update()
    with torch.no_grad():
        at._networks.g.last.bias.fill_(float("inf"))
    with pytest.raises(FloatingPointError, match="weight"):
        at.trained()


@pytest.mark.slow
def test_a_disk_that_is_full_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    images, labels, _ = discs()
    path = tmp_path / "kept"
    first = replace(FAST, updates=4).train(images, labels, checkpoint=path)

    def half(_tensors, to, **_more):
        Path(to).write_bytes(path.read_bytes()[:5000])
        raise OSError(errno.ENOSPC, "No space left on device", to)

    monkeypatch.setattr("cfwidgets.results.save_file", half)
    with pytest.raises(OSError, match="No space left on device"):
        FAST.train(images, labels, resume=first, checkpoint=path)
    monkeypatch.undo()
    assert same(TrainedTranslator.load(path), first)
    assert [file.name for file in tmp_path.iterdir()] == ["kept"]  # nor is half a file left
    assert same(FAST.train(images, labels, resume=TrainedTranslator.load(path)), FAST.train(images, labels))


@pytest.mark.costly
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("variety", 0.01, "alike"),
        ("difference", 1e-5, "do not differ"),
        ("fakeness", 0.99, "always sure"),
    ],
)
def test_a_collapse_is_told_in_words(name, value, words):
    images, labels, _ = discs()
    trained = FAST.train(images, labels)
    losses = torch.full((2000, 8), 0.5)
    assert replace(trained, step=2000, losses=losses).collapse() == ""
    losses[:, TrainedTranslator.loss_names.index(name)] = value
    assert words in replace(trained, step=2000, losses=losses).collapse()
    assert replace(trained, step=10, losses=losses[:10]).collapse() == ""


# A collapse is not told before 500 updates of the contest.
SMALL = replace(FAST, updates=540, warm_updates=20, report_every=540, dropout=0.0)
LARGE_STEPS = {"sparsity": 0.0, "sparsity_moved": 0.0, "generator_rate": 0.05}
NO_STEPS = {"generator_rate": 0.0, "instance_noise": 0.0, "second_fakes": False}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "plain", "words"),
    [
        ({}, False, ""),
        ({"sparsity": 1e3}, False, "the twins do not differ from their images"),
        (LARGE_STEPS, False, "all twins look alike"),
        (NO_STEPS, True, "the discriminator is always sure that twins are painted"),
    ],
    ids=["none", "identity", "alike", "sure"],
)
def test_each_collapse_is_told_when_it_happens(settings, plain, words):
    images, labels, _ = discs()
    if plain:  # on an even ground each change shows
        images = (0.3 + 0.3 * labels[:, None, None, None].float()).expand_as(images).contiguous()
    trained = replace(SMALL, **settings).train(images, labels)
    assert words in trained.collapse()
    assert bool(trained.collapse()) == bool(words)


def test_a_collapse_is_in_the_activity(monkeypatch):
    images, labels, _ = discs()
    monkeypatch.setattr(TrainedTranslator, "collapse", lambda _: "stuck")
    assert [update.activity for update in FAST.steps(images, labels)][-1] == "update 6 of 6; stuck"


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (
            torch.rand(4, 3, 16, 16),
            torch.zeros(4, dtype=torch.int64),
            "two images of each class; got 4 and 0",
        ),
        (torch.rand(3, 3, 16, 16), torch.tensor([0, 1, 0]), "two images of each class"),
        (torch.rand(4, 3, 16, 16), torch.tensor([0, 1, 2, 1]), "against_the_rest"),
        (torch.rand(4, 3, 16, 16), torch.tensor([0.0, 1, 0, 1]), "int64"),
        (torch.rand(4, 3, 18, 18), torch.tensor([0, 1, 0, 1]), "multiples of 4"),
        (torch.rand(4, 1, 16, 16), torch.tensor([0, 1, 0, 1]), "3, H, H"),
        (torch.rand(4, 3, 16, 16) * 2, torch.tensor([0, 1, 0, 1]), r"\[0, 1\]"),
        (torch.rand(4, 3, 16, 16) * torch.nan, torch.tensor([0, 1, 0, 1]), r"\[0, 1\]"),
        (torch.zeros(4, 3, 16, 16, dtype=torch.int32), torch.tensor([0, 1, 0, 1]), "uint8"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(images, labels, words):
    with pytest.raises(ValueError, match=words):
        next(FAST.steps(images, labels))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"images": torch.rand(4, 3, 18, 18)}, "images held out have sides that are multiples of 4; got 18"),
        ({"labels": torch.tensor([0, 1, 2, 1])}, "labels held out must be 0 and 1"),
        ({"labels": torch.tensor([0, 1])}, r"labels held out are \(4,\) int64"),
        ({"masks": torch.zeros(4, 32, 32).bool()}, r"masks held out are \(4, 16, 16\) bool.* \(4, 32, 32\)"),
        ({"masks": torch.zeros(4, 16, 16)}, "masks held out .* torch.float32"),
    ],
)
def test_what_cannot_be_measured_on_is_refused_before_the_first_update(monkeypatch, wrong, words):
    good = {"images": torch.rand(4, 3, 16, 16), "labels": torch.tensor([0, 1, 0, 1])}
    monkeypatch.setattr(TranslationWork, "update", lambda _: pytest.fail("an update was made"))
    with pytest.raises(ValueError, match=words):
        next(FAST.steps(*discs()[:2], held_out=SimpleNamespace(**{**good, **wrong})))


@pytest.mark.parametrize("wrong", [{"batch_size": 3}, {"cycles": -1}, {"form": "x"}, {"cycle_weight": 2.0}])
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(FAST, **wrong)


def test_the_sheet_has_a_row_an_image():
    sheet = FAST.train(*discs()[:2]).sheet()
    assert sheet.shape == (8, 4, 3, 16, 16)
    assert float(sheet.min()) >= 0
    assert float(sheet.max()) <= 1


@pytest.mark.slow
def test_it_learns_to_remove_discs_and_to_paint_them():
    images, labels, _ = discs(400, 16)
    test, truth, masks = discs(100, 16, seed=1)
    training = TranslationTraining(
        updates=500,
        batch_size=16,
        warm_updates=150,
        sparsity=2.0,
        sparsity_moved=8.0,
        ramp=50,
        mean_decay=0.98,
        width=12,
        full_width=8,
        levels=2,
        noise=4,
        discriminator_width=12,
        report_every=250,
    )
    pair = training.train(images, labels).pair()
    with torch.inference_mode():
        twins = pair.generator(test).twins
        after = pair.discriminator(twins)[:, :2].argmax(1)
    assert float((after != truth).float().mean()) > 0.8
    marked = truth == 1
    curve = segmentation_curve(saliency(test, twins)[marked], masks[marked])
    assert float(curve.iou.max()) > 0.6
