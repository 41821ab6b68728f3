"""The search for counterfactuals: on an editor and a model whose answer is known."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest
import torch
from small import Bare, Tint, redness
from torch import nn

from cfwidgets import Classifier, ClassifierError
from cfwidgets.engines.pareto import many
from cfwidgets.engines.pareto.engine import PlausibleCounterfactuals
from cfwidgets.engines.pareto.result import ParetoResult
from cfwidgets.engines.pareto.simplest import simplified
from cfwidgets.engines.pareto.survey import ParetoSurvey
from cfwidgets.models.attgan_editor import AttGANEditor
from cfwidgets.models.editor import EditorError
from cfwidgets.networks import AttGAN, AttGANDiscriminator
from cfwidgets.run import Run
from cfwidgets.search import GDE3, NSGA2, SMPSO

IMAGE = torch.full((3, 8, 8), 0.2)
FAST = PlausibleCounterfactuals(SMPSO(population=20, archive=20), evaluations=600)


def same(a, b):
    for name in ("deltas", "objectives", "predictions", "images"):
        assert torch.equal(getattr(a, name), getattr(b, name)), name
    torch.testing.assert_close(a.ablation, b.ablation, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize(
    "search",
    [SMPSO(population=20, archive=20), NSGA2(population=20), GDE3(population=20)],
    ids=["smpso", "nsga2", "gde3"],
)
def test_it_finds_the_change_that_matters(search):
    result = replace(FAST, search=search).explain(redness(), Tint(), IMAGE)
    assert result.target == 0
    assert result.label == "plain"
    assert result.flipped
    assert result.probability.tolist() == sorted(result.probability.tolist(), reverse=True)
    best = result.importance().iloc[0]
    assert best.attribute == "red"
    assert best["change"] > 0.3
    assert best["log-probability"] > 5 * result.importance().iloc[1:]["log-probability"].abs().max()
    frame = result.to_frame()
    assert frame.loc[frame["flips"], "red"].min() > 0.3
    # no counterfactual is better than another in everything
    better = (result.objectives[:, None] <= result.objectives[None]).all(2)
    assert not (better & ~better.T).any()


def test_the_objectives_are_what_they_say():
    result = FAST.explain(redness(), Tint(), IMAGE)
    editor, clf = Tint(), redness()
    images = editor.decode(IMAGE, result.deltas)
    kept = clf.probabilities(images)[:, 0]
    expected = torch.stack(
        [
            editor.critic(IMAGE[None]) - editor.critic(images),
            kept.clamp_min(1e-7).log(),
            result.deltas.norm(dim=1),
        ],
        1,
    )
    torch.testing.assert_close(result.objectives, expected)
    torch.testing.assert_close(result.probability, kept)
    assert torch.equal(result.images, (images * 255).round().to(torch.uint8))
    assert result.objective_names == ("plausibility", "log-probability", "intensity")
    assert (result.evaluations, result.invalid) == (600, 0)


@pytest.mark.parametrize(
    ("p", "log_probability"), [(0.5, -0.693147), (0.05, -2.995732), (1.0, 0.0), (0.0, -16.118096)]
)
def test_small_probabilities_count_as_one_in_ten_million(p, log_probability):
    def fixed(images):
        untouched = (images.mean((1, 2, 3)) - 0.2).abs() < 1e-4
        left = torch.where(untouched, 0.9, p)
        return torch.stack([left, 1 - left], 1)

    engine = replace(FAST, evaluations=20)
    result = engine.explain(Classifier(fixed), Tint(), IMAGE)
    assert result.objectives[:, 1].min() == pytest.approx(log_probability, abs=1e-5)


def test_nothing_changed_costs_nothing():
    engine = replace(FAST, frozen=("green", "blue"), limits=(0.0, 1.0), reach=0.5)
    result = engine.explain(redness(), Tint(), IMAGE)
    assert (result.deltas[:, 1:] == 0).all()
    assert result.deltas[:, 0].min() >= 0
    assert result.deltas[:, 0].max() <= 0.5
    lowest = int(result.objectives[:, 2].argmin())
    assert result.objectives[lowest, 2] == 0 or result.objectives[:, 2].min() < 0.02


def test_without_a_critic_there_are_two_objectives():
    with pytest.raises(EditorError, match="give attributes="):
        FAST.explain(redness(), Bare(), IMAGE)
    result = FAST.explain(redness(), Bare(), IMAGE, attributes={"red": 0, "green": 0, "blue": 0})
    assert result.objective_names == ("log-probability", "intensity")
    assert result.objectives.shape[1] == 2
    assert result.crossing is None
    assert result.flipped


def test_a_model_that_never_flips_is_a_result():
    result = FAST.explain(redness(threshold=2.0), Tint(), IMAGE)
    assert not result.flipped
    assert result.distance > 0.9
    assert len(result.deltas) > 0
    assert result.importance().empty


def test_answers_that_are_not_finite_are_counted_and_never_in_the_front():
    def overflowing(images):
        red = images[:, 0].mean((1, 2))
        rows = torch.stack([1 - red, red], 1)
        return torch.where((images[:, 2].mean((1, 2)) > 0.5)[:, None], torch.nan, rows)

    result = FAST.explain(Classifier(overflowing), Tint(), IMAGE)
    assert result.invalid > 0
    assert bool(result.predictions.isfinite().all())
    assert result.flipped
    assert (result.deltas[:, 2] / 2 + 0.2 <= 0.51).all()


def test_answers_that_are_finite_in_one_batch_and_not_in_another(tmp_path):
    def overflowing(images):
        asked.append(len(images))
        red = images[:, 0].mean((1, 2))
        rows = torch.stack([1 - red, red], 1)
        if len(asked) % 3 == 0:
            rows[::2] = torch.nan
        return rows

    asked = []
    result = FAST.explain(Classifier(overflowing), Tint(), IMAGE, attributes=(0, 0, 0))
    assert bool(result.predictions.isfinite().all())
    assert bool(result.objectives.isfinite().all())
    result.save(tmp_path / "front")
    assert ParetoResult.load(tmp_path / "front").summary() == result.summary()


def test_the_simplest_without_a_finite_answer_is_none(monkeypatch):
    def overflowing(images):
        red = images[:, 0].mean((1, 2))
        known = torch.stack([1 - red, red], 1)
        return torch.full_like(known, torch.nan) if answerless and len(images) == 1 else known

    def simplified_(*given):
        found = simplified(*given)
        answerless.append(True)
        return found

    answerless = []
    monkeypatch.setattr("cfwidgets.engines.pareto.engine.simplified", simplified_)
    result = replace(FAST, trust=False).explain(Classifier(overflowing), Tint(), IMAGE)
    assert answerless
    assert result.flipped
    assert result.simplest is None


def test_a_model_without_a_finite_answer_to_any_edit_leaves_an_empty_front():
    def overflowing(images):
        red = images[:, 0].mean((1, 2))
        rows = torch.stack([1 - red, red], 1)
        asked.append(len(images))
        return (
            rows if sum(asked) <= 2 else torch.full_like(rows, torch.nan)
        )  # the image and its reconstruction

    asked = []
    result = FAST.explain(Classifier(overflowing), Tint(), IMAGE)
    assert len(result.deltas) == 0
    assert result.objectives.shape == (0, 3)
    assert result.to_frame().empty
    assert result.summary().startswith("no counterfactual of this")


def test_a_second_model_without_a_finite_answer_costs_no_run(tmp_path):
    def overflowing(images):
        red = images[:, 0].mean((1, 2))
        rows = torch.stack([1 - red, red], 1)
        return torch.where((red > 0.4)[:, None], torch.nan, rows)

    alone = FAST.explain(redness(), Tint(), IMAGE)
    result = FAST.explain(redness(), Tint(), IMAGE, second=Classifier(overflowing))
    assert torch.equal(result.deltas, alone.deltas)
    assert result.second_predictions is None
    assert result.missing.keys() == {"second model flips too", "simplest flips second model"}
    result.save(tmp_path / "front")
    assert ParetoResult.load(tmp_path / "front").trust().equals(result.trust())


def test_a_second_model_without_a_finite_answer_to_the_image_is_named():
    nowhere = Classifier(lambda images: torch.full((len(images), 2), torch.nan))
    with pytest.raises(ClassifierError, match=r"^second: the model returned NaN or infinite values"):
        FAST.explain(redness(), Tint(), IMAGE, second=nowhere)


def test_a_second_model_is_asked_too():
    result = FAST.explain(redness(), Tint(), IMAGE, second=redness(threshold=0.55))
    assert result.second_predictions.shape == result.predictions.shape
    second = (result.second_predictions.argmax(1) == 1).sum()
    assert 0 < second < result.flips.sum()
    three = Classifier(lambda images: torch.ones(len(images), 3) / 3)
    with pytest.raises(ValueError, match="second has 3 classes, and the classifier 2"):
        FAST.explain(redness(), Tint(), IMAGE, second=three)


def test_stopped_saved_and_resumed(tmp_path):
    whole = FAST.explain(redness(), Tint(), IMAGE)
    for update in FAST.steps(redness(), Tint(), IMAGE):
        if update.partial.evaluations >= 100:
            break
    update.partial.save(tmp_path / "front")
    part = ParetoResult.load(tmp_path / "front")
    assert part.evaluations < 600
    same(FAST.explain(redness(), Tint(), IMAGE, resume=part), whole)
    more = replace(FAST, evaluations=900).explain(redness(), Tint(), IMAGE, resume=whole)
    assert more.evaluations == 900
    for engine, clf, image, message in (
        (replace(FAST, reach=0.5), redness(), IMAGE, "has reach=1.0, this run 0.5"),
        (FAST, redness(0.38), IMAGE, "another model"),
        (FAST, redness(), IMAGE + 0.05, "another image"),
    ):
        with pytest.raises(ValueError, match=message):
            engine.explain(clf, Tint(), image, attributes=part.attributes, resume=part)


def test_the_same_seed_gives_the_same_result():
    same(FAST.explain(redness(), Tint(), IMAGE), FAST.explain(redness(), Tint(), IMAGE))
    other = replace(FAST, seed=1).explain(redness(), Tint(), IMAGE)
    assert not torch.equal(other.deltas, FAST.explain(redness(), Tint(), IMAGE).deltas)


def test_a_run_shows_the_front_as_it_grows():
    run = Run(FAST.steps(redness(), Tint(), IMAGE), interval=0)
    assert run.result(60).evaluations == 600
    updates = list(FAST.steps(redness(), Tint(), IMAGE))
    fractions = [update.fraction for update in updates]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert updates[0].partial.evaluations == 20
    searching = [update.partial for update in updates if update.activity == "searching"]
    assert [partial.evaluations for partial in searching[:5]] == [20, 40, 60, 80, 100]
    assert all(partial.ablation is None for partial in searching)


@pytest.mark.slow
def test_an_onnx_file_is_as_good_as_its_module(tmp_path):
    torch.manual_seed(0)
    net = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)).eval()
    with torch.no_grad():
        net[2].weight.copy_(torch.tensor([[-6.0, 0, 0], [6, 0, 0]]))
        net[2].bias.copy_(torch.tensor([2.0, -2]))
    path = tmp_path / "net.onnx"
    shape = {0: torch.export.Dim.DYNAMIC}
    torch.onnx.export(
        net, (torch.rand(2, 3, 8, 8),), path, dynamo=True, dynamic_shapes=(shape,), verbose=False
    )
    found, expected = (FAST.explain(Classifier(model), Tint(), IMAGE) for model in (path, net))
    assert found.flipped
    torch.testing.assert_close(found.prediction, expected.prediction, rtol=0, atol=1e-6)
    torch.testing.assert_close(found.deltas, expected.deltas, rtol=0, atol=1e-3)


def test_attgan_and_a_network_are_left_as_they_were():
    torch.manual_seed(0)
    shape = {"size": 16, "attributes": 2, "dim": 4, "layers": 2}
    editor = AttGANEditor(AttGAN(**shape), ("Bald", "Young"), AttGANDiscriminator(**shape, hidden=8))
    net = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(768), nn.Linear(768, 2)).train()
    result = replace(FAST, evaluations=60).explain(Classifier(net), editor, torch.rand(3, 40, 30))
    assert result.image.shape == (3, 16, 16)  # as the editor sees it
    assert net.training
    assert all(network.training for network in editor.networks)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"red": 0, "green": 0}, "'blue' is missing; the editor has red, green, blue"),
        ({"red": 0, "green": 0, "blue": 0, "pink": 1}, "there is no 'pink'"),
        ([0, 1], r"must be 3 numbers, one a name; got \(2,\)"),
        ([0, 1, 2], "from 0 .absent. to 1 .present."),
        ([0, 1, float("nan")], "from 0 .absent. to 1 .present."),
    ],
)
def test_attributes_that_do_not_fit(given, message):
    with pytest.raises(ValueError, match=message):
        FAST.explain(redness(), Tint(), IMAGE, attributes=given)


def test_frozen_attributes_that_cannot_be():
    with pytest.raises(ValueError, match="frozen: there is no attribute 'pink'"):
        replace(FAST, frozen=("pink",)).explain(redness(), Tint(), IMAGE)
    with pytest.raises(ValueError, match="all attributes are frozen"):
        replace(FAST, frozen=Tint.attributes).explain(redness(), Tint(), IMAGE)


@pytest.mark.parametrize(
    "wrong",
    [
        {"search": "smpso"},
        {"evaluations": 10},
        {"reach": 0},
        {"reach": "far"},
        {"limits": (1, 0)},
        {"limits": 1},
        {"limits": ()},
        {"frozen": "Male"},
        {"frozen": None},
        {"baseline": "x"},
        {"keep_groups": "hair"},
        {"tolerance": -0.1},
        {"trust": "no"},
        {"seed": -1},
    ],
)
def test_settings_that_cannot_be(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(FAST, **wrong)


def test_many_side_by_side_find_what_each_finds_alone():
    images = torch.stack([IMAGE, IMAGE + 0.1, torch.full((3, 8, 8), 0.45)])
    survey = FAST.explain_many(redness(), Tint(), images)
    assert survey.targets.tolist() == [0, 0, 1]
    assert survey.flipped.tolist() == [True, True, True]
    for place, image in enumerate(images):
        alone = FAST.explain(redness(), Tint(), image)
        flips = alone.deltas[alone.flips]
        torch.testing.assert_close(survey.deltas[place], flips[flips.norm(dim=1).argmin()])
    frame = survey.to_frame().set_index("attribute")
    assert frame.loc["red", "necessary"] == 1
    assert frame.loc["red", "sufficient"] == pytest.approx(
        2 / 3
    )  # the last has to lose red that it does not have
    assert frame.loc["green", "sufficient"] == frame.loc["green", "necessary"] == 0
    low, high = frame.loc["red", ["low", "high"]]
    assert (low, high) == pytest.approx((3 / (3 + 1.959964**2), 1))  # Wilson's for 3 of 3
    assert survey.to_frame(target=1).set_index("attribute").loc["red", "change"] < 0
    assert survey.to_frame(target=0).set_index("attribute").loc["red", "change"] > 0
    assert "3 of 3 images flip answer; necessary: red 100%" in survey._repr_html_()


def test_a_survey_that_is_interrupted_gives_back_what_there_is(monkeypatch, capsys):
    monkeypatch.setattr("cfwidgets.engines.base.driving._interrupted", [float("-inf")])
    images = torch.stack([IMAGE, IMAGE + 0.1])
    whole = FAST.explain_many(redness(), Tint(), images)
    evaluate, calls = many.evaluate, []

    def interrupted(*given):
        calls.append(given)
        if len(calls) == 12:
            raise KeyboardInterrupt
        return evaluate(*given)

    monkeypatch.setattr(many, "evaluate", interrupted)
    with pytest.warns(UserWarning, match=r"interrupted at \d+%.*; explain_many\(…, resume=…\) continues"):
        part = FAST.explain_many(redness(), Tint(), images)
    assert part.stopped
    assert 0 < part.evaluations < whole.evaluations
    assert capsys.readouterr().err == ""
    found = FAST.explain_many(redness(), Tint(), images, resume=part, progress=True)
    assert "100%" in capsys.readouterr().err
    assert found.stopped == ""
    assert torch.equal(found.deltas, whole.deltas)


def test_a_survey_of_a_model_that_never_flips(tmp_path):
    survey = FAST.explain_many(
        redness(threshold=2.0), Tint(), [IMAGE, IMAGE], attributes=[(0, 0, 0), (1, 0, 0)]
    )
    assert survey.flipped.tolist() == [False, False]
    assert survey.to_frame()["necessary"].isna().all()
    assert (survey.to_frame()["sufficient"] == 0).all()
    assert "Few images flip: the shares are of those alone." in survey.caveats
    assert survey._repr_html_().endswith("</ul><p>0 of 2 images flip answer</p>")
    survey.save(tmp_path / "survey")
    assert ParetoSurvey.load(tmp_path / "survey").to_frame().equals(survey.to_frame())


def test_a_survey_stopped_saved_and_resumed(tmp_path):
    images = torch.stack([IMAGE, IMAGE + 0.1])
    whole = FAST.explain_many(redness(), Tint(), images)
    for update in FAST.steps_many(redness(), Tint(), images):
        if update.partial.evaluations >= 100:
            break
    update.partial.save(tmp_path / "survey")
    part = ParetoSurvey.load(tmp_path / "survey")
    assert part.evaluations < 600
    found = FAST.explain_many(redness(), Tint(), images, resume=part)
    assert found.evaluations == 600
    for name in ("deltas", "flipped", "necessary", "sufficient"):
        assert torch.equal(getattr(found, name), getattr(whole, name)), name
    for clf, others, message in (
        (redness(0.38), images, "another model"),
        (redness(), images[[0, 0]], "another set of images"),
        (redness(), images[:1], "another set of images"),
    ):
        with pytest.raises(ValueError, match=message):
            FAST.explain_many(clf, Tint(), others, attributes=part.attributes[: len(others)], resume=part)


def test_answers_that_are_not_finite_are_counted_in_a_survey():
    def answer(images):
        red = images[:, 0].mean((1, 2))
        known = torch.stack([1 - red, red], 1)
        return torch.where((images[:, 1].mean((1, 2)) > 0.6)[:, None], torch.nan, known)

    survey = FAST.explain_many(Classifier(answer), Tint(), [IMAGE, IMAGE])
    assert 0 < survey.invalid < 2 * survey.evaluations
    row = survey.trust().set_index("measure").loc["predictions not finite"]
    assert row["value"] == pytest.approx(survey.invalid / (2 * survey.evaluations))
    assert f"{survey.invalid:,}" in row["meaning"]


def test_an_image_of_a_survey_without_a_finite_answer_is_named():
    images = torch.stack([IMAGE, IMAGE + 0.05, IMAGE + 0.1])
    plain = redness()

    def gap(some):
        green = some[:, 1].mean((1, 2))
        return torch.where(((green - 0.25).abs() < 0.01)[:, None], torch.nan, plain.probabilities(some))

    with pytest.raises(ClassifierError, match=r"the image at place 1.*NaN or infinite.*leave it out"):
        FAST.explain_many(Classifier(gap), Tint(), images)
    assert len(FAST.explain_many(Classifier(gap), Tint(), images[[0, 2]]).flipped) == 2


def test_a_change_whose_taking_back_has_no_answer_is_not_called_necessary():
    plain = redness()
    assert FAST.explain_many(plain, Tint(), IMAGE[None]).necessary.any()

    def flips_only(some):
        """Answer to the image and to flips, and to no other."""
        rows = plain.probabilities(some)
        other = (some - IMAGE).abs().amax((1, 2, 3)) > 1e-6
        return torch.where((other & (rows.argmax(1) == 0))[:, None], torch.nan, rows)

    survey = FAST.explain_many(Classifier(flips_only), Tint(), IMAGE[None])
    assert survey.flipped.all()
    assert (survey.deltas != 0).sum() > 1  # so that nothing taken back leaves the image
    assert not survey.necessary.any()


def test_surveys_of_nothing_and_of_what_does_not_fit():
    with pytest.raises(ValueError, match="there are no images"):
        FAST.explain_many(redness(), Tint(), [])
    with pytest.raises(ValueError, match="one row for each of 2 images; got 1"):
        FAST.explain_many(redness(), Tint(), [IMAGE, IMAGE], attributes=[(0, 0, 0)])


def test_the_figure_of_a_survey_has_a_pair_of_bars_for_each_attribute():
    survey = FAST.explain_many(redness(), Tint(), torch.stack([IMAGE, IMAGE + 0.1]))
    (axis,) = survey.plot().axes
    assert axis.get_yticklabels()[0].get_text() == "red"
    necessary, sufficient = axis.containers[0], axis.containers[2]
    frame = survey.to_frame()
    assert [bar.get_width() for bar in necessary] == frame["necessary"].tolist()
    assert [bar.get_width() for bar in sufficient] == frame["sufficient"].tolist()
    assert "<img alt=" in survey._repr_html_()
    with pytest.raises(ValueError, match="no flip to draw"):
        replace(survey, necessary=None).plot()


def test_a_survey_measures_how_far_to_trust_it():
    images = torch.stack([IMAGE, IMAGE + 0.1])
    survey = FAST.explain_many(redness(), Tint(), images)
    rows = survey.trust().set_index("measure")["value"]
    assert rows["reconstruction flips"] == 0
    assert rows["images that flip"] == 1
    assert rows["flips left in 8 bits"] == pytest.approx(float(survey.rounded_flips.float().mean()))
    assert rows["random edits flip"] == pytest.approx(float(survey.random_flips.float().mean()))
    assert survey.random_flips.shape == (20,)
    without = replace(FAST, trust=False).explain_many(redness(), Tint(), images)
    assert list(without.trust()["measure"]) == ["reconstruction flips", "images that flip"]


def asked(clf_of):
    """A classifier, and the list of how many images it was given each time."""
    counts = []

    def counted(images):
        counts.append(len(images))
        return clf_of.probabilities(images)

    return Classifier(counted, labels=["plain", "red"]), counts


def test_a_finished_result_is_resumed_at_once_and_what_is_missing_is_measured():
    whole = FAST.explain(redness(), Tint(), IMAGE)
    clf, counts = asked(redness())
    whole = replace(whole, model=clf.name)
    same(FAST.explain(clf, Tint(), IMAGE, resume=whole), whole)
    assert sum(counts) == 2  # the image and its reconstruction, by which the model is known
    assert whole.rounded_flips is not None
    bare = replace(FAST, trust=False).explain(clf, Tint(), IMAGE)
    assert (bare.rounded_flips, bare.random_flips) == (None, None)
    counts.clear()
    measured = FAST.explain(clf, Tint(), IMAGE, resume=bare)
    single = 2 * (1 + int(whole.single.isfinite().sum()))  # without a change too, and in the mirror
    simplest = 1  # in 8 bits
    assert sum(counts) == 2 + 100 + len(whole.deltas) + simplest + single + len(whole.elsewhere)
    assert torch.equal(measured.random_flips, whole.random_flips)
    assert torch.equal(measured.rounded_flips, whole.rounded_flips)
    second = redness(threshold=0.55)
    with_second = FAST.explain(clf, Tint(), IMAGE, resume=whole, second=second)
    assert torch.equal(
        with_second.second_predictions, FAST.explain(clf, Tint(), IMAGE, second=second).second_predictions
    )
    assert FAST.explain(clf, Tint(), IMAGE, resume=with_second).second_predictions is not None
    with pytest.raises(ValueError, match="another second model"):
        FAST.explain(clf, Tint(), IMAGE, resume=with_second, second=redness(threshold=0.3))


def test_an_editor_is_known_by_its_reconstruction_or_its_weights():
    class Other(Tint):
        def decode(self, image, attributes):
            return super().decode(image, attributes) * 0.9

    class Weighted(Tint):
        def __init__(self, weights):
            self.weights = weights

        def fingerprint(self):
            return self.weights

    part = next(FAST.steps(redness(), Tint(), IMAGE)).partial
    with pytest.raises(ValueError, match="another editor, whose reconstruction differs"):
        next(FAST.steps(redness(), Other(), IMAGE, resume=part))
    part = next(FAST.steps(redness(), Weighted("a"), IMAGE)).partial
    with pytest.raises(ValueError, match="of another editor"):
        next(FAST.steps(redness(), Weighted("b"), IMAGE, resume=part))
    survey = next(FAST.steps_many(redness(), Tint(), [IMAGE, IMAGE])).partial
    far = redness(0.38)
    with pytest.raises(ValueError, match="another editor, by whose answer the image at place 0"):
        next(FAST.steps_many(redness(), Other(), [IMAGE, IMAGE], attributes=survey.attributes, resume=survey))
    mixed = replace(
        survey, predictions=torch.stack([survey.predictions[0], far.probabilities(IMAGE[None])[0]])
    )
    with pytest.raises(ValueError, match="another model, by whose answer the image at place 1"):
        next(FAST.steps_many(redness(), Tint(), [IMAGE, IMAGE], resume=mixed))


def test_a_survey_is_written_to_a_checkpoint_and_resumed_from_it(tmp_path):
    images = torch.stack([IMAGE, IMAGE + 0.1])
    path = tmp_path / "survey.safetensors"
    whole = FAST.explain_many(redness(), Tint(), images)
    with closing(FAST.steps_many(redness(), Tint(), images, checkpoint=path)) as updates:
        next(updates)
    assert ParetoSurvey.load(path).evaluations == 20
    found = FAST.explain_many(redness(), Tint(), images, checkpoint=path)
    for name in ("deltas", "flipped", "necessary", "sufficient", "random_flips"):
        assert torch.equal(getattr(found, name), getattr(whole, name)), name
    assert ParetoSurvey.load(path).to_frame().equals(found.to_frame())


def test_the_target_is_the_class_that_is_predicted():
    named = FAST.steps(redness(), Tint(), IMAGE, "plain")
    assert next(named).partial.target == 0
    with pytest.raises(ValueError, match="the model predicts for the image, 'plain', and not 'red'"):
        next(FAST.steps(redness(), Tint(), IMAGE, "red"))


def test_random_edits_that_flip_show_a_model_that_anything_flips():
    def nervous(images):
        changed = (images - IMAGE).abs().amax((1, 2, 3)) > 0.02
        p = torch.where(changed, 0.1, 0.9)
        return torch.stack([p, 1 - p], 1)

    anything = FAST.explain(Classifier(nervous), Tint(), IMAGE)
    assert anything.trust().set_index("measure").loc["random edits flip", "value"] > 0.9
    red_alone = FAST.explain(redness(), Tint(), IMAGE)
    assert red_alone.trust().set_index("measure").loc["random edits flip", "value"] < 0.5


def test_a_flip_that_rounding_undoes_is_seen():
    def whole_levels(images):
        off = (images * 255 - (images * 255).round()).abs().amax((1, 2, 3)) > 0.01
        p = torch.where(off, 0.1, 0.9)
        return torch.stack([p, 1 - p], 1)

    image = torch.full((3, 8, 8), 51 / 255)
    result = FAST.explain(Classifier(whole_levels), Tint(), image, attributes=(0, 0, 0))
    assert result.flipped
    assert result.trust().set_index("measure").loc["flips left in 8 bits", "value"] == 0


class Mixed(Tint):
    """Of red and green only one is to be; the model wants both."""

    groups = (("red", "green"),)


def yellowness(images):
    yellow = torch.sigmoid(20 * (images[:, :2].mean((1, 2, 3)) - 0.35))
    return torch.stack([1 - yellow, yellow], 1)


@pytest.mark.costly
@pytest.mark.parametrize(
    "search",
    [SMPSO(population=20, archive=20), NSGA2(population=20), GDE3(population=20)],
    ids=["smpso", "nsga2", "gde3"],
)
def test_groups_that_exclude_each_other_are_kept(search):
    painted = []

    class Seen(Mixed):
        def decode(self, image, attributes):
            painted.append(attributes)
            return super().decode(image, attributes)

    engine = replace(FAST, search=search)
    result = engine.explain(Classifier(yellowness), Seen(), IMAGE)
    assert result.groups == (("red", "green"),)
    assert result.settings["keep_groups"] is True
    for row in torch.cat(painted):
        assert row[:2].clamp_min(0).sum() <= 1 + 1e-6
        assert (row[:2] > 0).sum() <= 1  # the image has neither
    assert (result.deltas[:, :2] > 0).sum(1).max() == 1
    # what a candidate was evaluated by is what it is
    again = Classifier(yellowness).probabilities(Tint().decode(IMAGE, result.deltas))
    torch.testing.assert_close(again, result.predictions)
    paper = replace(engine, keep_groups=False).explain(Classifier(yellowness), Seen(), IMAGE)
    assert paper.groups == ()
    assert ((paper.deltas[:, :2] > 0).sum(1) == 2).any()


def test_without_groups_the_search_is_what_it_was():
    same(
        FAST.explain(redness(), Tint(), IMAGE),
        replace(FAST, keep_groups=False).explain(redness(), Tint(), IMAGE),
    )


def test_a_search_is_resumed_with_the_groups_that_it_kept():
    clf = Classifier(yellowness)
    whole = FAST.explain(clf, Mixed(), IMAGE)
    for update in FAST.steps(clf, Mixed(), IMAGE):
        if update.partial.evaluations >= 100:
            break
    same(FAST.explain(clf, Mixed(), IMAGE, resume=update.partial), whole)
    free = replace(FAST, keep_groups=False)
    with pytest.raises(ValueError, match="exclude each other: red or green; in this run: none"):
        free.explain(clf, Mixed(), IMAGE, resume=update.partial)
    # a result from before there were groups is one without
    old = next(free.steps(clf, Mixed(), IMAGE)).partial
    old = replace(
        old,
        settings={key: old.settings[key] for key in old.settings if key not in ("keep_groups", "tolerance")},
    )
    with pytest.raises(ValueError, match="exclude each other: none; in this run: red or green"):
        FAST.explain(clf, Mixed(), IMAGE, resume=old)
    same(free.explain(clf, Mixed(), IMAGE, resume=old), free.explain(clf, Mixed(), IMAGE))


def test_a_survey_keeps_groups_too():
    clf, images = Classifier(yellowness), torch.stack([IMAGE, IMAGE + 0.1])
    survey = FAST.explain_many(clf, Mixed(), images)
    assert survey.groups == (("red", "green"),)
    assert (survey.deltas[:, :2] > 0).sum(1).max() <= 1
    for place, image in enumerate(images):
        alone = FAST.explain(clf, Mixed(), image)
        flips = alone.deltas[alone.flips]
        torch.testing.assert_close(survey.deltas[place], flips[flips.norm(dim=1).argmin()])
    free = replace(FAST, keep_groups=False)
    with pytest.raises(ValueError, match="exclude each other: red or green; in this run: none"):
        free.explain_many(clf, Mixed(), images, resume=survey)


def test_what_made_room_is_neither_ablated_nor_necessary():
    class Swap(Tint):
        attributes = ("red", "green")
        groups = (("red", "green"),)

        def decode(self, image, attributes):
            return super().decode(image, torch.cat([attributes, torch.zeros(len(attributes), 1)], 1))

    image = torch.full((3, 8, 8), 0.2)
    kept = FAST.explain(redness(), Swap(), image, attributes=(0, 1))
    deltas = kept.deltas
    forced = (deltas[:, 0] > 0) & ((deltas[:, 1] + deltas[:, 0]).abs() < 1e-6)
    assert bool(forced.any())
    assert bool(kept.ablation[forced, 1].isnan().all())
    assert bool(kept.ablation[forced, 0].isfinite().all())
    survey = FAST.explain_many(redness(), Swap(), [image], attributes=[(0, 1)])
    assert survey.necessary.tolist() == [[True, False]]
    assert survey.sufficient.tolist() == [[True, False]]
