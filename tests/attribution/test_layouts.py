"""Where the places are in a layer's output: channels first or last, or tokens of a grid."""

from __future__ import annotations

import pytest
import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision import models

from cfwidgets.attribution import attribute
from cfwidgets.attribution.layers import last_layer
from cfwidgets.attribution.layout import Form
from cfwidgets.attribution.network import network_of
from cfwidgets.models.classifier import Classifier, ClassifierError

FIRST, LAST = Form("channels_first"), Form("channels_last")
SMALL = {"num_classes": 5, "embed_dim": 24, "depths": (1, 1, 1, 1), "num_heads": (1, 1, 2, 2)}


def picture(size: int | tuple[int, int]) -> Tensor:
    coarse = torch.rand(1, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    return F.interpolate(coarse, size=size, mode="bilinear")


def made(name: str, **options) -> nn.Module:
    torch.manual_seed(0)
    return timm.create_model(name, **options).eval()


def torchvision_vit() -> nn.Module:
    torch.manual_seed(0)
    net = models.VisionTransformer(64, 8, 3, 2, 32, 64, num_classes=5).eval()
    nn.init.normal_(net.heads.head.weight, std=0.5)  # torchvision starts it at 0
    return net


def by_hand(net: nn.Module, part: nn.Module, x: Tensor, target: int, maps) -> Tensor:
    kept = []
    handle = part.register_forward_hook(lambda _, __, out: (out.retain_grad(), kept.append(out))[1])
    net(x.clone().requires_grad_())[0, target].backward()
    handle.remove()
    net.zero_grad()
    features, gradient = maps(kept[0].detach()), maps(kept[0].grad)
    cam = torch.einsum("nc,nchw->nhw", gradient.mean((2, 3)), features).relu()
    return F.interpolate(cam[:, None], size=x.shape[2:], mode="bilinear")[0, 0]


@pytest.mark.parametrize(
    ("name", "size"), [("swin_tiny_patch4_window7_224", 224), ("swinv2_tiny_window8_256", 256)]
)
def test_channels_last_are_found_and_the_map_is_right(name, size):
    net, x = made(name, **SMALL), picture(size)
    found = attribute(Classifier(net, input_size=size), x, 1, method="grad_cam")
    assert found.layer == "layers.3.blocks.0"
    want = by_hand(net, net.layers[3].blocks[0], x, 1, lambda t: t.permute(0, 3, 1, 2))
    assert torch.allclose(found.maps[0], want, rtol=1e-3, atol=1e-6)
    assert want.max() > 0


TOKENS = [
    ("vit_tiny_patch16_224", {"depth": 2}, 64, "blocks.1.norm1", (4, 4)),
    (
        "vit_tiny_patch16_224",
        {"depth": 2, "global_pool": "avg", "class_token": False},
        64,
        "blocks.1",
        (4, 4),
    ),
    ("vit_tiny_patch16_224", {"depth": 2}, (64, 96), "blocks.1.norm1", (4, 6)),
    ("deit_tiny_distilled_patch16_224", {"depth": 2}, 64, "blocks.1.norm1", (4, 4)),
    (
        "vit_small_patch14_reg4_dinov2",
        {"depth": 2, "embed_dim": 48, "num_heads": 3},
        70,
        "blocks.1.norm1",
        (5, 5),
    ),
    ("mixer_s32_224", {}, 224, "norm", (7, 7)),
]


@pytest.mark.costly
@pytest.mark.parametrize(("name", "options", "size", "layer", "grid"), TOKENS)
def test_token_layers_with_their_grid(name, options, size, layer, grid):
    sized = {} if name.startswith("mixer") else {"img_size": size}
    net, x = made(name, num_classes=5, **sized, **options), picture(size)
    nn.init.normal_(net.head.weight, std=0.5)
    clf = Classifier(net, input_size=size)
    found = attribute(clf, x.expand(5, -1, -1, -1), list(range(5)), method="grad_cam")
    assert found.layer == layer
    assert found.caveats == ()
    part, maps = dict(net.named_modules())[layer], Form(grid=grid).maps
    want = torch.stack([by_hand(net, part, x, target, maps) for target in range(5)])
    assert want.max() > 0  # a map of zeros would agree with anything
    assert torch.allclose(found.maps / want.max(), want / want.max(), atol=1e-3)


def test_torchvisions_vit_by_default_by_name_and_by_a_given_grid():
    net, x = torchvision_vit(), picture(64)
    clf = Classifier(net, input_size=64)
    layer = "encoder.layers.encoder_layer_2.ln_1"
    found = attribute(clf, x, 0, method="grad_cam")
    assert found.layer == layer
    named = attribute(clf, x, 0, method="grad_cam", layer=layer)
    given = attribute(clf, x, 0, method="grad_cam", layer=layer, reshape=(8, 8))
    want = by_hand(net, net.encoder.layers[2].ln_1, x, 0, Form(grid=(8, 8)).maps)
    assert want.max() > 0.01
    for one in (found, named, given):
        assert torch.allclose(one.maps[0], want, rtol=1e-3, atol=1e-6)
    with pytest.raises(ClassifierError, match=r"gives 9 x 9 tokens \(N, L, C\); .*gives \(1, 65, 32\)"):
        attribute(clf, x, 0, method="grad_cam", layer=layer, reshape=(9, 9))


@pytest.mark.costly
@pytest.mark.parametrize(
    ("make", "size", "layer", "form"),
    [
        (lambda: made("convnext_atto", num_classes=5), 64, "stages.3.blocks.1", FIRST),
        (lambda: made("pvt_v2_b0", num_classes=5), 64, "stages.3", FIRST),
        (lambda: made("focalnet_tiny_srf", num_classes=5), 64, "layers.3.blocks.1", FIRST),
        (lambda: made("mobilevit_xxs", num_classes=5), 64, "final_conv.bn.act", FIRST),
        (lambda: models.convnext_tiny(num_classes=5).eval(), 64, "features.7.2", FIRST),
        (lambda: models.swin_t(num_classes=5).eval(), 64, "permute", FIRST),
        (lambda: models.resnet18(num_classes=5).eval(), 64, "layer4.1.relu", FIRST),
        (lambda: models.vgg11(num_classes=5).eval(), 64, "features.19", FIRST),
        (torchvision_vit, 64, "encoder.layers.encoder_layer_2.ln_1", Form(grid=(8, 8))),
    ],
)
def test_the_last_layer_of_real_networks(make, size, layer, form):
    network = network_of(Classifier(make()), "grad_cam")
    with network.running():
        found = last_layer(network, picture(size), "grad_cam")
    assert (found.name, found.form) == (layer, form)


class Turned(nn.Module):
    """A network of its own that keeps channels last, as many as there are rows and columns."""

    def __init__(self, *, says: bool) -> None:
        super().__init__()
        self.conv, self.mix, self.head = nn.Conv2d(3, 8, 2, stride=2), nn.Linear(8, 8), nn.Linear(8, 4)
        self.last, self.says = nn.Tanh(), says

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x).permute(0, 2, 3, 1)
        x = self.mix(x) if self.says else x.reshape(len(x), 64, 8).reshape(len(x), 8, 8, 8)
        return self.head(self.last(x).mean((1, 2)))


def test_by_the_functions_where_the_shape_does_not_tell_and_else_refused():
    torch.manual_seed(0)
    net, x = Turned(says=True).eval(), picture(16)
    found = attribute(Classifier(net), x, 1, method="grad_cam")
    want = by_hand(net, net.last, x, 1, LAST.maps)
    assert found.layer == "last"
    assert torch.allclose(found.maps[0], want, atol=1e-6)
    net = Turned(says=False).eval()
    clf = Classifier(net)
    with pytest.raises(ClassifierError, match=r"cannot tell which axes of the layer 'last'.*'channels_last'"):
        attribute(clf, x, 1, method="grad_cam")
    given = attribute(clf, x, 1, method="grad_cam", reshape="channels_last")
    assert torch.allclose(given.maps[0], by_hand(net, net.last, x, 1, LAST.maps), atol=1e-6)


@pytest.mark.parametrize("reshape", ["last", (8,), (8, 0), (8, 8, 1), 8, lambda t: t])
def test_a_form_that_is_none_is_refused(reshape):
    with pytest.raises(ValueError, match="reshape must be 'channels_first'"):
        attribute(Classifier(torchvision_vit()), picture(64), 1, method="grad_cam", reshape=reshape)


class Unknown(nn.Module):
    """Tokens in a grid that nothing tells, behind some of no known name."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 8, stride=8)
        self.blocks = nn.Sequential(*[nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 8)) for _ in range(3)])
        self.head = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        return self.head(self.blocks(torch.cat((x, x[:, :3]), 1))[:, 0])


def test_a_layer_far_from_the_output_is_warned_of_and_named():
    clf, x = Classifier(Unknown().eval()), picture(64)
    with pytest.warns(UserWarning, match="grad_cam reads the layer 'patches', and 88% of the layers"):
        found = attribute(clf, x, 1, method="grad_cam")
    assert found.layer == "patches"
    assert len(found.caveats) == 1
    attribute(clf, x, 1, method="grad_cam", layer="patches")  # who names it knows: no warning
