"""The image convention of this package, and the conversions into and out of it.

An image is a float32 RGB tensor ``(3, H, W)``, a batch is ``(N, 3, H, W)``, values in [0, 1], at least two
pixels a side. Everything that takes a picture from a user passes it through `as_image` or `as_images`, so
that no other module has to guess a layout or a range, and everything that sends a picture to the browser uses
`encode` (pictures) or `encode_labels` (maps of superpixels, regions, ...). A model's own normalisation (mean,
standard deviation) is no part of an image: it belongs to the `Classifier`.
"""

from __future__ import annotations

from cfwidgets.images.eight_bits import as_bytes, to_uint8
from cfwidgets.images.encoding import decode_labels, encode, encode_labels
from cfwidgets.images.errors import ImageError
from cfwidgets.images.limit import LARGEST
from cfwidgets.images.reading import ImageLike, as_image, as_images
from cfwidgets.images.sizes import cover, fit, fit_labels

__all__ = [
    "LARGEST",
    "ImageError",
    "ImageLike",
    "as_bytes",
    "as_image",
    "as_images",
    "cover",
    "decode_labels",
    "encode",
    "encode_labels",
    "fit",
    "fit_labels",
    "to_uint8",
]
