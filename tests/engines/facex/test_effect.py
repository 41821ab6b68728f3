"""The effect of hidden regions: on networks whose answer is known, and however the run goes."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from cfwidgets import Classifier
from cfwidgets.engines.facex.engine import FaceX
from cfwidgets.engines.facex.result import FaceXResult

SIDE = 16
REGIONS = ("face", "mouth", "hat")
FACE, MOUTH, HAT = 1, 2, 4
ENGINE = FaceX(patch=4, patches=2, trust=False, batch_size=3, sampled=5, fill="mean")


def reddish(scale=8.0, bad=None):
    """Log-odds of red: the mean of red, less that of blue, times the scale."""

    class Mean(nn.Module):
        def __init__(self):
            super().__init__()
            self.seen = nn.Conv2d(3, 2, 1, bias=False)
            self.seen.weight.data.copy_(torch.tensor([[0.0, 0, 1], [1.0, 0, 0]]).view(2, 3, 1, 1))

        def forward(self, images):
            answer = self.seen(images).mean((2, 3)) * scale
            return (
                answer
                if bad is None
                else torch.where(images.amax((1, 2, 3))[:, None] > bad, torch.nan, answer)
            )

    return Classifier(Mean(), labels=["blue", "red"])


def face(mouth=1.0, *, hat=False):
    image, masks = torch.zeros(3, SIDE, SIDE), torch.full((SIDE, SIDE), FACE, dtype=torch.int32)
    image[0, 8:12, 4:12], masks[8:12, 4:12] = mouth, FACE | MOUTH
    if hat:
        masks[:2] |= HAT
    return SimpleNamespace(image=image, masks=masks)


def explain(engine, faces, clf=None, **more):
    return engine.explain(clf or reddish(), faces, "red", regions=REGIONS, **more)


def equal(one, other):
    return torch.equal(one.sampled, other.sampled) and all(
        torch.equal(getattr(one, name).nan_to_num(-99), getattr(other, name).nan_to_num(-99))
        for name in ("effect", "repainted", "odds", "colours")
    )


FACES = [face(0.2 + 0.1 * number, hat=number % 2 == 0) for number in range(8)]


def test_it_is_the_change_of_the_log_odds():
    found = explain(ENGINE, [face(0.5)])
    # the mouth is 4 x 8 pixels; with its rim, which is black, 6 x 10 are filled with the mean, 16 / 256
    expected = 8 * (0.5 * 32 - 60 * 16 / 256) / 256
    assert found.effect[0, 1] == pytest.approx(expected, abs=1e-5)
    assert found.effect[0, 0] == pytest.approx(-8 * (256 - 32) * (16 / 256) / 256, abs=1e-5)
    assert torch.isnan(found.effect[0, 2])  # it has no hat
    assert found.to_frame()["push"].tolist()[:2] == pytest.approx(found.effect[0, :2].tolist())


def test_beside_it_stand_the_whole_face_mirrored_and_with_noise_and_its_colour():
    [(number, found)] = explain(ENGINE, [face(0.5)]).effects()
    assert number == 0
    assert found.odds[:2].tolist() == pytest.approx([8 * 0.5 * 32 / 256] * 2)
    assert 0.01 < abs(float(found.odds[2] - found.odds[0])) < 8 * 0.05
    assert found.colour.tolist() == pytest.approx([0.5 * 32 / 256, 0, 0])
    filled, mean = torch.zeros(3, 6, 10), 0.5 * 32 / 256
    filled[0, 1:5, 1:9] = 0.5
    hidden = torch.tensor([mean, 0, 0])[:, None, None].expand(3, 6, 10)
    assert found.repainted[1] == pytest.approx(float((hidden - filled).norm()), rel=1e-5)
    assert found.repainted.isnan().tolist() == [False, False, True]


def test_the_log_odds_are_not_cut_off_where_the_network_is_sure():
    weak, strong = (explain(ENGINE, [face()], reddish(scale)).effect[0, 1] for scale in (9, 9000))
    assert strong == pytest.approx(1000 * float(weak), rel=1e-4)


def test_the_sample_is_seeded_and_grows():
    first, more = explain(ENGINE, FACES), explain(replace(ENGINE, sampled=7), FACES)
    assert len(first.sampled) == 5
    assert torch.equal(more.sampled[:5], first.sampled)
    assert torch.equal(more.effect[:5].nan_to_num(-99), first.effect.nan_to_num(-99))
    assert not torch.equal(explain(replace(ENGINE, seed=3), FACES).sampled, first.sampled)
    assert len(explain(replace(ENGINE, sampled=99), FACES).sampled) == 8


def test_no_sample_no_effect():
    found = explain(replace(ENGINE, sampled=0), FACES)
    assert found.effect is None
    assert found.to_frame()["effect"].isna().all()


@pytest.mark.parametrize("size", [1, 2, 64])
def test_the_batch_size_changes_no_bit(size):
    assert equal(explain(replace(ENGINE, batch_size=size), FACES), explain(ENGINE, FACES))


def test_a_run_that_is_stopped_anywhere_is_resumed_to_the_bit(tmp_path):
    whole = explain(ENGINE, FACES)
    updates = [update.partial for update in ENGINE.steps(reddish(), FACES, "red", regions=REGIONS)]
    assert any(partial.effect is not None and 0 < len(partial.effect) < 5 for partial in updates)
    for number, partial in enumerate(updates):
        kept = tmp_path / f"{number}.safetensors"
        partial.save(kept)
        assert equal(explain(ENGINE, FACES, resume=FaceXResult.load(kept)), whole)


def test_more_faces_are_measured_when_a_result_is_resumed():
    small, large = ENGINE, replace(ENGINE, sampled=8)
    assert equal(explain(large, FACES, resume=explain(small, FACES)), explain(large, FACES))
    assert equal(explain(small, FACES, resume=explain(large, FACES)), explain(small, FACES))


@pytest.mark.parametrize("changed", [{"fill": "blur"}, {"seed": 4}])
def test_another_fill_or_sample_is_refused(changed):
    with pytest.raises(ValueError, match=f"resume: the result given has {next(iter(changed))}="):
        explain(replace(ENGINE, **changed), FACES, resume=explain(ENGINE, FACES))


def test_a_face_whose_answer_is_not_finite_counts_for_nothing():
    faces = [face(0.3), face(0.8)]
    found = explain(ENGINE, faces)
    broken = reddish(bad=0.7)  # the noise does not get there
    from cfwidgets.engines.facex.effect import effects
    from cfwidgets.engines.facex.reading import FaceReader

    reader = FaceReader(broken, faces, 3, (SIDE, SIDE))
    assert all(part.isnan().all() for part in effects(broken, reader(1), 1, 3, "mean"))
    sound = effects(broken, reader(0), 1, 3, "mean")
    kept = dict(found.effects())[0]
    for one, other in zip(sound, kept, strict=True):
        assert torch.equal(one.nan_to_num(-99), other.nan_to_num(-99))


@pytest.mark.parametrize(
    ("setting", "words"), [({"fill": "noise"}, "fill must be one of"), ({"sampled": -1}, "sampled must be")]
)
def test_what_is_refused(setting, words):
    with pytest.raises(ValueError, match=words):
        FaceX(**setting)
