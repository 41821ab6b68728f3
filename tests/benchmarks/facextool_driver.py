"""Runs facextool 0.1.52 in a Python of its own: ``facextool.py`` starts it and tells it what to do.

It reads a line of JSON with the settings, then one word a line: ``time`` goes over the faces and leaves the
figures out, ``look`` is all that the tool does, and gives what it found. Each is answered by a line of JSON.
"""

import contextlib
import json
import os
import resource
import sys
import time

import facex.component as tool
import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import torch
import torchvision
from facex.dataset import CelebaDatasetMask
from safetensors.torch import load_file
from torch.utils.data import DataLoader
from torchvision import transforms


class EnoughError(Exception):
    """The faces have been gone over."""


def processor_seconds():
    """Of this process and of the readers that it has started and that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


class Driver:
    def __init__(self, settings):
        torch.set_num_threads(settings["threads"])
        mpl.use("agg")
        if not hasattr(mpl.cm, "get_cmap"):  # newer than the tool knows it
            mpl.cm.get_cmap = mpl.colormaps.__getitem__
        self.settings = settings
        self.net = torchvision.models.resnet18(num_classes=2)
        self.net.load_state_dict(load_file(settings["weights"]))
        tool.get_dataloaders = self.loader

    def loader(self, **given):
        """CelebAMask-HQ as the tool's own reader has it: `run` takes the one for other folders."""
        size = (given["img_size"], given["img_size"])
        pixels = [transforms.Resize(size), transforms.ToTensor()]
        normalise = transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
        faces = CelebaDatasetMask(
            pd.DataFrame({given["task"]: 1}, index=self.settings["files"]),
            given["data_dir"],
            self.settings["masks"],
            given["att_list"],
            transforms.Compose(pixels),
            given["img_size"],
            given["task"],
            transforms.Compose([*pixels, normalise]),
            get_path=True,
        )
        return DataLoader(faces, batch_size=given["bs"], num_workers=given["nw"])

    def run(self, whole):
        spent = []

        def watched(loader):
            clock, busy = time.perf_counter(), processor_seconds()
            yield from loader
            spent.extend([time.perf_counter() - clock, processor_seconds() - busy])
            if not whole:
                raise EnoughError

        tool.tqdm = watched
        started = time.perf_counter()
        with contextlib.suppress(EnoughError):
            tool.run(
                target="all",
                protected="None",
                target_class=self.settings["target"],
                model=self.net,
                data_dir=self.settings["images"],
                csv_dir=None,
                target_layer="layer4",
                img_size=self.settings["size"],
            )
        plt.close("all")
        return {"seconds": spent[0], "busy": spent[1], "whole": time.perf_counter() - started}

    def look(self):
        """What it finds, read from the functions that it calls on the way."""
        size, found = self.settings["size"], {"rows": [], "patches": {}}
        focus, process, normalise = tool.global_focus, tool.process_data, tool.normalize_values
        # The tool keeps the pixels of a patch and not its place: from this picture it keeps the place.
        along = torch.arange(size) / size  # in [0, 1], as pixels are
        places = torch.zeros(1, 3, size, size)
        places[0, 0], places[0, 1] = along[:, None], along
        masks = {}

        def focused(small, atts, sums, counts, config):
            masks.clear()
            masks.update(atts)
            given = focus(small, atts, sums, counts, config)
            found["rows"].append({region: float(given[2][region]) for region in atts})
            return given

        def processed(imgs, att_map, att, *others):
            region = next(name for name, mask in masks.items() if mask is att)
            given = process(places.clone(), att_map, att, *others)
            found["patches"][region] = [
                [name, *(tile[:2, 0, 0] * size).int().tolist(), value]
                for tile, value, name in sorted(zip(*given, strict=True), key=lambda one: -one[1])
            ]
            return given

        def normalised(sums, counts):
            given = normalise(sums, counts)
            found.update(ior={name: float(value) for name, value in given.items()}, counts=dict(counts))
            return given

        tool.global_focus, tool.process_data, tool.normalize_values = focused, processed, normalised
        try:
            found.update(self.run(whole=True))
        finally:
            tool.global_focus, tool.process_data, tool.normalize_values = focus, process, normalise
        return found


def main():
    # The tool may print: what is said to the benchmark goes another way.
    with os.fdopen(os.dup(1), "w", buffering=1) as out:
        os.dup2(2, 1)
        driver = Driver(json.loads(sys.stdin.readline()))
        print(json.dumps({"versions": {m.__name__: m.__version__ for m in (torch, torchvision)}}), file=out)
        for line in sys.stdin:
            given = driver.look() if line.strip() == "look" else driver.run(whole=False)
            print(json.dumps(given), file=out)


if __name__ == "__main__":
    main()
