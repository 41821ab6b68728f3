"""Things to inspect, sound or damaged: labels say which, and masks say where.

``concrete`` makes surfaces with and without cracks, ``fruit`` apples with and without worm damage.

>>> from cfwidgets.data import concrete
>>> concrete(2, size=32).masks.shape
torch.Size([2, 32, 32])
"""

from cfwidgets.data.defects.concrete import Concrete, concrete
from cfwidgets.data.defects.drawn import Drawn, Inspected
from cfwidgets.data.defects.fruit import Fruit, fruit

__all__ = ["Concrete", "Drawn", "Fruit", "Inspected", "concrete", "fruit"]
