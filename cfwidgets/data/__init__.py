"""Data sets: those that come with a package, and readers for those of users.

>>> from cfwidgets import data
>>> data.digits("test").images.shape
torch.Size([1000, 3, 32, 32])
"""

from cfwidgets.data.digits import Digits, digits
from cfwidgets.data.folders import FolderError, ImageFolders

__all__ = ["Digits", "FolderError", "ImageFolders", "digits"]
