"""Network architectures of this package, without weights.

>>> from cfwidgets.networks import DigitCNN
>>> sum(weights.numel() for weights in DigitCNN().parameters())
89834
"""

from cfwidgets.networks.attgan import AttGAN, AttGANDiscriminator
from cfwidgets.networks.biggan import BigGAN, BigGANDiscriminator
from cfwidgets.networks.biggan_deep import BigGANDeep
from cfwidgets.networks.digit_cnn import DigitCNN
from cfwidgets.networks.discriminators import Hybrid, ResNet, discriminator
from cfwidgets.networks.face_cnn import FaceCNN
from cfwidgets.networks.face_resnet import FaceResNet
from cfwidgets.networks.swin_unet import SwinUNet
from cfwidgets.networks.target_cnn import TargetCNN
from cfwidgets.networks.unet import Translation, UNet

__all__ = [
    "AttGAN",
    "AttGANDiscriminator",
    "BigGAN",
    "BigGANDeep",
    "BigGANDiscriminator",
    "DigitCNN",
    "FaceCNN",
    "FaceResNet",
    "Hybrid",
    "ResNet",
    "SwinUNet",
    "TargetCNN",
    "Translation",
    "UNet",
    "discriminator",
]
