"""The networks of this package themselves, without weights.

>>> from cfwidgets.networks import DigitCNN
>>> sum(weights.numel() for weights in DigitCNN().parameters())
89834
"""

from cfwidgets.networks.digit_cnn import DigitCNN

__all__ = ["DigitCNN"]
