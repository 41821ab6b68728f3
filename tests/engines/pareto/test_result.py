"""Results: the crossing, the flips, the importance of each change, the measures of trust, the figure."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from cfwidgets.engines.pareto.result import ParetoResult, crossing
from cfwidgets.engines.pareto.simplest import Simplest

NAN = float("nan")


def result(probability=(0.9, 0.7, 0.4, 0.1), plausibility=(0.0, 0.3, 0.6, 1.0), **changes):
    p = torch.tensor(probability)
    k = len(p)
    values = {
        "settings": {},
        "model": "net",
        "labels": ("not Male", "Male"),
        "prediction": torch.tensor([0.1, 0.9]),
        "fingerprints": {},
        "target": 1,
        "image": torch.zeros(3, 4, 4),
        "names": ("Bald", "Young"),
        "attributes": torch.tensor([0.0, 1.0]),
        "reconstruction": torch.zeros(3, 4, 4),
        "reconstruction_prediction": torch.tensor([0.2, 0.8]),
        "objective_names": ("plausibility", "log-probability", "intensity"),
        "deltas": torch.arange(2.0 * k).view(k, 2) / 10,
        "objectives": torch.stack([torch.tensor(plausibility), p.log(), torch.arange(float(k))], 1),
        "images": torch.zeros(k, 3, 4, 4, dtype=torch.uint8),
        "predictions": torch.stack([1 - p, p], 1),
        "evaluations": 400,
        "invalid": 0,
        "state": {"seed": torch.tensor(0)},
    }
    return ParetoResult(**{**values, **changes})


def test_the_crossing():
    found = result()
    assert found.crossing == 2
    # the smaller gap of the two around the first change of sign; what is on another scale is scaled
    assert crossing(torch.tensor([0.9, 0.55, 0.1]), torch.tensor([-3.0, 1.9, 7.0])) == 1
    assert crossing(torch.tensor([0.9, 0.8]), torch.tensor([1.0, 1.0])) is None  # nothing is less plausible
    assert crossing(torch.tensor([0.9]), torch.tensor([1.0])) is None
    bare = replace(
        found, objective_names=("log-probability", "intensity"), objectives=found.objectives[:, 1:]
    )
    assert bare.crossing is None


def test_the_best_pick():
    assert result().best == 2
    # where it crosses, nothing flips: the most plausible flip
    found = result(probability=(0.9, 0.7, 0.6, 0.3, 0.1), plausibility=(0.0, 0.3, 0.9, 1.0, 0.8))
    assert (found.crossing, found.best) == (2, 4)
    bare = replace(
        found, objective_names=("log-probability", "intensity"), objectives=found.objectives[:, 1:]
    )
    assert (bare.crossing, bare.best) == (None, 3)  # the smallest
    assert result(probability=(0.9, 0.7), plausibility=(0.0, 1.0)).best is None


def test_flips_and_the_distance_left():
    found = result()
    assert found.flips.tolist() == [False, False, True, True]
    assert found.flipped
    assert found.distance == 0
    never = result(probability=(0.9, 0.7), plausibility=(0.0, 1.0))
    assert not never.flipped
    assert never.distance == pytest.approx(0.4)
    assert never.summary() == (
        "nothing flips net: in the closest of 2 counterfactuals, Male still leads by 0.40 "
        "(400 edits evaluated)"
    )
    assert found.summary() == "2 of 4 counterfactuals of this Male flip net (400 edits evaluated)"
    assert "<b>" not in replace(found, model="<b>")._repr_html_()


def test_the_table():
    frame = result(
        second_predictions=torch.tensor([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    ).to_frame()
    assert frame["pick"].tolist() == ["", "", "best", ""]
    assert list(frame.columns) == [
        "pick",
        "probability",
        "predicted",
        "flips",
        "second model",
        "plausibility",
        "log-probability",
        "intensity",
        "Bald",
        "Young",
    ]
    assert frame["predicted"].tolist() == ["Male", "Male", "not Male", "not Male"]
    assert frame["second model"].tolist() == ["Male", "Male", "Male", "not Male"]
    assert frame["Young"].tolist() == pytest.approx([0.1, 0.3, 0.5, 0.7])


def test_the_importance_of_each_change():
    deltas = torch.tensor([[0.0, 0.0], [0.5, 0.0], [1.0, 0.0], [1.0, 0.5]])
    ablation = torch.tensor([[NAN, NAN], [9.0, NAN], [2.0, NAN], [1.0, 0.5]])
    frame = result(deltas=deltas, ablation=ablation).importance()
    assert frame["attribute"].tolist() == ["Bald", "Young"]  # of the two that flip
    assert frame["log-probability"].tolist() == pytest.approx([1.5, 0.25])
    assert frame["per unit"].tolist() == pytest.approx([1.5, 1.0])
    assert frame["change"].tolist() == pytest.approx([1.0, 0.25])
    assert result().importance().empty


def test_a_reconstruction_that_flips():
    assert not result().reconstruction_flips
    assert result(reconstruction_prediction=torch.tensor([0.6, 0.4])).reconstruction_flips


def rows(found):
    return {row.measure: row for row in found.measures()}


def test_only_what_was_measured_is_a_measure_of_trust():
    (only,) = result().measures()
    assert (only.measure, only.value, only.against) == (
        "reconstruction",
        pytest.approx(0.8),
        "the image itself",
    )
    assert only.reference == pytest.approx(0.9)
    assert list(rows(result(random_flips=torch.zeros(0, dtype=torch.bool)))) == ["reconstruction"]


def test_the_measures_of_trust():
    measured = rows(
        result(
            second_predictions=torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]),
            rounded_flips=torch.tensor([True, False, True, False]),
            random_flips=torch.tensor([True, False, False, False]),
            invalid=100,
        )
    )
    values = {name: row.value for name, row in measured.items()}
    assert values == {
        "reconstruction": pytest.approx(0.8),
        "second model flips too": 0.5,  # of the two flips, whatever it predicts for the others
        "flips left in 8 bits": 0.5,
        "random edits flip": 0.25,
        "predictions not finite": 0.25,
    }
    assert "the 2 flips" in measured["second model flips too"].meaning
    assert "100" in measured["predictions not finite"].meaning


def test_where_nothing_flips_the_distance_is_a_measure():
    never = result(
        probability=(0.9, 0.7),
        plausibility=(0.0, 1.0),
        second_predictions=torch.tensor([[1.0, 0.0], [1.0, 0.0]]),
        rounded_flips=torch.zeros(2, dtype=torch.bool),
    )
    measured = rows(never)
    assert list(measured) == ["reconstruction", "lead left"]
    assert measured["lead left"].value == pytest.approx(0.4)


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def drawn(figure):
    return [axis for axis in figure.axes if axis.images]


@pytest.mark.costly
@pytest.mark.parametrize("count", [1, 4, 37, 95, 100])
def test_the_figure_draws_about_ten_counterfactuals_and_the_crossing(count):
    p = torch.linspace(1, 0, count + 2)[1:-1]
    found = result(probability=p.tolist(), plausibility=(1 - p).tolist())
    figure = found.plot()
    pictures = len(drawn(figure)) - 1
    assert pictures <= 11
    assert pictures >= min(count, 9)
    titles = [text for text in texts(figure) if "no. " in text]
    assert len(titles) == pictures
    assert any("☆" in title for title in titles) == (count > 1)
    if count == 100:
        every_tenth = {f"no. {place}:" for place in range(10, 101, 10)}
        assert all(any(name in title for title in titles) for name in every_tenth)


def test_the_figure_has_a_plane_for_each_pair_of_objectives():
    found = result()
    (*planes, course) = [axis for axis in found.plot().axes if axis.axison]
    labels = [(axis.get_xlabel(), axis.get_ylabel()) for axis in planes]
    log_probability, plausibility, intensity = (
        "log-probability of Male",
        "plausibility lost",
        "intensity of the change",
    )
    assert labels == [
        (intensity, log_probability),
        (intensity, plausibility),
        (log_probability, plausibility),
    ]
    for axis in planes:
        others, flips, star = (mark.get_offsets() for mark in axis.collections)
        assert (len(others), len(flips), len(star)) == (2, 2, 1)
    lines = {line.get_label(): line.get_ydata() for line in course.lines}
    assert list(lines["probability of Male"]) == pytest.approx([0.9, 0.7, 0.4, 0.1])
    assert list(lines["intensity of the change, scaled"]) == pytest.approx([0, 1 / 3, 2 / 3, 1])
    bare = replace(
        found, objective_names=("log-probability", "intensity"), objectives=found.objectives[:, 1:]
    )
    assert len([axis for axis in bare.plot().axes if axis.axison]) == 2


def test_stars_are_at_the_simplest_and_at_the_crossing():
    one = Simplest(
        place=2,
        deltas=torch.tensor([0.4, 0.0]),
        objectives=torch.tensor([0.5, -0.75, 1.5]),
        image=torch.zeros(3, 4, 4, dtype=torch.uint8),
        prediction=torch.tensor([0.53, 0.47]),
    )
    found = result(simplest=one)
    figure = found.plot()
    *planes, course = [axis for axis in figure.axes if axis.axison]
    for axis, (x, y) in zip(planes, ((1.5, -0.75), (1.5, 0.5), (-0.75, 0.5)), strict=True):
        *_, empty, full = (mark.get_offsets()[0].tolist() for mark in axis.collections)
        assert full == pytest.approx([x, y])
        names = dict(zip((1.5, -0.75, 0.5), (2, 1, 0), strict=True))
        assert empty == pytest.approx([float(found.objectives[2, names[value]]) for value in (x, y)])
    assert course.collections[-1].get_offsets()[0].tolist() == pytest.approx([3, 0.4])
    assert "★ simplest: 0.47" in texts(figure)
    assert {"simplest flip", "probability and plausibility cross"} <= set(texts(figure))
    nothing = replace(found, simplest=replace(one, deltas=torch.zeros(2)))
    assert "nothing is changed" in texts(nothing.plot())
    assert nothing.summary().endswith("; the simplest: nothing is changed")


def test_no_text_of_the_figure_covers_another():
    names = tuple(f"Quite_A_Long_Name_{number}" for number in range(4))
    p = torch.linspace(0.99, 0.01, 100)
    deltas = torch.linspace(-1, 1, 400).view(100, 4)
    one = Simplest(
        place=99,
        deltas=deltas[99],
        objectives=torch.tensor([0.9, -3.0, 80.0]),
        image=torch.zeros(3, 4, 4, dtype=torch.uint8),
        prediction=torch.tensor([0.95, 0.05]),
    )
    found = result(
        probability=p.tolist(),
        plausibility=(1 - p).tolist(),
        names=names,
        attributes=torch.zeros(4),
        deltas=deltas,
        simplest=one,
        labels=("other", "a very long label that nobody would have thought of"),
    )
    figure = found.plot()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    of_axes = {
        text
        for axis in figure.axes
        for part in (axis.xaxis, axis.yaxis)
        for text in part.findobj(Text)  # ticks too, of which those that are out of sight are never drawn
        if text is not part.label or not axis.axison
    }
    parts = [text for text in figure.findobj(Text) if text.get_text().strip() and text not in of_axes]
    boxes = [(str(text), text.get_window_extent(renderer)) for text in parts]
    assert len(boxes) > 25
    assert [(a, b) for (a, one), (b, other) in itertools.combinations(boxes, 2) if one.overlaps(other)] == []
    assert [text for text, box in boxes if box.x0 < 0 or box.x1 > figure.bbox.x1] == []
    whole = [axis.get_tightbbox(renderer) for axis in figure.axes]
    whole = [box for box in whole if box is not None and box.width > 1]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(whole, 2))


def test_labels_in_the_figure_are_text():
    figure = result(labels=("a", "$x_1$ and $")).plot()
    dollars = [text for text in figure.findobj(Text) if "$" in text.get_text()]
    assert len(dollars) > 3
    assert not any(text.get_parse_math() for text in dollars)


def test_without_a_counterfactual_there_is_nothing_to_draw():
    nothing = {
        name: getattr(result(), name)[:0] for name in ("deltas", "objectives", "images", "predictions")
    }
    first = replace(result(), **nothing)
    with pytest.raises(ValueError, match="no counterfactual to draw"):
        first.plot()
    assert first._repr_html_().startswith("<p>no counterfactual of this Male was found")
    assert first.distance == 1
    assert len(first.to_frame()) == 0


def test_it_can_be_kept(tmp_path):
    found = result(ablation=torch.full((4, 2), NAN))
    found.save(tmp_path / "front")
    again = ParetoResult.load(tmp_path / "front")
    assert again.names == found.names
    torch.testing.assert_close(again.ablation, found.ablation, equal_nan=True)
    assert again.to_frame().equals(found.to_frame())


def test_a_network_for_which_no_attribute_stands_out_is_told():
    effect = torch.tensor([[1.0] * 8 + [9.0]] * 2)
    known = result(single=effect, single_mirrored=effect / 2, repainted=torch.ones(2, 9))
    row = known.trust().set_index("measure").loc["an attribute stands out"]
    assert (row["value"], row["ok"]) == (pytest.approx(18), True)
    assert not any("stands out" in one for one in known.caveats)
    same = replace(known, single=torch.ones(2, 9), single_mirrored=torch.full((2, 9), 0.5))
    assert same.trust().set_index("measure").loc["an attribute stands out", "ok"] is False
    assert any(one.startswith("No attribute stands out") for one in same.caveats)


def test_a_sure_network_that_is_moved_is_not_called_flat():
    sure = torch.tensor([[1e-7, 1.0], [1e-5, 1.0], [1e-3, 0.999], [2e-3, 0.998]])
    found = result(prediction=torch.tensor([1e-7, 1.0]), predictions=sure, ablation=torch.zeros(4, 2))
    assert not any("hardly changes" in one for one in found.caveats)
    assert any(one.startswith("Nothing flips") for one in found.caveats)
    still = replace(found, predictions=sure[:1].expand(4, -1))
    assert any("hardly changes" in one for one in still.caveats)
