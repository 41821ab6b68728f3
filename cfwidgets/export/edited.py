"""An editor and a classifier in one network: from attributes to the picture and the prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cfwidgets.export.network import TOLERANCE, Network, Precision, in_half_precision, outputs_of
from cfwidgets.export.refusal import CannotTravelError
from cfwidgets.images import cover
from cfwidgets.models.attgan_editor import AttGANEditor
from cfwidgets.models.backends.base import ClassifierError
from cfwidgets.models.backends.copies import copied
from cfwidgets.models.backends.export import exported
from cfwidgets.models.backends.outputs import to_probabilities
from cfwidgets.models.editor import criticised, painted

if TYPE_CHECKING:
    from cfwidgets.models.classifier import Classifier

__all__ = ["edited_network"]


def edited_network(
    editor: Any, clf: Classifier, image: Tensor, attributes: Tensor, precision: Precision
) -> Network:
    """Export an editor for one image, with the classifier behind it.

    Parameters
    ----------
    editor
        An `AttGANEditor`; no other knows its layers.
    clf
        The classifier.
    image
        ``(3, H, W)``.
    attributes
        ``(n, A)``, n at least 2, such as will be asked: on these it is compared with editor and classifier.
    precision
        Of the stored weights.

    Returns
    -------
    Network
        From attributes ``(n, A)`` to images ``(n, 3, H, W)``, raw outputs ``(n, C)``, and scores ``(n,)``
        where the editor has a critic.

    Raises
    ------
    CannotTravelError
        Another editor, a black box, a picture that the classifier would have to shrink, or a network that
        answers otherwise in ONNX Runtime.
    """
    if not isinstance(editor, AttGANEditor):
        raise CannotTravelError(f"only an AttGANEditor travels; the editor is a {type(editor).__name__}")
    painter: Any = editor
    half = precision == "half"
    encoded = painter.encode(image)
    pictures = painted(painter, encoded, attributes).cpu()
    expected = clf.probabilities(pictures)
    try:
        whole = _Edited(editor, clf, image, (pictures.shape[2], pictures.shape[3]))
        model = exported(whole, attributes[:2])
        if half:
            model = in_half_precision(model)
        images, rows, *critic = outputs_of(model, attributes)
    except (ClassifierError, ImportError) as error:
        raise CannotTravelError(str(error)) from error
    found = to_probabilities(rows, clf.activation)
    difference = float((found - expected).abs().max())
    if half and not torch.equal(found.argmax(1), expected.argmax(1)):
        raise CannotTravelError(f"with weights in half precision {clf.name} predicts another class")
    scores = criticised(painter, pictures)
    apart = [difference, float((images - pictures).abs().max())]
    apart += [] if scores is None else [float((critic[0].flatten() - scores).abs().max()) / 10]
    if not half and max(apart) > TOLERANCE:
        raise CannotTravelError(
            f"in ONNX Runtime editor and classifier answer otherwise: by {max(apart):.2g}"
        )
    return Network(f"{clf.name} behind the editor", model, clf.activation, difference, half)


class _Edited(nn.Module):
    def __init__(self, editor: AttGANEditor, clf: Classifier, image: Tensor, size: tuple[int, int]) -> None:
        super().__init__()
        generator, discriminator = editor.networks
        painter: Any = copied(generator).cpu()
        self.generator = painter
        self.discriminator: Any = None if discriminator is None else copied(discriminator).cpu()
        with torch.no_grad():
            features = painter.encode(image[None].cpu())
        self._features = len(features)
        for place, feature in enumerate(features):
            self.register_buffer(f"feature_{place}", feature)
        self._inner, self._cut = cover(size, clf.input_size or size)
        if self._inner[0] < size[0] or self._inner[1] < size[1]:
            raise CannotTravelError("the classifier takes smaller pictures than the editor paints")
        self.classifier = clf.from_images("cpu")
        self.eval()

    def forward(self, attributes: Tensor) -> tuple[Tensor, ...]:
        count = attributes.shape[0]
        features = [
            getattr(self, f"feature_{place}").expand(count, -1, -1, -1) for place in range(self._features)
        ]
        images = self.generator.decode(features, attributes).clamp(0, 1)
        # to a larger size antialiasing changes nothing
        seen = F.interpolate(images, size=self._inner, mode="bilinear").clamp(0, 1)[..., *self._cut]
        rows = self.classifier(seen)
        return (images, rows) if self.discriminator is None else (images, rows, self.discriminator(images)[0])
