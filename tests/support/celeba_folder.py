"""A small folder in the layout of CelebA and CelebAMask-HQ, of portraits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from cfwidgets.data.faces import REGIONS
from cfwidgets.data.portraits import Portraits, portraits
from cfwidgets.data.portraits.attributes import ATTRIBUTES

EVEN = dict.fromkeys(
    (
        "Male",
        "Young",
        "Blond_Hair",
        "Eyeglasses",
        "Smiling",
        "Wearing_Earrings",
        "Wearing_Lipstick",
        "Wearing_Necklace",
        "Wearing_Hat",
        "Pale_Skin",
    ),
    0.5,
)
SIZE = 64
WIDE, HIGH = 178, 218  # pixels of CelebA's pictures
FIRSTS = {"train": 1, "valid": 182_001, "test": 182_638}
BOTH = 10  # pictures of CelebA that are in CelebAMask-HQ, too


def celeba_folder(root: Path, *, train: int, valid: int, test: int, masked: int) -> Path:
    """Write so many pictures of each part, and so many with masks, ten of which are of the training part."""
    (root / "img_align_celeba").mkdir(parents=True)
    counts = {"train": train, "valid": valid, "test": test}
    numbers = [FIRSTS[part] + i for part, count in counts.items() for i in range(count)]
    files = [f"{number:06d}.jpg" for number in numbers]
    faces = portraits(len(files), SIZE, 5, attributes=EVEN)
    for file, pixels in zip(files, faces.pixels, strict=True):
        square = Image.fromarray(pixels.permute(1, 2, 0).numpy()).resize((WIDE, WIDE))
        whole = Image.new("RGB", (WIDE, HIGH), square.getpixel((0, 0)))
        whole.paste(square, (0, (HIGH - WIDE) // 2))
        whole.save(root / "img_align_celeba" / file, quality=95)
    (root / "list_attr_celeba.txt").write_text(_table(files, faces))
    parts = [str(place) for place, count in enumerate(counts.values()) for _ in range(count)]
    (root / "list_eval_partition.txt").write_text("\n".join(map(" ".join, zip(files, parts, strict=True))))
    if masked:
        _masked(root / "CelebAMask-HQ", masked)
    return root


def _masked(root: Path, count: int) -> None:
    (root / "CelebA-HQ-img").mkdir(parents=True)
    (root / "CelebAMask-HQ-mask-anno/0").mkdir(parents=True)
    faces = portraits(count, SIZE, 6, attributes=EVEN)
    for number, (pixels, bits) in enumerate(zip(faces.pixels, faces.region_bits, strict=True)):
        Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(root / f"CelebA-HQ-img/{number}.jpg")
        for place, region in enumerate(REGIONS):
            mask = (bits >> place & 1).numpy().astype(np.uint8) * 255
            if region != "background" and mask.any():
                file = f"CelebAMask-HQ-mask-anno/0/{number:05d}_{region}.png"
                Image.fromarray(mask).save(root / file)
    files = [f"{number}.jpg" for number in range(count)]
    (root / "CelebAMask-HQ-attribute-anno.txt").write_text(_table(files, faces))
    originals = [number + 1 if number < BOTH else 100_000 + number for number in range(count)]
    rows = [f"{number} {original - 1} {original:06d}.jpg" for number, original in enumerate(originals)]
    (root / "CelebA-HQ-to-CelebA-mapping.txt").write_text("\n".join(["idx orig_idx orig_file", *rows]))


def _table(files: list[str], faces: Portraits) -> str:
    rows = [
        f"{file} {' '.join('1' if yes else '-1' for yes in marks)}"
        for file, marks in zip(files, faces.attributes.tolist(), strict=True)
    ]
    return "\n".join([str(len(files)), " ".join(ATTRIBUTES), *rows, ""])
