"""Masks from the cache against masks from their PNGs, in the layout of CelebAMask-HQ: ratios of one run.

Run it with ``python tests/benchmarks/faces.py`` (``--faces 200`` for more). It prints; it asserts nothing,
since the machines differ.

Measured on a busy CPU core, 100 faces of 14 masks each: packing once 45 ms a face; then 3.3 ms a face with
its image (1024 to 512 pixels), of which the masks are 1.1 ms, where 14 PNGs take 41 ms: ratio 13 for whole
faces, 39 for masks. 4.6 kB a face on disk.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from cfwidgets.data import CelebAMaskHQ

# Centre and half-axes of an ellipse a region, in shares of the side, about as faces have them.
_DRAWN = {
    "hair": (0.35, 0.5, 0.33, 0.34),
    "neck": (0.85, 0.5, 0.2, 0.17),
    "cloth": (0.99, 0.5, 0.12, 0.45),
    "skin": (0.52, 0.5, 0.33, 0.25),
    "l_ear": (0.5, 0.75, 0.08, 0.03),
    "r_ear": (0.5, 0.25, 0.08, 0.03),
    "nose": (0.54, 0.5, 0.1, 0.06),
    "l_eye": (0.46, 0.61, 0.02, 0.05),
    "r_eye": (0.46, 0.39, 0.02, 0.05),
    "l_brow": (0.41, 0.61, 0.015, 0.07),
    "r_brow": (0.41, 0.39, 0.015, 0.07),
    "mouth": (0.69, 0.5, 0.01, 0.06),
    "u_lip": (0.675, 0.5, 0.015, 0.09),
    "l_lip": (0.705, 0.5, 0.02, 0.08),
}


def draw(root, faces):
    """Images of 1024 x 1024 and 14 masks each of 512 x 512, with outlines as wavy as hand-drawn ones."""
    rng = np.random.default_rng(0)
    folder = root / "CelebAMask-HQ-mask-anno/0"
    folder.mkdir(parents=True)
    (root / "CelebA-HQ-img").mkdir()
    rows, columns = np.indices((512, 512)) / 512
    for number in range(faces):
        noise = Image.fromarray(rng.integers(0, 255, (32, 32, 3), dtype=np.uint8))
        noise.resize((1024, 1024), Image.Resampling.BICUBIC).save(root / f"CelebA-HQ-img/{number}.jpg")
        for region, (row, column, high, wide) in _DRAWN.items():
            down, across = (rows - row - rng.normal() * 0.01) / high, (columns - column) / wide
            edge = 1 + 0.08 * np.sin(rng.integers(4, 12) * np.arctan2(down, across) + rng.uniform(0, 6))
            pixels = np.where(down**2 + across**2 < edge, 255, 0).astype(np.uint8)
            Image.fromarray(np.stack([pixels] * 3, -1)).save(folder / f"{number:05d}_{region}.png")
    (root / "CelebAMask-HQ-attribute-anno.txt").write_text(
        f"{faces}\nMale\n" + "".join(f"{number}.jpg  1\n" for number in range(faces))
    )


def milliseconds(work, names):
    """Median of what one takes."""
    found = []
    for name in names:
        started = time.perf_counter()
        work(name)
        found.append((time.perf_counter() - started) * 1000)
    return statistics.median(found)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--faces", type=int, default=50)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        draw(root, options.faces)
        plain = CelebAMaskHQ(root, cache=False)
        kept = CelebAMaskHQ(root, cache=root)
        bare = CelebAMaskHQ(root, masks=None, size=512)
        started = time.perf_counter()
        kept.pack()
        packing = (time.perf_counter() - started) * 1000 / options.faces
        numbers = range(options.faces)
        pngs, cached, image = (milliseconds(faces.__getitem__, numbers) for faces in (plain, kept, bare))
        print(
            f"{options.faces} faces, images of 1024 and {len(_DRAWN)} masks of 512 pixels a side, one thread"
        )
        print(f"  packing once          {packing:8.2f} ms a face")
        print(f"  image alone           {image:8.2f} ms")
        print(f"  image, masks of PNGs  {pngs:8.2f} ms")
        print(f"  image, masks kept     {cached:8.2f} ms")
        print(f"  ratio of whole faces  {pngs / cached:8.2f}")
        print(f"  ratio of masks        {(pngs - image) / max(cached - image, 0.01):8.2f}")
        print(
            f"  cache                 {kept.cache_path.stat().st_size / options.faces / 1000:8.2f} kB a face"
        )


if __name__ == "__main__":
    main()
