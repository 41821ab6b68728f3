"""A translator and classifiers in one network: from images to their twins and the predictions for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from cfwidgets.export.network import TOLERANCE, Network, Precision, in_half_precision, outputs_of
from cfwidgets.export.refusal import CannotTravelError
from cfwidgets.models.backends.base import ClassifierError
from cfwidgets.models.backends.copies import copied
from cfwidgets.models.backends.export import exported
from cfwidgets.models.backends.outputs import to_probabilities

if TYPE_CHECKING:
    from cfwidgets.models.classifier import Classifier
    from cfwidgets.models.translator import Translator

__all__ = ["translated_network"]


def translated_network(
    clf: Classifier, translator: Translator, second: Classifier | None, images: Tensor, precision: Precision
) -> Network:
    """Export a translator with the classifier, and a second one where there is one.

    Parameters
    ----------
    clf, translator, second
        The models.
    images
        ``(n, 3, H, W)``, n at least 2, of the size that is asked: on these the network is compared with them.
    precision
        Of the stored weights.

    Returns
    -------
    Network
        From images ``(n, 3, H, W)`` to twins, raw outputs ``(n, C)`` of the classifier for the images, and
        those of the second.

    Raises
    ------
    CannotTravelError
        A black box, a classifier of pictures of another size, or a network that answers otherwise in ONNX
        Runtime.
    """
    half = precision == "half"
    models = [clf] if second is None else [clf, second]
    size = (images.shape[2], images.shape[3])
    if not translator.has_module:
        raise CannotTravelError(f"the translator is a function, {translator.name}")
    if any(model.input_size not in (None, size) for model in models):
        raise CannotTravelError("a classifier takes pictures of another size than the translator")
    expected = [model.probabilities(images) for model in models]
    try:
        model = exported(_Translated(translator, models), images[:2])
        if half:
            model = in_half_precision(model)
        twins, *rows = outputs_of(model, images)
    except (ClassifierError, ImportError) as error:
        raise CannotTravelError(str(error)) from error
    found = [to_probabilities(raw, model.activation) for raw, model in zip(rows, models, strict=True)]
    difference = max(float((a - b).abs().max()) for a, b in zip(found, expected, strict=True))
    if half and not all(torch.equal(a.argmax(1), b.argmax(1)) for a, b in zip(found, expected, strict=True)):
        raise CannotTravelError(f"with weights in half precision {clf.name} predicts another class")
    apart = max(difference, float((twins - translator.translate(images).twins).abs().max()))
    if not half and apart > TOLERANCE:
        raise CannotTravelError(f"in ONNX Runtime translator and classifier answer otherwise: by {apart:.2g}")
    return Network(f"{clf.name} beside the translator", model, clf.activation, difference, half)


class _Translated(nn.Module):
    def __init__(self, translator: Translator, models: list[Classifier]) -> None:
        super().__init__()
        network: Any = copied(translator.require_module()).cpu()
        self.translator = network
        self.classifiers = nn.ModuleList([model.from_images("cpu") for model in models])
        self.eval()

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        out = self.translator(images)
        twins = out[0] if isinstance(out, tuple) else out
        return (twins.float().clamp(0, 1), *(classifier(images) for classifier in self.classifiers))
