"""Things to inspect, sound or damaged: labels say which, and masks say where.

``concrete`` makes surfaces with and without cracks, ``fruit`` apples with and without worm damage;
``ConcreteCracks`` and ``CascIfw`` read two published data sets.

>>> from cfwidgets.data import concrete
>>> concrete(2, size=32).masks.shape
torch.Size([2, 32, 32])
"""

from cfwidgets.data.defects.casc_ifw import CascIfw
from cfwidgets.data.defects.concrete import Concrete, concrete
from cfwidgets.data.defects.concrete_cracks import ConcreteCracks
from cfwidgets.data.defects.drawn import Drawn, Inspected
from cfwidgets.data.defects.fruit import Fruit, fruit

__all__ = ["CascIfw", "Concrete", "ConcreteCracks", "Drawn", "Fruit", "Inspected", "concrete", "fruit"]
