"""The training of a translator of the zoo: its settings, and its time beside that of its baselines."""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import time
from dataclasses import asdict, replace
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch
from safetensors.torch import save_file

from cfwidgets.training.plain import PlainTraining
from cfwidgets.training.translation import TrainedTranslator, TranslationTraining
from cfwidgets.zoo.recipes.translator.baselines import train_baselines
from cfwidgets.zoo.recipes.translator.data import DATA_SETS, Examples

__all__ = ["Clock", "train", "training"]

_SAVED_EVERY = 20.0  # seconds


class Clock:
    """The time since a command began."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def passed(self) -> float:
        """Seconds since then."""
        return time.monotonic() - self._began

    def say(self, words: str) -> None:
        """Print words after the time."""
        print(f"{self.passed():6.1f} s  {words}", flush=True)  # noqa: T201 - a command's progress


def training(name: str, *, device: str = "cpu", seed: int = 0) -> TranslationTraining:
    """Return the settings by which a translator of the zoo was trained.

    Parameters
    ----------
    name
        Of `DATA_SETS`.
    device
        Where; on a CPU in smaller batches.
    seed
        0 for the weights of the zoo.
    """
    cuda = device.startswith("cuda")
    return TranslationTraining(
        updates=1_000_000,
        batch_size=32 if cuda else 8,
        warm_updates=1500 if cuda else 1200,
        mean_decay=0.999 if cuda else 0.998,
        precision="bfloat16" if cuda else "float32",
        halved=0.25,
        report_every=100 if cuda else 25,
        device=device,
        seed=seed,
        **DATA_SETS[name].settings,
    )


def train(chosen: argparse.Namespace, sets: dict[str, Examples], path: Path, clock: Clock) -> None:
    """Train a translator until its time is over, and beside it, in another process, its baselines.

    Parameters
    ----------
    chosen
        The command line.
    sets
        Examples ``"train"``, and ``"validation"`` to measure on while it learns.
    path
        Where to save the pair. Beside it are written the baselines' weights, the curve, and a line on how
        long it took.
    clock
        Of the command.
    """
    ends = min(chosen.seconds - min(chosen.reserve, chosen.seconds / 3), clock.passed() + 60 * chosen.minutes)
    settings = training(chosen.name, device=chosen.device, seed=chosen.seed)
    settings = replace(settings, **json.loads(chosen.settings))
    learn = sets["train"]
    scratch = path.with_name("learned.safetensors")
    kept = {"images": learn.images, "labels": learn.labels}
    if learn.masks is not None:
        kept["masks"] = learn.masks.byte()
    save_file(kept, scratch)
    marked = learn.masks is not None
    beside = _start_baselines(chosen, settings, scratch, max(1.0, ends - clock.passed() - 15), marked=marked)
    trained = _learn(settings, sets, DATA_SETS[chosen.name].labels, path, ends, clock)
    curve = {"losses": trained.losses[::20].contiguous(), "measured": trained.measured}
    save_file(curve, path.with_name(f"{chosen.name}_curve.safetensors"))
    about = f"{trained.step:,} updates in {trained.seconds / 60:.1f} minutes"
    path.with_name(f"{chosen.name}.txt").write_text(about, encoding="utf-8")
    clock.say(about)
    if beside is not None:
        left = max(1.0, chosen.seconds - clock.passed() - 20)
        beside.join(left if math.isfinite(left) else None)
    scratch.unlink()


def _start_baselines(
    chosen: argparse.Namespace, settings: TranslationTraining, scratch: Path, left: float, *, marked: bool
) -> BaseProcess | None:
    """Train the baselines: in another process, which is returned; or now, if there is to be one alone."""
    names = ["judge", "branch", "discriminator", *(["supervised"] if marked else [])]
    cuda = chosen.device.startswith("cuda")
    plain = PlainTraining(
        updates=chosen.compared,
        seconds=(0.9 if chosen.processes > 1 else 0.4) * left / (len(names) + marked),
        batch_size=64 if cuda else 16,
        turned=settings.turned,
        light=settings.light,
        tint=settings.tint,
        halved=settings.halved,
        bfloat16=settings.precision == "bfloat16",
        device=chosen.device,
        seed=chosen.seed,
    )
    given = (scratch.parent, asdict(settings), scratch, names, plain)
    if chosen.processes == 1:
        train_baselines(*given, torch.get_num_threads())
        return None
    # A daemon: when the time is over it ends with this process.
    beside = multiprocessing.get_context("spawn").Process(
        target=train_baselines, args=(*given, 2), daemon=True
    )
    beside.start()
    return beside


def _learn(
    settings: TranslationTraining,
    sets: dict[str, Examples],
    labels: tuple[str, str],
    path: Path,
    ends: float,
    clock: Clock,
) -> TrainedTranslator:
    """Train until a time of the clock, and save the pair at times and at the end."""
    learn, held = sets["train"], sets["validation"].first(256)
    saved = clock.passed()
    trained = None
    try:
        for update in settings.steps(learn.images, learn.labels, held_out=held):
            trained = update.partial
            now = clock.passed()
            if now - saved > _SAVED_EVERY:
                saved = now
                trained.pair(labels).save(path, half=True)
                recent = [round(value, 4) for value in trained.losses[-100:].nanmean(0).tolist()]
                rows = [round(value, 4) for value in trained.measured[-1:].flatten().tolist()]
                clock.say(f"{update.activity}; moved {trained.moved}; {recent}; {rows}")
            if now > ends:
                break
    except FloatingPointError as error:
        clock.say(str(error))
    if trained is None:
        raise SystemExit("nothing was trained")
    trained.pair(labels).save(path, half=True)
    return trained
