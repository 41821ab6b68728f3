"""E-LIME: the oracles of a search whose answer is known."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
import torch

from cfwidgets import Classifier, ClassifierError, ELime, Lime, SuperpixelResult
from cfwidgets.engines.superpixels import elime

SIDE = 24
TILES = (torch.arange(SIDE)[:, None] // 6 * 3 + torch.arange(SIDE)[None] // 8).int()  # 4 x 3 tiles
COUNT = 12
PICTURE = torch.rand(3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 0.5 + 0.5
WEIGHTS = torch.tensor([2.0, -1, 0.5, -3, 1, 0.7, -0.2, 3, -2, 0.4, -0.6, 1.5])


class Additive:
    """P(second class) is the logistic of the sum of the weights of the tiles that are not black."""

    def __init__(self, weights=WEIGHTS):
        self.weights, self.asked, self.calls = weights, 0, 0

    def __call__(self, images):
        self.asked += len(images)
        self.calls += 1
        lit = images.amax(1).flatten(1) > 0
        tiles = torch.zeros(len(images), COUNT).index_add_(1, TILES.flatten().long(), lit.float()) > 0
        p = torch.sigmoid(tiles.float() @ self.weights)
        return torch.stack([1 - p, p], 1)


class Tiny(torch.nn.Sequential):
    def __init__(self):
        super().__init__(
            torch.nn.Conv2d(3, 4, 5, stride=2),
            torch.nn.ReLU(inplace=True),
            torch.nn.AdaptiveAvgPool2d(3),
            torch.nn.Flatten(),
            torch.nn.Linear(36, 3),
        )


def explain(engine, model=None, target=1, **kwargs):
    model = model or Additive()
    return engine.explain(Classifier(model), PICTURE, target, segments=TILES, **kwargs)


FAST = ELime(population=30, generations=12, samples=40, trust=False)


def differs(a, b, name="result", ignore=frozenset({"seconds"})):
    """Names of what differs in two results, but the time taken."""
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return [] if torch.equal(a, b) else [name]
    if is_dataclass(a) and is_dataclass(b):
        names = [field.name for field in fields(a) if field.name not in ignore]
        return [
            wrong
            for one in names
            for wrong in differs(getattr(a, one), getattr(b, one), f"{name}.{one}", ignore)
        ]
    if isinstance(a, dict) and a.keys() == b.keys():
        return [wrong for key in a for wrong in differs(a[key], b[key], f"{name}[{key}]", ignore)]
    if isinstance(a, tuple) and len(a) == len(b):
        return [wrong for i in range(len(a)) for wrong in differs(a[i], b[i], f"{name}[{i}]", ignore)]
    return [] if a == b else [name]


# A shorter run has asked about the neighbours of an answer of its own.
ASKED = frozenset({"seconds", "evaluations", "evaluated"})


def tiny():
    torch.manual_seed(0)
    return Tiny().eval()


def stopped(engine, model, updates, target=1):
    """The result as it stands when the engine is left after so many updates."""
    steps = engine.steps(Classifier(model), PICTURE, target, segments=TILES)
    partial = [update.partial for update in itertools.islice(steps, updates)][-1]
    steps.close()
    return partial


def test_the_search_finds_what_brute_force_finds():
    found = [explain(replace(FAST, population=100, generations=50, seed=seed)).mask for seed in range(20)]
    masks = torch.tensor(list(itertools.product([False, True], repeat=COUNT)))
    best = masks[(masks.float() @ WEIGHTS).argmax()]
    assert torch.equal(best, WEIGHTS > 0)
    assert sum(torch.equal(mask, best) for mask in found) >= 19


def test_all_shown_is_the_picture_and_none_shown_is_the_fill():
    model = Additive()
    clf = Classifier(model)
    result = explain(FAST, model)
    assert result.whole == float(clf.probabilities(PICTURE[None])[0, 1])
    assert result.blank == float(clf.probabilities(torch.zeros(1, 3, SIDE, SIDE))[0, 1])
    assert result.probability == float(clf.probabilities(result.picture()[None])[0, 1])


def test_the_best_never_gets_worse_and_the_course_is_kept():
    result = explain(FAST)
    (search,) = result.searches
    assert search.best.shape == search.mean.shape == (13,)
    assert (search.best.diff() >= 0).all()
    assert (search.best >= search.mean).all()
    assert torch.equal(search.masks[-1], search.mask)
    assert search.population.shape == (30, COUNT)
    assert torch.equal(search.population_share, search.population.float().mean(0))
    assert result.probability == float(search.best[-1])


def test_each_picture_is_asked_about_once():
    model = Additive()
    result = explain(FAST, model)
    # the two ends are asked first, to know the class; the search may meet them again
    assert model.asked == result.evaluations <= 2 + 30 * 13
    assert result.evaluations < 30 * 13  # it does meet masks again


def test_the_same_seed_gives_the_same_answer():
    a, b, c = (explain(replace(FAST, seed=seed)) for seed in (3, 3, 4))
    assert torch.equal(a.searches[0].population, b.searches[0].population)
    assert torch.equal(a.searches[0].masks, b.searches[0].masks)
    assert not torch.equal(a.searches[0].masks[0], c.searches[0].masks[0])


def test_parsimony_makes_the_answer_small():
    wide = explain(replace(FAST, generations=40), Additive(torch.full((COUNT,), 0.3)))
    narrow = explain(replace(FAST, generations=40, parsimony=5.0), Additive(torch.full((COUNT,), 0.3)))
    assert int(wide.mask.sum()) == COUNT
    assert int(narrow.mask.sum()) == 0


def test_what_is_necessary_is_what_loses_the_class_when_it_is_gone():
    weights = torch.full((COUNT,), 0.01)
    weights[5] = 6.0
    model = Additive(weights - 0.2)
    result = explain(replace(FAST, generations=40, objective="necessary"), model)
    assert result.mask.nonzero().flatten().tolist() == [5]
    assert torch.equal(result.shown, ~result.mask)
    assert result.probability < 0.2
    assert result.whole > 0.9
    assert result.probability == pytest.approx(float(result.searches[0].best[-1]))
    assert (result.searches[0].best.diff() <= 1e-12).sum() > 0
    assert int(result.order[0]) == 5


def test_several_runs_agree_and_the_best_of_them_is_the_answer():
    result = explain(replace(FAST, runs=3, generations=40))
    assert [search.seed for search in result.searches] == [0, 1, 2]
    mean, deviation = result.probabilities
    found = [search.probability for search in result.searches]
    assert mean == pytest.approx(np.mean(found))
    assert deviation == pytest.approx(np.std(found, ddof=1))
    assert result.probability == max(found)
    assert result.searches[result.watched].probability == max(found)
    shares = torch.stack([search.population_share for search in result.searches])
    assert torch.equal(result.population_share, shares.mean(0))
    assert result.agreement == pytest.approx(1.0)
    assert result.chance_agreement < 0.7
    assert explain(FAST).agreement is None


def test_the_importance_has_the_sign_and_the_order_of_the_truth():
    result = explain(replace(FAST, samples=300))
    assert torch.equal(result.importance > 0, WEIGHTS > 0)
    assert result.order.tolist() == WEIGHTS.argsort(descending=True).tolist()
    assert result.importance.abs().max() == 1
    assert result.tied == 0
    assert result.rank[result.order].tolist() == list(range(1, COUNT + 1))
    assert result.interval.shape == (COUNT, 2)


def test_the_smallest_answer_keeps_nine_tenths_and_none_of_it_can_go():
    model = Additive()
    result = explain(FAST, model)
    assert result.smallest.nonzero().flatten().tolist() == [7]
    assert result.smallest_probability == pytest.approx(float(torch.sigmoid(WEIGHTS[7])))
    assert result.smallest_probability >= 0.9 * result.probability
    assert "with 1 of them" in result.summary()


def test_the_smallest_removal_takes_nine_tenths_of_what_the_best_takes():
    result = explain(replace(FAST, objective="necessary", parsimony=0.0, generations=40))
    lost, least = result.whole - result.smallest_probability, 0.9 * (result.whole - result.probability)
    assert lost >= least
    assert 0 < int(result.smallest.sum()) < int(result.mask.sum())
    assert torch.equal(result.shown_smallest, ~result.smallest)


def test_equals_share_a_rank_and_their_order_is_drawn_by_lot():
    picture = PICTURE.clone()
    picture[:, TILES.long() < 6] = 0  # as black as what hides them
    orders = set()
    for seed in range(4):
        engine = replace(FAST, seed=seed)
        result = engine.explain(Classifier(Additive()), picture, 1, segments=TILES)
        assert result.importance[:6].tolist() == [0] * 6
        assert result.tied == 6
        assert len(set(result.rank[:6].tolist())) == 1
        place = {one: i for i, one in enumerate(result.order.tolist())}
        orders.add(tuple(sorted(range(6), key=place.get)))
    assert len(orders) > 1


@pytest.mark.parametrize("engine", [FAST, Lime(samples=60, trust=False)], ids=["elime", "lime"])
@pytest.mark.parametrize("noise", [0.0, 1e-8])
def test_where_nothing_changes_the_answer_it_is_said(engine, noise):
    def model(images):
        p = 0.3 + noise * images.mean((1, 2, 3))
        return torch.stack([1 - p, p], 1)

    result = explain(replace(engine, trust=True), model)
    assert result.flat
    assert not result.importance.any()
    assert result.tied == COUNT
    assert result.summary().endswith("Nothing that is hidden changes the answer.")


def test_a_flat_network_does_not_correlate_with_its_copy():
    result = replace(FAST, trust=True).explain(
        Classifier(tiny()), torch.zeros(3, SIDE, SIDE), 1, segments=TILES
    )
    assert result.flat
    assert result.randomised_model.correlation == 0
    assert "randomised model" not in result.trust()["measure"].tolist()


def test_a_search_ends_where_nothing_better_comes():
    whole = explain(replace(FAST, generations=200)).searches[0]
    patient = explain(replace(FAST, generations=200, patience=10)).searches[0]
    rests = [i for i in range(10, 201) if (whole.masks[i - 10 : i + 1] == whole.masks[i]).all()]
    assert patient.generation == rests[0] < 200
    assert torch.equal(patient.masks, whole.masks[: rests[0] + 1])
    engine = replace(FAST, generations=200, patience=10)
    first = explain(engine)
    assert engine.longer(first).patience is None


def test_a_climb_finds_it_too_with_fewer_questions():
    climbed, searched = (explain(replace(FAST, optimiser=kind, samples=0)) for kind in ("climb", "genetic"))
    assert torch.equal(climbed.mask, WEIGHTS > 0)
    assert climbed.evaluations < searched.evaluations


def test_steps_stream_and_the_last_is_the_whole():
    updates = list(FAST.steps(Classifier(Additive()), PICTURE, 1, segments=TILES))
    fractions = [update.fraction for update in updates]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == 1
    assert updates[0].partial.mask.all()
    searching = updates[1 : 1 + 13]
    assert [len(update.partial.searches[0].best) for update in searching] == list(range(1, 14))
    assert {update.activity for update in searching} == {"searching"}
    then = [update.activity for update in updates[14:-1]]
    assert then == ["importance"] * 3 + ["a smaller answer"] * (len(then) - 3)
    graded = [update.partial.interval is not None for update in updates]
    assert graded == [False] * 16 + [True] * (len(updates) - 16)
    assert [update.partial.smallest is not None for update in updates] == [False] * (len(updates) - 2) + [
        True
    ] * 2
    seconds = [update.partial.seconds for update in updates]
    assert seconds == sorted(seconds)


@pytest.mark.costly
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"objective": "necessary"},
        {"elitism": 0, "mutation": "bit"},
        {"optimiser": "climb"},
        {"patience": 3, "samples": 0},
    ],
)
def test_a_resumed_search_equals_an_uninterrupted_one(settings, tmp_path):
    engine = replace(FAST, runs=2, trust=True, **settings)
    model = tiny()
    whole = explain(engine, model)
    updates = list(engine.steps(Classifier(model), PICTURE, 1, segments=TILES))
    for stop in range(1, len(updates) + 1, 9):
        stopped(engine, model, stop).save(tmp_path / "result")
        resumed = explain(engine, model, resume=SuperpixelResult.load(tmp_path / "result"))
        assert differs(resumed, whole) == []


def test_generations_and_runs_are_totals():
    first = explain(replace(FAST, generations=5))
    more = explain(replace(FAST, generations=9, runs=2), resume=first)
    whole = explain(replace(FAST, generations=9, runs=2))
    assert differs(more, whole, ignore=ASKED | {"interval"}) == []
    # Random masks of nearly nothing or all are often known: the others are then asked in other batches.
    torch.testing.assert_close(more.interval, whole.interval, rtol=0, atol=1e-6)
    assert [search.generation for search in more.searches] == [9, 9]
    assert torch.equal(more.searches[0].masks[:6], first.searches[0].masks)
    assert more.seconds > first.seconds


def test_a_result_keeps_what_it_has_beyond_the_totals():
    whole = explain(replace(FAST, runs=2))
    again = explain(replace(FAST, generations=3), resume=whole)
    assert differs(again, whole) == []
    assert (again.settings["generations"], again.settings["runs"]) == (12, 2)


def test_a_search_goes_on_for_as_long_again():
    first = explain(replace(FAST, generations=5))
    more = explain(replace(FAST, generations=5).longer(first), resume=first)
    assert differs(more, explain(replace(FAST, generations=10)), ignore=ASKED) == []
    assert replace(FAST, generations=5).longer(more).generations == 15


class Clock(Additive):
    """A model that tells the time: a second for each picture that it is asked about."""

    rested = 0

    def perf_counter(self):
        return float(self.asked + self.rested)


def test_each_search_says_how_long_it_took(monkeypatch, tmp_path):
    def run(rest=0, **given):
        monkeypatch.setattr(elime, "time", clock := Clock())
        engine = replace(FAST, runs=2, samples=0)
        for update in engine.steps(Classifier(clock), PICTURE, 1, segments=TILES, **given):
            yield update.partial
            clock.rested += rest

    *_, half = itertools.islice(run(), 5)
    *_, whole = run()
    questions = [len(search.asked["masks"]) for search in whole.searches]
    first, second = (search.seconds for search in whole.searches)
    assert first == questions[0]
    assert 0 < second < questions[1]  # masks of the first cost it nothing
    *_, slow = run(rest=1000)
    assert [search.seconds for search in slow.searches] == [first, second]
    half.save(tmp_path / "result")
    loaded = SuperpixelResult.load(tmp_path / "result")
    assert 0 < loaded.searches[0].seconds == half.searches[0].seconds < first
    *_, resumed = run(resume=loaded)
    assert [search.seconds for search in resumed.searches] == [first, second]

    frame = whole.search_frame()
    assert frame.seed.tolist() == [0, 1]
    assert frame.original.tolist() == [whole.whole] * 2
    assert frame.probability.tolist() == [search.probability for search in whole.searches]
    assert frame.selected.tolist() == [int(search.mask.sum()) for search in whole.searches]
    assert frame.generations.tolist() == [12, 12]
    assert frame.seconds.tolist() == [first, second]


def test_lime_has_no_search_to_tell_of():
    frame = explain(Lime(samples=60, trust=False)).search_frame()
    assert frame.empty
    assert "seconds" in frame


def test_a_finished_result_is_resumed_without_a_question():
    model = Additive()
    whole = explain(replace(FAST, runs=2, trust=True), model)
    before = model.asked
    again = explain(replace(FAST, runs=2, trust=True), model, resume=whole)
    assert model.asked == before + 2  # the two ends, which tell whether it is the same model
    assert differs(again, whole) == []


def test_what_is_known_is_not_evaluated_again():
    model = Additive()
    half = stopped(FAST, model, 7)
    model.asked = 0
    whole = explain(FAST, model, resume=half)
    assert model.asked == 2 + whole.evaluations - half.evaluations


def test_a_checkpoint_is_resumed(tmp_path):
    path = tmp_path / "search.safetensors"
    calls = 0

    class Dies(Additive):
        def __call__(self, images):
            nonlocal calls
            calls += 1
            if calls == 9:
                raise MemoryError
            return super().__call__(images)

    model = Dies()
    with pytest.raises(MemoryError):
        explain(FAST, model, checkpoint=path)
    assert 0 < SuperpixelResult.load(path).searches[0].generation < 12
    assert differs(explain(FAST, model, checkpoint=path), explain(FAST, model)) == []
    assert SuperpixelResult.load(path).searches[0].generation == 12


def test_the_file_of_a_long_search_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("cfwidgets.engines.superpixels.base.REMEMBERED", 100)
    engine = replace(FAST, mutation="bit", generations=20)
    whole = explain(engine)
    assert whole.evaluations > 300
    assert len(whole.evaluated["masks"]) == len(whole.evaluated["scores"]) == 100
    half = stopped(engine, Additive(), 12)
    assert half.evaluations > 150
    resumed = explain(engine, resume=half)
    assert torch.equal(resumed.searches[0].masks, whole.searches[0].masks)
    assert len(resumed.evaluated["masks"]) == 100


def test_measures_are_kept_with_their_answer_and_taken_where_they_are_missing():
    model = tiny()
    whole = explain(replace(FAST, trust=True), model)
    untrusted = explain(FAST, model, resume=whole)
    assert untrusted.faithfulness is whole.faithfulness
    assert untrusted.randomised_model is whole.randomised_model
    longer = explain(replace(FAST, generations=20), model, resume=whole)
    assert longer.faithfulness is longer.randomised_model is None
    plain = explain(FAST, model)
    assert plain.faithfulness is None
    assert differs(explain(replace(FAST, trust=True), model, resume=plain), whole) == []


def test_only_the_same_question_is_resumed():
    first = explain(FAST)
    for change, engine, kwargs in (
        ("target='class 1', this run 'class 0'", FAST, {"target": 0}),
        ("objective='sufficient', this run 'necessary'", replace(FAST, objective="necessary"), {}),
        ("method='E-LIME', this run 'LIME'", Lime(trust=False), {}),
        ("population=30, this run 20", replace(FAST, population=20), {}),
        ("another model", FAST, {"model": Additive(WEIGHTS * 0.9)}),
    ):
        with pytest.raises(ValueError, match=f"resume: the result given (has|is of) {change}"):
            explain(engine, resume=first, **kwargs)
    with pytest.raises(ValueError, match="is of another image"):
        FAST.explain(Classifier(Additive()), PICTURE.flip(1), 1, segments=TILES, resume=first)
    with pytest.raises(ValueError, match="is of another segmentation"):
        FAST.explain(Classifier(Additive()), PICTURE, 1, segments=TILES.T, resume=first)
    net = tiny()
    first = explain(FAST, net)
    with torch.no_grad():
        net[4].bias += 1e-5
    with pytest.raises(ValueError, match="is of another model, or of other weights"):
        explain(FAST, net, resume=first)


@pytest.mark.parametrize(
    "engine",
    [replace(FAST, runs=2, trust=True), replace(FAST, objective="necessary"), Lime(samples=100, trust=False)],
    ids=["shown", "removed", "LIME"],
)
def test_the_search_may_round_and_its_answer_is_of_the_model_itself(engine):
    net = tiny()
    with torch.no_grad():
        net[4].weight.mul_(8)  # so that the answer is neither 0 nor 1, and another one where it is rounded
    clf, exact = (Classifier(net, precision=precision) for precision in ("bfloat16", "float32"))
    result = engine.explain(clf, PICTURE, 1, segments=TILES)

    def of(model, picture):
        return pytest.approx(float(model.probabilities(picture[None])[0, 1]), abs=1e-5)

    assert result.whole == of(exact, PICTURE) != of(clf, PICTURE)
    assert result.blank == of(exact, result.hidden)
    assert result.probability == of(exact, result.picture()) != of(clf, result.picture())
    for search in result.searches:
        picture = replace(result, mask=search.mask).picture()
        assert search.probability == of(exact, picture)
        assert float(search.best[-1]) == of(clf, picture)
    if engine.trust:
        other = clf.randomised(engine.seed, PICTURE.shape[1:])
        assert result.randomised_model.whole == of(other.in_float32(), PICTURE) != of(other, PICTURE)
    assert engine.explain(exact, PICTURE, 1, segments=TILES, resume=result).probability == result.probability


def test_classes_of_one_name_are_told_apart():
    clf = Classifier(Additive(), labels=["crane", "crane"])
    first = FAST.explain(clf, PICTURE, 1, segments=TILES)
    with pytest.raises(ValueError, match="class 1 as its target, this run class 0"):
        FAST.explain(clf, PICTURE, 0, segments=TILES, resume=first)


def test_trust_of_a_network_is_measured_and_the_network_is_left_as_it_was():
    torch.manual_seed(0)
    model = Tiny().train()
    state = {k: v.clone() for k, v in model.state_dict().items()}
    random = torch.get_rng_state()
    result = explain(replace(FAST, trust=True), model, None)
    assert all(torch.equal(v, state[k]) for k, v in model.state_dict().items())
    assert model.training
    assert torch.equal(torch.get_rng_state(), random)
    measured = result.faithfulness
    assert measured.srg == pytest.approx(measured.insertion.area - measured.deletion.area)
    other = result.randomised_model
    assert -1 <= other.correlation <= 1
    assert other.importance.shape == (COUNT,)
    assert not torch.equal(other.importance, result.importance)
    assert result.trust()["measure"].tolist() == [
        "deletion area",
        "insertion area",
        "randomised model",
        "probability on the randomised model",
        "difference of answers",
        "change of the answer",
        "certainty on noise",
    ]


def test_a_planted_answer_is_faithful():
    result = explain(replace(FAST, trust=True, generations=40))
    measured = result.faithfulness
    assert measured.deletion.area < measured.random_deletion.area - 2 * measured.random_deletion.deviation
    assert measured.insertion.area > measured.random_insertion.area + 2 * measured.random_insertion.deviation
    assert result.randomised_model is None  # a black box has no weights to randomise


def test_an_answer_can_be_given_up_at_any_step():
    torch.manual_seed(0)
    model = Tiny().train()
    for stop in range(0, 34, 3):
        steps = replace(FAST, generations=6, trust=True).steps(Classifier(model), PICTURE, 1, segments=TILES)
        for _ in range(stop):
            next(steps, None)
        steps.close()
        assert model.training


def test_it_is_saved_and_read_again(tmp_path):
    result = explain(replace(FAST, trust=True), Tiny(), None)
    result.save(tmp_path / "cat.safetensors")
    read = SuperpixelResult.load(tmp_path / "cat.safetensors")
    assert read.to_frame().equals(result.to_frame())
    assert read.trust().equals(result.trust())
    assert torch.equal(read.picture(), result.picture())
    assert read.settings == result.settings
    assert differs(read, result) == []
    settings = {field.name: read.settings[field.name] for field in fields(ELime)}
    assert ELime(**settings) == replace(FAST, trust=True)


def test_a_result_names_its_question(tmp_path):
    clf = Classifier(tiny(), labels=["a", "b", "c"])
    result = FAST.explain(clf, PICTURE, "b", segments=TILES)
    assert (result.labels, result.label, result.target) == (("a", "b", "c"), "b", 1)
    assert result.settings["target"] == "b"
    assert result.model == clf.name
    assert result.whole == float(result.prediction[1])
    assert result.predicted == int(clf.probabilities(PICTURE[None]).argmax())
    assert result.fingerprints["model"] == clf.fingerprint()
    assert explain(FAST).fingerprints["model"] == ""  # a black box


def test_the_table_has_a_row_a_superpixel():
    result = explain(FAST)
    frame = result.to_frame()
    assert sorted(frame["superpixel"]) == list(range(COUNT))
    assert frame["share"].sum() == pytest.approx(1)
    assert frame["importance"].is_monotonic_decreasing
    tile = frame.set_index("superpixel").loc[4]
    assert (tile["row"], tile["column"]) == (8.5, 11.5)
    assert set(frame.loc[frame["selected"], "superpixel"]) == set(result.mask.nonzero().flatten().tolist())


def test_the_figure_and_the_page_say_what_was_found():
    result = explain(FAST)
    figure = result.plot()
    assert len(figure.axes) == 6
    titles = [axis.get_title() for axis in figure.axes]
    assert titles[1] == f"1 of 12 superpixels: {result.smallest_probability:.3f}"
    assert titles[2] == f"{int(result.mask.sum())} of 12 superpixels: {result.probability:.3f}"
    named = replace(result, labels=("other", "<script>cat</script>$^$"))
    page = named._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;cat" in page
    assert f"{result.probability:.3f}" in page


@pytest.mark.parametrize("generations", [1, 3, 7])
def test_the_figure_of_a_quick_search_has_whole_ticks(generations):
    axis = explain(replace(FAST, generations=generations)).plot().axes[-2]
    assert axis.get_xlabel() == "generation"
    assert [tick for tick in axis.get_xticks() if tick != round(tick)] == []


def test_the_agreement_of_seeds_is_a_measure():
    measures = explain(replace(FAST, runs=3)).trust()
    assert measures["measure"].tolist() == ["agreement of 3 seeds"]
    assert measures["against"].tolist() == ["chance"]


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"segments": 0}, "segments must be a whole number of at least 1, not 0"),
        ({"population": -5}, "population must be a whole number of at least 1, not -5"),
        ({"generations": 2.5}, "generations must be a whole number of at least 1, not 2.5"),
        ({"generations": True}, "generations must be a whole number"),
        ({"runs": 0}, "runs must be"),
        ({"samples": -1}, "samples must be a whole number of at least 0, not -1"),
        ({"patience": 0}, "patience must be a whole number of at least 1, not 0"),
        ({"optimiser": "swarm"}, "optimiser must be one of 'genetic', 'climb', not 'swarm'"),
        ({"crossover_rate": 1.5}, "crossover_rate must be a number from 0 to 1, not 1.5"),
        ({"mutation_rate": float("nan")}, "mutation_rate must be a number from 0 to 1, not nan"),
        ({"parsimony": -0.1}, "parsimony must be a number of at least 0, not -0.1"),
        ({"parsimony": float("inf")}, "parsimony must be"),
        ({"compactness": "high"}, "compactness must be"),
        ({"fill": "white"}, "fill must be one of 'black', 'grey', 'mean', 'blur', not 'white'"),
        ({"objective": "both"}, "objective must be one of 'sufficient', 'necessary', not 'both'"),
        ({"crossover": "three-point"}, "crossover must be one of"),
        ({"seed": -1}, "seed must be"),
        ({"trust": "no"}, "trust must be one of True, False, not 'no'"),
        ({"elitism": 101}, "elitism must be at most the population"),
    ],
)
def test_wrong_settings_are_named(settings, text):
    with pytest.raises(ValueError, match=text):
        ELime(**settings)


def test_a_target_that_is_not_a_class():
    with pytest.raises(ClassifierError, match="7"):
        explain(FAST, target=7)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (lambda n: torch.full((n, 2), float("nan")), "NaN"),
        (lambda n: torch.tensor([[1.5, -0.5]]).expand(n, 2), "-0.5"),
        (lambda n: torch.full((n, 2), 0.4), "0.8"),
        (lambda n: torch.full((n + 1, 2), 0.5), "rows"),
    ],
)
def test_a_classifier_that_goes_wrong_in_the_middle_keeps_what_was_found(answer, text):
    right, wrong = Additive(), threading.Event()

    def model(images):
        return answer(len(images)) if wrong.is_set() else right(images)

    steps = FAST.steps(Classifier(model), PICTURE, 1, segments=TILES)
    kept = [next(steps).partial for _ in range(5)][-1]
    wrong.set()
    with pytest.raises(ClassifierError, match=text):
        deque(steps, maxlen=0)
    assert len(kept.searches[0].best) == 4
