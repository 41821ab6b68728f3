"""Data sets: those that come with a package, and readers for those of users.

The public names are listed in ``__init__.pyi``, and imported when they are first used.

>>> from cfwidgets import data
>>> data.digits("test").images.shape
torch.Size([1000, 3, 32, 32])
"""

import lazy_loader

# Not when first used: their modules have the same names, and importing one of these would hide the function.
from cfwidgets.data.digits import digits as digits
from cfwidgets.data.portraits import portraits as portraits

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
