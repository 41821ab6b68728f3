"""Things to inspect, sound or damaged: labels say which, and masks say where.

``concrete`` draws surfaces with and without cracks.

>>> from cfwidgets.data import concrete
>>> concrete(2, size=32).masks.shape
torch.Size([2, 32, 32])
"""

from cfwidgets.data.defects.concrete import Concrete, concrete
from cfwidgets.data.defects.drawn import Drawn, Inspected

__all__ = ["Concrete", "Drawn", "Inspected", "concrete"]
