"""Train the translators of the zoo: ``python -m cfwidgets.zoo.recipes.translator concrete --to FOLDER``.

Makes the data, trains the pair of networks and all that it is measured against (an independent judge, which
Grad-CAM explains too; the ordinarily trained twins of both networks; a supervised network of the same kind
and width), and writes weights, measurements, a sheet of pictures and the model card. ``--measure`` takes the
weights that are in the folder already. Some minutes on a GPU, an hour on two cores.
"""

from cfwidgets.zoo.recipes.translator.card import model_card
from cfwidgets.zoo.recipes.translator.command import main
from cfwidgets.zoo.recipes.translator.data import DATA_SETS, Examples, examples
from cfwidgets.zoo.recipes.translator.measuring import grad_cam, in_batches, measured, overlap
from cfwidgets.zoo.recipes.translator.pictures import sheet
from cfwidgets.zoo.recipes.translator.schedule import training

__all__ = [
    "DATA_SETS",
    "Examples",
    "examples",
    "grad_cam",
    "in_batches",
    "main",
    "measured",
    "model_card",
    "overlap",
    "sheet",
    "training",
]
