"""Ready models by name.

>>> from cfwidgets import zoo
>>> zoo.classifier("efficientnet-lite0", device="cpu")
<Classifier efficientnet-lite0: 1000 classes, 224 x 224, cpu>
>>> zoo.generator("digits", device="cpu").classes
10
>>> zoo.attribute_editor("portraits", device="cpu").size
(64, 64)
>>> zoo.translator("fruit", device="cpu").labels
('sound', 'damaged')
"""

from cfwidgets.zoo.classifiers import classifier
from cfwidgets.zoo.editors import attribute_editor
from cfwidgets.zoo.generators import generator
from cfwidgets.zoo.translators import translator

__all__ = ["attribute_editor", "classifier", "generator", "translator"]
