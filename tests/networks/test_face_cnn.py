from __future__ import annotations

import torch

from cfwidgets.networks import FaceCNN


def test_each_layer_is_named_and_gives_what_the_table_says() -> None:
    shapes: dict[str, tuple[int, ...]] = {}
    network = FaceCNN(classes=3)
    for name, layer in network.named_children():
        layer.register_forward_hook(
            lambda _, __, out, name=name: shapes.__setitem__(name, tuple(out.shape[1:]))
        )
    network(torch.rand(2, 3, 128, 128))
    widths = {1: (16, 64, 64), 2: (32, 32, 32), 3: (64, 16, 16), 4: (64, 16, 16), 5: (96, 16, 16)}
    expected = {
        f"{kind}{place}": shape for place, shape in widths.items() for kind in ("conv", "norm", "relu")
    }
    assert shapes == {**expected, "pool": (96, 1, 1), "flatten": (96,), "head": (3,)}
    assert list(shapes)[-4:] == ["relu5", "pool", "flatten", "head"]


def test_a_face_is_answered_the_same_in_any_batch() -> None:
    network, images = FaceCNN().double().eval(), torch.rand(3, 3, 40, 56, dtype=torch.float64)
    together = network(images)
    assert torch.allclose(torch.cat([network(image[None]) for image in images]), together)
    assert together.std(dim=0).min() > 0


def test_it_has_as_many_weights_as_its_card_says() -> None:
    assert sum(weights.numel() for weights in FaceCNN().parameters()) == 116_370
