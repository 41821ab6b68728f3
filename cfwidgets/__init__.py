"""Ask an image classifier what would have changed its mind, and play with the answer in a notebook.

The public names are listed in ``__init__.pyi``. Each is imported when it is first used, so that
``import cfwidgets`` is quick and brings in neither torch nor the widgets until something needs them.
"""

import lazy_loader

from cfwidgets._version import __version__ as __version__

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
# `from cfwidgets import *` leaves Python's own `open` alone.
__all__ = ["__version__", *(name for name in __all__ if name != "open")]  # noqa: PLE0604
