"""Sets of drawn portraits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from cfwidgets.checks import choice, one_place, positive_int
from cfwidgets.data.faces import REGIONS, Face, unpack_masks
from cfwidgets.data.portraits.attributes import ATTRIBUTES, Wishes, clashing, consistent, known, sampled
from cfwidgets.data.portraits.geometry import FaceGeometry, Latent
from cfwidgets.data.portraits.rendering import rendered

__all__ = ["Portraits", "portraits"]


@dataclass(frozen=True, eq=False, repr=False)
class Portraits:
    """Drawn faces with what is known about them: a ``torch.utils.data.Dataset`` by its methods.

    Pixels are kept as bytes and regions as bits, since 10,000 portraits of 128 x 128 pixels are 0.5 and
    0.7 GB so, but 2 GB as float32 images and 3 GB as 19 masks each. ``images`` and ``masks`` convert all of
    them each time that they are asked for; an index, and so a ``DataLoader``, converts one.

    Parameters
    ----------
    pixels
        ``(n, 3, size, size)`` uint8.
    attributes
        ``(n, 18)`` bool, in the order of ``names``.
    region_bits
        ``(n, size, size)`` int32: bit r of a pixel is set where region r is, in the order of ``regions``.
    seed, first
        What the faces were made from: portrait i is number ``first + i`` of this seed.
    """

    pixels: Tensor
    attributes: Tensor
    region_bits: Tensor
    seed: int
    first: int
    noun: ClassVar[str] = "portrait"

    names: tuple[str, ...] = field(default=ATTRIBUTES, init=False)
    regions: tuple[str, ...] = field(default=REGIONS, init=False)

    @property
    def images(self) -> Tensor:
        """All images, ``(n, 3, size, size)`` float32 in [0, 1]; converted each time."""
        return self.pixels.float() / 255

    @property
    def masks(self) -> Tensor:
        """All masks, ``(n, 19, size, size)`` bool in the order of ``regions``; converted each time."""
        return unpack_masks(self.region_bits)

    @property
    def size(self) -> int:
        """Height and width in pixels."""
        return self.pixels.shape[-1]

    def attribute(self, name: str) -> Tensor:
        """Return True for the portraits that have an attribute, ``(n,)`` bool.

        Raises
        ------
        ValueError
            There is no attribute of this name.
        """
        return self.attributes[:, ATTRIBUTES.index(known(name))]

    def mask(self, region: str) -> Tensor:
        """Return the mask of a region, ``(n, size, size)`` bool.

        Raises
        ------
        ValueError
            There is no region of this name.
        """
        choice("region", region, REGIONS)
        return (self.region_bits >> REGIONS.index(region)) & 1 == 1

    def edited(self, **changes: bool | Tensor | np.ndarray) -> Portraits:
        """Draw the same people, in the same pose and light, with other attributes.

        Parameters
        ----------
        **changes
            Attributes by name: a bool for all portraits, or ``(n,)`` bools, one for each.

        Returns
        -------
        Portraits
            Redrawn. Attributes that exclude a new one end (no one is bald and blond); all others stay, also
            those that usually go with the new one. ``Male`` changes the shape of face, neck and shoulders and
            what depends on it, and, since styles are worn differently often, mostly the hair style.

        Raises
        ------
        ValueError
            An unknown name, values that are not bools or not one for each portrait, or attributes asked for
            that exclude each other.

        Examples
        --------
        >>> people = portraits(3, size=32, attributes={"Eyeglasses": False})
        >>> with_glasses = people.edited(Eyeglasses=True)
        >>> with_glasses.attribute("Eyeglasses").tolist()
        [True, True, True]
        >>> bool(with_glasses.mask("eye_g").any()), bool(people.mask("eye_g").any())
        (True, False)
        """
        columns = {known(name): _one_each(name, value, len(self)) for name, value in changes.items()}
        rows = []
        for place, row in enumerate(self._rows()):
            new = {name: column[place] for name, column in columns.items()}
            clash = clashing(name for name, value in new.items() if value)
            if clash:
                raise ValueError(f"{clash[0]} and {clash[1]} exclude each other (portrait {place})")
            rows.append(consistent(row, new))
        return _made(rows, self.size, self.seed, self.first)

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> Face:
        one_place(index)
        return Face(
            image=self.pixels[index].float() / 255,
            attributes=self.attributes[index],
            masks=self.region_bits[index],
            name=f"portrait {self.first + range(len(self))[index]}",
        )

    def __iter__(self) -> Iterator[Face]:
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        return (
            f"Portraits({len(self)} of {self.size} x {self.size} pixels, seed {self.seed}, from {self.first})"
        )

    def _rows(self) -> list[dict[str, bool]]:
        return [dict(zip(ATTRIBUTES, row, strict=True)) for row in self.attributes.tolist()]


def portraits(
    n: int,
    size: int = 128,
    seed: int = 0,
    *,
    attributes: Mapping[str, bool | float] | None = None,
    correlate: Mapping[str, Mapping[str, float]] | None = None,
    first: int = 0,
) -> Portraits:
    """Draw portraits whose attributes and regions are known.

    Photographs of people come with labels that somebody gave. Here everything is known because it was drawn
    so: which attributes a face has, where each of its parts is, and what the same face looks like when one
    attribute is another. So a bias can be put into a data set, and whether an explanation finds it can be
    checked.

    Parameters
    ----------
    n
        How many.
    size
        Height and width in pixels, at least 16. The same face at another size is the same drawing.
    seed
        Whose numbers: portrait i depends on the seed and ``first + i`` and on nothing else, so that the first
        10 of 100 portraits are the 10 that one gets when asking for 10.
    attributes
        For an attribute by name: ``True`` or ``False`` for all, or the share of faces that have it. What is
        not named follows the frequencies in ``attributes.TENDENCIES``, which resemble CelebA's.
    correlate
        A bias. ``{"Male": {"Wearing_Hat": 0.99}}``: in 99 % of the faces that are Male the hat is there, and
        in 99 % of the others it is not. ``{"Male": {"not Wearing_Lipstick": 0.99}}``: the same with the
        opposite. Each face is drawn for itself, so that a share holds within chance.
    first
        Number of the first face: to go on where another set ended, or for test faces of the same seed.

    Returns
    -------
    Portraits
        Pixels, attributes and regions.

    Raises
    ------
    ValueError
        A number out of range; an attribute that does not exist (the error names the nearest); attributes that
        exclude each other asked for in more than all faces.
    ImportError
        resvg-py is not installed.

    Notes
    -----
    **What the labels are.** Names and meaning of the 18 attributes are those of CelebA (Liu et al. 2015): 13
    that AttGAN (He et al. 2019) edits, and five more. They are binary, and drawn by a convention that
    imitates how annotators used them for photographs of celebrities: ``Male`` moves the shape of jaw, brow,
    neck and shoulders, stubble and hair style, and the two groups overlap; ``Young`` is the absence of lines
    and grey.
    The regions are the 19 of CelebAMask-HQ (Lee et al. 2020).

    **What they are not.** No person was photographed, and nothing follows from these labels or frequencies
    about people: neither that gender or age are binary or can be seen, nor that the conventions of those data
    sets are right. They serve to test explanations of classifiers, not to train one for use on people.

    **Regions.** They come from the same outlines as the pixels, drawn without anti-aliasing: a pixel belongs
    to what is at its centre. As in CelebAMask-HQ they overlap: the skin goes on under eyes, brows, nose and
    mouth; glasses lie over eyes, earrings over ears or hair, a necklace over neck or clothes. What is hidden
    behind something opaque is not marked; a beard is skin; ``l_`` and ``r_`` are the person's left and right.

    The drawing is done by resvg on all cores. Same versions of numpy and resvg-py, same pixels.

    Examples
    --------
    >>> faces = portraits(4, size=64, attributes={"Wearing_Hat": True})
    >>> faces
    Portraits(4 of 64 x 64 pixels, seed 0, from 0)
    >>> faces.images.shape, faces.masks.shape
    (torch.Size([4, 3, 64, 64]), torch.Size([4, 19, 64, 64]))
    >>> faces.mask("hat").flatten(1).any(1).tolist()
    [True, True, True, True]
    """
    positive_int("n", n)
    positive_int("size", size, minimum=16)
    positive_int("seed", seed, minimum=0)
    positive_int("first", first, minimum=0)
    wishes = Wishes.of(attributes, correlate)
    rows = [sampled(wishes, np.random.default_rng([seed, first + place, 0])) for place in range(n)]
    return _made(rows, size, seed, first)


def _made(rows: list[dict[str, bool]], size: int, seed: int, first: int) -> Portraits:
    def face_at(place: int) -> FaceGeometry:
        return FaceGeometry(Latent(np.random.default_rng([seed, first + place, 1])), rows[place])

    pixels, region_bits = rendered(len(rows), face_at, size)
    return Portraits(
        pixels=torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))),
        attributes=torch.tensor([[row[name] for name in ATTRIBUTES] for row in rows]),
        region_bits=torch.from_numpy(region_bits),
        seed=int(seed),
        first=int(first),
    )


def _one_each(name: str, value: Any, count: int) -> list[bool]:
    if isinstance(value, bool | np.bool_):
        return [bool(value)] * count
    values = value.tolist() if isinstance(value, Tensor | np.ndarray) else None
    if not isinstance(values, list) or len(values) != count or not all(isinstance(v, bool) for v in values):
        raise ValueError(
            f"{name} must be True, False, or one bool for each of the {count} portraits, not {value!r}"
        )
    return values
