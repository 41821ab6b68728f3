"""Relevance maps: the pixels that speak for a class, by several methods behind one call."""

from __future__ import annotations

from cfwidgets.attribution.captum_methods import (
    LRP,
    DeepLift,
    InputXGradient,
    IntegratedGradients,
    Occlusion,
    Saliency,
)
from cfwidgets.attribution.grad_cam import GradCam
from cfwidgets.attribution.maps import METHODS, Attribution, Attributor, attribute
from cfwidgets.attribution.rap import Rap

__all__ = [
    "LRP",
    "METHODS",
    "Attribution",
    "Attributor",
    "DeepLift",
    "GradCam",
    "InputXGradient",
    "IntegratedGradients",
    "Occlusion",
    "Rap",
    "Saliency",
    "attribute",
]
