"""Ready models by name.

>>> from cfwidgets import zoo
>>> zoo.classifier("efficientnet-lite0", device="cpu")
<Classifier efficientnet-lite0: 1000 classes, 224 x 224, cpu>
"""

from cfwidgets.zoo.classifiers import classifier

__all__ = ["classifier"]
