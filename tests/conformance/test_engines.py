"""What every engine promises: see `cfwidgets.engines.base`."""

from __future__ import annotations

import errno
import inspect
import os
from contextlib import closing
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small
import torch
from comparing import differences
from explainers import EXPLAINERS, Explainer
from torch import nn

import cfwidgets as cf
from cfwidgets.engines.base import Engine, ExplainerResult, Update, run_to_end
from cfwidgets.results import ResultError
from cfwidgets.text import LINE


def parameters(function, kind):
    return [
        name
        for name, one in inspect.signature(function).parameters.items()
        if one.kind is kind and name != "self"
    ]


def steps(explainer: Explainer, clf, *, data=0, engine=None, **keywords):
    engine = explainer.engine if engine is None else engine
    return engine.steps(clf, *explainer.given(clf, data), **explainer.keywords, **keywords)


def some(explainer: Explainer, clf, count: int, **keywords):
    """The last of the first few updates."""
    with closing(steps(explainer, clf, **keywords)) as updates:
        return list(islice(updates, count))[-1].partial


def asked(clf) -> int:
    return clf.require_module().count.images


def as_found(module: nn.Module):
    hooks = [
        len(vars(one).get(name, ())) for one in module.modules() for name in vars(one) if "hooks" in name
    ]
    return (
        cf.Classifier(module, labels=small.LABELS).fingerprint(),
        [one.training for one in module.modules()],
        [(one.requires_grad, one.grad is None) for one in module.parameters()],
        hooks,
    )


def test_the_settings_are_a_frozen_dataclass_and_documented(explainer):
    engine = explainer.engine
    assert isinstance(engine, Engine)
    assert is_dataclass(engine)
    with pytest.raises(FrozenInstanceError):
        engine.seed = 1
    names = {one.name for one in fields(engine)}
    assert {"seed", "trust"} <= names
    documented = inspect.getdoc(type(engine)) or ""
    listed = documented.split("Attributes\n---")[0].split("Parameters\n---")[-1]
    missing = [name for name in names if name not in listed]
    assert missing == []
    assert engine.harmless <= names | {"regions"}
    assert issubclass(engine.result_type, ExplainerResult)


def test_the_arguments_come_in_one_order(explainer):
    engine = type(explainer.engine)
    given = parameters(engine.steps, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    assert given[0] == "clf"
    assert given[-1] == ("target" if explainer.target else "labels")
    assert len(given) == (4 if explainer.data else 3)
    named = parameters(engine.steps, inspect.Parameter.KEYWORD_ONLY)
    assert {"resume", "checkpoint"} <= set(named)
    of_explain = inspect.signature(engine.explain)
    assert [*of_explain.parameters] == [*inspect.signature(engine.steps).parameters, "progress"]
    assert of_explain.return_annotation == engine.result_type.__name__
    for name in of_explain.parameters.keys() - {"self"}:
        assert f"\n{name}\n    " in engine.explain.__doc__, name
    for name in (*given, *named):
        assert name in engine.steps.__doc__, f"{name} is not documented"


@pytest.mark.costly
def test_the_updates_say_how_far_it_is(explainer, updates):
    assert len(updates) > 2
    assert all(isinstance(update, Update) for update in updates)
    fractions = [update.fraction for update in updates]
    assert fractions == sorted(fractions)
    assert fractions[0] >= 0
    assert fractions[-1] == 1
    assert max(fractions[:-1]) <= 1
    assert updates[-1].activity == ""
    assert all(update.activity for update in updates[:-1] if update.fraction < 1)
    assert all(type(update.partial) is explainer.engine.result_type for update in updates)
    seconds = [update.partial.seconds for update in updates]
    assert seconds == sorted(seconds)
    assert seconds[0] > 0


@pytest.mark.costly
def test_the_same_seed_gives_the_same_answer(explainer, clf, result):
    assert differences(result, steps_to_the_end(explainer, clf)) == []


def steps_to_the_end(explainer, clf, **keywords):
    return list(steps(explainer, clf, **keywords))[-1].partial


@pytest.mark.costly
def test_a_network_of_one_batch_size_gives_the_same_answer(explainer, clf):
    class Four(small.Small):
        def forward(self, images):
            if len(images) != 4:
                raise RuntimeError("an engine was built for batches of four")
            return super().forward(images)

    def clf_of(module):
        return cf.Classifier(module, labels=small.LABELS, device="cpu", batch_size=4)

    found, want = (steps_to_the_end(explainer, clf_of(module)) for module in (Four(), small.Small()))
    assert found.missing == {}
    trust, other = (one.trust().set_index("measure")["value"] for one in (found, want))
    assert list(trust.index) == list(other.index)
    own = [
        name for name in trust.index if "randomised" not in name
    ]  # its noise comes in batches of four, too
    assert trust[own].tolist() == pytest.approx(other[own].tolist(), abs=0.02)
    pd.testing.assert_frame_equal(found.to_frame(), want.to_frame(), atol=0.02, check_dtype=False)


def test_the_time_that_a_run_rests_is_not_its_time(explainer, clf, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    with closing(steps(explainer, clf)) as updates:
        next(updates)
        clock[0] += 1000
        assert next(updates).partial.seconds < 1000


@pytest.mark.costly
@pytest.mark.parametrize("count", [1, 3, -2], ids=["at once", "early", "late"])
def test_a_run_that_was_stopped_and_resumed_gives_the_same_answer(explainer, clf, updates, result, count):
    before = updates[count if count < 0 else count - 1].partial
    assert (
        differences(result, steps_to_the_end(explainer, clf, resume=before), ignore=NOT_OF_THE_ANSWER) == []
    )


NOT_OF_THE_ANSWER = frozenset({"seconds", "evaluations"})  # a picture may be evaluated again


@pytest.mark.costly
def test_a_finished_result_is_resumed_without_a_question(explainer, result):
    clf = small.classifier()
    whole = steps_to_the_end(explainer, clf, resume=None)
    before = asked(clf)
    assert differences(whole, steps_to_the_end(explainer, clf, resume=whole), ignore=NOT_OF_THE_ANSWER) == []
    again = asked(clf) - before
    assert again <= before / 4


def test_harmless_settings_may_differ(explainer, clf, result):
    engine = replace(explainer.engine, **explainer.harmless)
    resumed = steps_to_the_end(explainer, clf, engine=engine, resume=result)
    assert {name: resumed.settings[name] for name in explainer.harmless} == explainer.harmless


@pytest.mark.parametrize(
    "explainer", [one for one in EXPLAINERS if one.other], indirect=True, ids=lambda one: one.name
)
def test_other_settings_are_refused(explainer, clf, updates):
    name = next(iter(explainer.other))
    with pytest.raises(ValueError, match=rf"resume: .*{name}="):
        next(
            steps(
                explainer, clf, engine=replace(explainer.engine, **explainer.other), resume=updates[2].partial
            )
        )


def test_another_model_is_refused(explainer, updates):
    other = small.classifier()
    with torch.no_grad():  # as little as can be: the answer hardly changes
        next(other.require_module().parameters())[0, 0, 0, 0] += 1e-6
    clf = small.classifier()
    with pytest.raises(ValueError, match=r"resume: .* another model"):
        next(
            explainer.engine.steps(
                other, *explainer.given(clf, 0), **explainer.keywords, resume=updates[2].partial
            )
        )


def test_other_data_are_refused(explainer, clf, updates):
    arguments = list(explainer.given(clf, 0))
    arguments[explainer.data] = explainer.given(clf, 1)[explainer.data]
    with pytest.raises(ValueError, match="resume: "):
        next(explainer.engine.steps(clf, *arguments, **explainer.keywords, resume=updates[2].partial))


@pytest.mark.parametrize(
    "explainer", [one for one in EXPLAINERS if one.target], indirect=True, ids=lambda one: one.name
)
def test_another_class_of_the_same_label_is_refused(explainer):
    clf = cf.Classifier(small.Small(), labels=["crane", "crane"])
    arguments = list(explainer.given(small.classifier(), 0))
    arguments[-1] = small.classifier().class_index(arguments[-1])
    first = next(explainer.engine.steps(clf, *arguments, **explainer.keywords)).partial
    next(explainer.engine.steps(clf, *arguments, **explainer.keywords, resume=first))
    for name in first.question:
        other = replace(first, **{name: 1 - getattr(first, name)})
        with pytest.raises(ValueError, match=rf"resume: .* has class \d as its {name}, this run class \d"):
            next(explainer.engine.steps(clf, *arguments, **explainer.keywords, resume=other))


def test_the_result_of_another_explainer_is_refused(explainer, clf):
    other = next(one for one in EXPLAINERS if one.engine.result_type is not explainer.engine.result_type)
    foreign = some(other, clf, 1)
    with pytest.raises(ValueError, match=rf"resume: .*{type(foreign).__name__}"):
        next(steps(explainer, clf, resume=foreign))


@pytest.mark.costly
def test_a_checkpoint_is_resumed(explainer, clf, result, tmp_path):
    path = tmp_path / "run.safetensors"
    some(explainer, clf, 3, checkpoint=path)
    assert path.exists()
    assert (
        differences(result, steps_to_the_end(explainer, clf, checkpoint=path), ignore=NOT_OF_THE_ANSWER) == []
    )
    kept = explainer.engine.result_type.load(path)
    assert differences(result, kept, ignore=NOT_OF_THE_ANSWER) == []


def test_a_checkpoint_is_written_when_the_model_breaks(explainer, tmp_path):
    clf, path = small.classifier(), tmp_path / "run.safetensors"
    with closing(steps(explainer, clf, checkpoint=path)) as updates:
        list(islice(updates, 2))
        clf.require_module().fails_after = clf.require_module().images
        with pytest.raises(RuntimeError, match="broke"):
            list(updates)
    assert type(explainer.engine.result_type.load(path)) is explainer.engine.result_type


@pytest.mark.costly
def test_a_checkpoint_whose_folder_is_removed_is_named(explainer, clf, tmp_path):
    path = tmp_path / "runs" / "run.safetensors"
    path.parent.mkdir()
    with closing(steps(explainer, clf, checkpoint=path)) as updates:
        next(updates)
        path.parent.rmdir()
        with pytest.raises(
            FileNotFoundError, match=r"runs/run\.safetensors'\nThe checkpoint could not be written"
        ):
            list(updates)


@pytest.mark.costly
def test_a_checkpoint_that_cannot_be_written_leaves_the_last_whole_one(explainer, clf, tmp_path, monkeypatch):
    path = tmp_path / "run.safetensors"
    whole = some(explainer, clf, 2, checkpoint=path)

    def full(_tensors, scratch, **_more):
        Path(scratch).write_bytes(b"a part")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), scratch)

    monkeypatch.setattr("cfwidgets.results.save_file", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*run\.safetensors'\n"):
        steps_to_the_end(explainer, clf, checkpoint=path)
    assert differences(whole, explainer.engine.result_type.load(path), ignore=frozenset()) == []
    assert list(tmp_path.iterdir()) == [path]


def test_a_checkpoint_of_something_else_is_refused(explainer, clf, tmp_path):
    path = tmp_path / "run.safetensors"
    path.write_bytes(b"not a result")
    with pytest.raises(ResultError, match=r"run\.safetensors"):
        next(steps(explainer, clf, checkpoint=path))
    assert path.read_bytes() == b"not a result"
    with pytest.raises(ValueError, match="no folder"):
        next(steps(explainer, clf, checkpoint=tmp_path / "nowhere" / "run.safetensors"))


@pytest.mark.costly
def test_the_model_is_left_as_it_was_found(explainer):
    clf = small.classifier()
    module = clf.require_module()
    before = as_found(module)
    state = torch.get_rng_state()
    steps_to_the_end(explainer, clf)
    assert as_found(module) == before
    with closing(steps(explainer, clf)) as updates:
        list(islice(updates, 3))
    assert as_found(module) == before
    module.fails_after = module.images + 10
    with pytest.raises(RuntimeError, match="broke"):
        steps_to_the_end(explainer, clf)
    assert as_found(module) == before
    assert torch.equal(torch.get_rng_state(), state)


@pytest.fixture
def interrupted(explainer, monkeypatch):
    """A function that explains, and is interrupted after about half of the work."""
    whole = small.classifier()
    steps_to_the_end(explainer, whole)
    half = whole.require_module().images // 2

    def explain(clf, **keywords):
        module = clf.require_module()
        module.fails_after, module.failure = module.images + half, KeyboardInterrupt()
        try:
            return explainer.engine.explain(clf, *explainer.given(clf, 0), **explainer.keywords, **keywords)
        finally:
            module.fails_after = float("inf")

    monkeypatch.setattr("cfwidgets.engines.base.driving._interrupted", [float("-inf")])
    return explain


@pytest.mark.costly
def test_an_interrupt_gives_back_what_there_is(explainer, result, interrupted, tmp_path):
    clf, path = small.classifier(), tmp_path / "run.safetensors"
    before = as_found(clf.require_module())
    said = r"interrupted at \d+% \(.*\): this is the result so far; explain\(…, resume=…\) continues"
    with pytest.warns(UserWarning, match=said) as warned:
        found = interrupted(clf, checkpoint=path)
    assert warned[0].filename == __file__
    assert as_found(clf.require_module()) == before
    assert type(found) is type(result)
    assert found.caveats[0].startswith(f"The run was interrupted at {found.stopped}")
    found.save(tmp_path / "part.safetensors")
    again = type(found).load(tmp_path / "part.safetensors")
    for keywords in ({"resume": again}, {"checkpoint": path}):
        whole = steps_to_the_end(explainer, clf, **keywords)
        assert differences(result, whole, ignore=NOT_OF_THE_ANSWER) == []
    assert result.stopped == ""


def test_an_interrupt_at_the_very_end_leaves_the_whole_result(result, monkeypatch):
    def saving():
        yield Update(1.0, result)
        raise KeyboardInterrupt

    monkeypatch.setattr("cfwidgets.engines.base.driving._interrupted", [float("-inf")])
    with pytest.warns(UserWarning, match="interrupted at the very end: the result is whole$"):
        assert run_to_end(saving(), call="explain") is result


@pytest.mark.costly
def test_two_interrupts_end_the_program(interrupted):
    with pytest.warns(UserWarning, match="interrupted at"):
        interrupted(small.classifier())
    with pytest.raises(KeyboardInterrupt):
        interrupted(small.classifier())


def test_an_interrupt_before_the_first_result_is_raised(explainer):
    clf = small.classifier()
    module, given = clf.require_module(), explainer.given(clf, 0)
    module.fails_after, module.failure = module.images, KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        explainer.engine.explain(clf, *given, **explainer.keywords)


@pytest.mark.costly
def test_a_bar_says_what_it_does_and_what_is_left(explainer, clf, updates, capsys):
    for progress in (None, False, True):
        explainer.engine.explain(clf, *explainer.given(clf, 0), **explainer.keywords, progress=progress)
        shown = capsys.readouterr()
        assert shown.out == ""
        assert (shown.err != "") is (progress is True)
    assert "100%" in shown.err
    assert " left" in shown.err
    assert updates[0].activity in shown.err
    with pytest.raises(ValueError, match="progress must be one of None, True, False, not 'yes'"):
        explainer.engine.explain(clf, *explainer.given(clf, 0), **explainer.keywords, progress="yes")


@pytest.mark.costly
def test_one_switch_for_the_measures_of_trust(explainer):
    questions = {}
    for trust in (True, False):
        clf = small.classifier()
        engine = replace(explainer.engine, trust=trust)
        assert len(steps_to_the_end(explainer, clf, engine=engine).trust()) >= (1 if trust else 0)
        questions[trust] = asked(clf)
    assert questions[False] < questions[True]


@pytest.mark.parametrize("setting", ["seed", "trust"])
def test_a_wrong_setting_is_named(explainer, setting):
    with pytest.raises(ValueError, match=setting):
        replace(explainer.engine, **{setting: "no"})


WITH_A_SECOND_MODEL = pytest.mark.parametrize(
    "explainer", [one for one in EXPLAINERS if one.data], indirect=True, ids=lambda one: one.name
)

NO_CLASSIFIERS = [None, "resnet", 7, torch.zeros(3, 4, 4), small.Small(), small.Small]


@pytest.mark.parametrize("wrong", NO_CLASSIFIERS, ids=type)
def test_what_is_no_classifier_is_refused(explainer, clf, wrong):
    with pytest.raises(TypeError, match=rf"clf must be a Classifier, not {type(wrong).__name__}: wrap it"):
        explainer.engine.explain(wrong, *explainer.given(clf, 0), **explainer.keywords)


OTHERS = {"second", "feature_model"}


def takes(explainer):
    return OTHERS & set(inspect.signature(explainer.engine.steps).parameters)


@pytest.mark.parametrize("wrong", NO_CLASSIFIERS[1:], ids=type)
@pytest.mark.parametrize("explainer", [*filter(takes, EXPLAINERS)], indirect=True, ids=lambda one: one.name)
def test_what_is_no_other_classifier_is_refused(explainer, clf, wrong):
    for name in takes(explainer):
        with pytest.raises(TypeError, match=rf"{name} must be a Classifier, not {type(wrong).__name__}"):
            explainer.engine.explain(clf, *explainer.given(clf, 0), **explainer.keywords, **{name: wrong})


def test_a_seed_of_numpy_is_one(explainer, clf, tmp_path):
    """It may come from a range of NumPy; the file holds the same settings."""
    engine = replace(explainer.engine, trust=False, seed=np.int64(0))
    path = tmp_path / "run.safetensors"
    found = engine.explain(clf, *explainer.given(clf, 0), **explainer.keywords, checkpoint=path)
    plain = replace(explainer.engine, trust=False)
    assert engine == plain
    assert found.settings == type(found).load(path).settings


def test_a_misspelt_argument_is_named(explainer, clf):
    given, explain = explainer.given(clf, 0), explainer.engine.explain
    with pytest.raises(
        TypeError, match=r"^explain\(\) has no argument 'chekpoint'; did you mean 'checkpoint'\?"
    ):
        explain(clf, *given, **explainer.keywords, chekpoint="run")
    if explainer.target:
        with pytest.raises(TypeError, match=r"^explain\(\) has no argument 'targt'; did you mean 'target'"):
            explain(clf, *given[:-1], targt=given[-1])
    with pytest.raises(TypeError, match=r"^explain\(\): missing a required argument: 'clf'"):
        explain()


def test_it_is_written_in_a_line(explainer):
    kind = type(explainer.engine)
    assert repr(kind()) == f"{kind.__name__}()"
    assert repr(kind(seed=7)) == f"{kind.__name__}(seed=7)"
    for engine in (
        explainer.engine,
        replace(kind(), **explainer.other),
        replace(kind(), **explainer.harmless),
    ):
        assert len(repr(engine)) <= LINE
        assert "\n" not in repr(engine)
        assert all(f"{name}=" in repr(engine) for name in changed(engine))


def changed(engine):
    default = type(engine)()
    return [one.name for one in fields(engine) if getattr(engine, one.name) != getattr(default, one.name)]


def test_a_misspelt_setting_is_named(explainer):
    kind = type(explainer.engine)
    for name in ("sed", "Trust"):
        meant = {"sed": "seed", "Trust": "trust"}[name]
        with pytest.raises(
            TypeError, match=f"{kind.__name__} has no setting '{name}'; did you mean '{meant}'"
        ):
            kind(**{name: 1})
    assert "seed" in inspect.signature(kind).parameters


@WITH_A_SECOND_MODEL
@pytest.mark.parametrize("wrong", [7, None, nn.Flatten(), small.Small, object(), "digits"], ids=type)
def test_what_is_no_generator_or_editor_is_refused(explainer, clf, wrong):
    name = getattr(wrong, "__name__", type(wrong).__name__)
    refused = (
        rf"(an? (generator|editor) is an object with .*; got|translator must be a Translator, not) {name}"
    )
    with pytest.raises((TypeError, ValueError), match=refused):
        explainer.engine.explain(clf, wrong, *explainer.given(clf, 0)[1:], **explainer.keywords)


def test_the_name_of_a_classifier_is_told_from_it(explainer, clf):
    with pytest.raises(TypeError, match=r"zoo\.classifier\('digits'\) makes one by its name"):
        explainer.engine.explain("digits", *explainer.given(clf, 0), **explainer.keywords)


@WITH_A_SECOND_MODEL
def test_the_name_of_a_generator_or_editor_is_told_from_it(explainer, clf):
    with pytest.raises((TypeError, ValueError), match=r"zoo\.\w+\('digits'\) makes one by its name"):
        explainer.engine.explain(clf, "digits", *explainer.given(clf, 0)[1:], **explainer.keywords)


def test_an_address_and_a_folder_are_no_data(explainer, clf, tmp_path):
    arguments = list(explainer.given(clf, 0))
    reads = r"cfwidgets\.data\.(ImageFolders|CelebAMaskHQ)\(…\)"
    for wrong, said in (
        ("https://example.org/cat.jpg", "is an address: download the picture|must be a data set, not a path"),
        (tmp_path, reads),
        (str(tmp_path), reads),
    ):
        arguments[explainer.data] = wrong
        with pytest.raises((TypeError, ValueError), match=said):
            explainer.engine.explain(clf, *arguments, **explainer.keywords)


def test_data_that_are_none_are_refused(explainer, clf):
    arguments = list(explainer.given(clf, 0))
    for wrong in (None, 7, object()):
        arguments[explainer.data] = wrong
        with pytest.raises((TypeError, ValueError), match=rf"got {type(wrong).__name__}"):
            next(explainer.engine.steps(clf, *arguments, **explainer.keywords))


def test_a_checkpoint_that_is_no_file_is_refused(explainer, clf, tmp_path):
    with pytest.raises(TypeError, match="checkpoint must be the path of a file, not int"):
        next(steps(explainer, clf, checkpoint=7))
    with pytest.raises(ValueError, match=r"checkpoint must be the path of a file; .* is a folder"):
        next(steps(explainer, clf, checkpoint=tmp_path))


def test_an_unknown_class_is_named(explainer, clf):
    arguments = list(explainer.given(clf, 0))
    arguments[-1] = "no such class"
    with pytest.raises(ValueError, match="no such class"):
        next(explainer.engine.steps(clf, *arguments, **explainer.keywords))
