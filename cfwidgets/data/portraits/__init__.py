"""Drawn portraits with 18 known attributes and the 19 regions of CelebAMask-HQ.

``portraits`` draws a set; ``attributes`` has the table of frequencies.

>>> from cfwidgets.data import portraits
>>> portraits(2, size=32).images.shape
torch.Size([2, 3, 32, 32])
"""

from cfwidgets.data.portraits.attributes import ATTRIBUTES, TENDENCIES
from cfwidgets.data.portraits.sets import Portraits, portraits

__all__ = ["ATTRIBUTES", "TENDENCIES", "Portraits", "portraits"]
