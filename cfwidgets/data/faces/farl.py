"""Regions of faces by FaRL, a network for face parsing, through the package pyfacer."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from cfwidgets.data.faces.masks.region_bits import MaskError
from cfwidgets.data.faces.regions import REGIONS

__all__ = ["FaRL"]

_PARSER = "celebm/448"
_SIDE = 448
# What FaRL's authors call the regions that they call otherwise than CelebAMask-HQ.
_OTHER_NAMES = {
    "eyeg": "eye_g",
    "earr": "ear_r",
    "face": "skin",
    "imouth": "mouth",
    "lb": "l_brow",
    "le": "l_eye",
    "llip": "l_lip",
    "lr": "l_ear",
    "rb": "r_brow",
    "re": "r_eye",
    "rr": "r_ear",
    "ulip": "u_lip",
}
# Raise it when the same weights give other masks.
_VERSION = 1


class FaRL:
    """Finds the 19 regions of a face: FaRL, trained on CelebAMask-HQ (Zheng et al. 2022).

    The face is found and turned upright by RetinaFace (the largest where there are several), and parsed in
    the cut that CelebA-HQ would make around it. Where no face is found, the whole picture is taken as that
    cut. A pixel belongs to the region whose probability is at least one half; where none is that sure, or
    outside the cut, it belongs to none. So masks never overlap.

    Parameters
    ----------
    device
        Where the networks run; ``"auto"`` is CUDA where there is one.
    align
        Whether to look for the face first. False takes every picture as a cut: for pictures that are cut as
        CelebA-HQ's are.
    weights, detector_weights
        Files of the networks' weights, for a machine without a network. None downloads them when they are
        first needed, and torch keeps them.

    Raises
    ------
    ImportError
        pyfacer is not installed.

    Notes
    -----
    Networks are loaded when the first face is parsed, or by `load`. pyfacer's files: FaRL as TorchScript, and
    RetinaFace's parameters.
    """

    def __init__(
        self,
        *,
        device: str | torch.device = "auto",
        align: bool = True,
        weights: str | os.PathLike[str] | None = None,
        detector_weights: str | os.PathLike[str] | None = None,
    ) -> None:
        if importlib.util.find_spec("facer") is None:
            raise ImportError('FaRL comes in the package pyfacer: pip install "cfwidgets[farl]"')
        for path in (weights, detector_weights):
            if path is not None and not Path(path).is_file():
                raise FileNotFoundError(f"no weights at {os.fspath(path)!r}")
        name = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        self.device = torch.device(name)
        self.align = align
        self._weights = weights
        self._detector_weights = detector_weights
        self._parser: Any = None
        self._detector: Any = None

    @property
    def cache_key(self) -> str:
        """A text that changes whenever the masks would."""
        files = [
            None
            if path is None
            else (Path(path).name, Path(path).stat().st_size, Path(path).stat().st_mtime_ns)
            for path in (self._weights, self._detector_weights)
        ]
        return f"{_VERSION} {_PARSER} {importlib.metadata.version('pyfacer')} {self.align} {files}"

    def load(self) -> None:
        """Load the networks, downloading their weights where that was not done before.

        Raises
        ------
        ConnectionError
            The download failed.
        ImportError
            pyfacer, or a library that it needs, cannot be imported.
        """
        if self._parser is not None:
            return
        try:
            import facer
        except ImportError as error:
            raise ImportError(
                f"pyfacer is installed and cannot be imported ({error}). Where a system library is missing "
                "(libGL.so.1), opencv-python wants it: pip install opencv-python-headless in its place"
            ) from error
        try:
            self._parser = facer.face_parser(
                f"farl/{_PARSER}", device=self.device, model_path=_text(self._weights)
            )
            if self.align:
                self._detector = facer.face_detector(
                    "retinaface/mobilenet", device=self.device, model_path=_text(self._detector_weights)
                )
        except OSError as error:
            self._parser = None
            raise ConnectionError(
                f"the weights of FaRL and RetinaFace have to be downloaded once, and that failed ({error}). "
                "Where there is a network, download them from the addresses in facer.face_parsing.farl and "
                "facer.face_detection.retinaface; here, put them into "
                f"{str(Path(torch.hub.get_dir(), 'checkpoints'))!r}, or give them: "
                "masks=FaRL(weights=FILE, detector_weights=FILE)"
            ) from error

    def __call__(self, image: Tensor) -> Tensor:
        """Find the regions of a face.

        Parameters
        ----------
        image
            ``(3, h, w)`` in [0, 1].

        Returns
        -------
        Tensor
            ``(19, h, w)`` bool on the CPU, in the order of `REGIONS`.
        """
        self.load()
        with torch.inference_mode():
            logits, labels = self._logits(image.to(self.device, torch.float32)[None])
            return by_name(logits.softmax(0) >= 0.5, labels).cpu()

    def __getstate__(self) -> dict[str, Any]:
        # Another process loads its own: TorchScript is not pickled.
        return {**self.__dict__, "_parser": None, "_detector": None}

    def _logits(self, batch: Tensor) -> tuple[Tensor, Sequence[str]]:
        if self.align:
            faces = self._detector((batch * 255).round())
            if len(faces["rects"]):
                left, top, right, bottom = faces["rects"].unbind(1)
                largest = ((right - left) * (bottom - top)).argmax()[None]
                one = {name: values[largest] for name, values in faces.items()}
                found = self._parser(batch, one)["seg"]
                return found["logits"][0], found["label_names"]
        cut = F.interpolate(batch, size=(_SIDE, _SIDE), mode="bilinear", antialias=True).clamp(0, 1)
        logits, _, labels = self._parser.forward_warped(cut)
        size = (batch.shape[-2], batch.shape[-1])
        return F.interpolate(logits, size=size, mode="bilinear", antialias=True)[0], labels


def by_name(masks: Tensor, labels: Sequence[str]) -> Tensor:
    """Bring masks in FaRL's order into that of `REGIONS`, by the names of the regions.

    Parameters
    ----------
    masks
        ``(len(labels), h, w)``.
    labels
        What FaRL calls its regions, in its order.

    Returns
    -------
    Tensor
        ``(19, h, w)``.

    Raises
    ------
    MaskError
        The names are not those of the 19 regions.

    Examples
    --------
    >>> theirs = ["background", "neck", "face", "cloth", "rr", "lr", "rb", "lb", "re", "le", "nose", "imouth",
    ...     "llip", "ulip", "hair", "eyeg", "hat", "earr", "neck_l"]
    >>> ours = by_name(torch.arange(19)[:, None, None], theirs)
    >>> [theirs[number] for number in ours.flatten()[:4]]
    ['background', 'face', 'nose', 'eyeg']
    """
    names = [_OTHER_NAMES.get(label, label) for label in labels]
    if sorted(names) != sorted(REGIONS):
        raise MaskError(f"this FaRL knows other regions than the 19 of CelebAMask-HQ: {', '.join(labels)}")
    return masks[[names.index(region) for region in REGIONS]]


def _text(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else os.fspath(path)
