"""The five classifiers of the paper, from one builder.

All take images (N, C, H, W) in [0, 1] and return logits (N, K).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from annotated_types import Len
from torch import nn

from bam_pipelines.compute.checked import CheckedSettings, Count
from bam_pipelines.networks.transformer import VisionTransformer

ClassifierName = Literal["vit", "vgg", "cornet", "mlp", "lrm"]
CLASSIFIER_NAMES: tuple[ClassifierName, ...] = get_args(ClassifierName)


def build_classifier(name: str, image_size: int, channels: int, n_classes: int) -> nn.Module:
    """Build an untrained classifier in its published architecture.

    Parameters
    ----------
    name
        ``vit``, ``vgg``, ``cornet``, ``mlp`` or ``lrm``.
    image_size, channels, n_classes
        Side in pixels, image channels, number of logits.

    Returns
    -------
    torch.nn.Module
        With weights drawn from torch's global generator; seed it first.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if name == "vit":
        return VisionTransformer(image_size, channels, n_classes)
    if name == "vgg":
        return build_vgg(image_size, channels, n_classes)
    if name == "cornet":
        return _cornet_z(channels, n_classes)
    pixels = channels * image_size**2
    if name == "mlp":
        return nn.Sequential(
            nn.Flatten(), nn.Linear(pixels, 512), nn.GELU(), nn.Linear(512, 256), nn.GELU(), nn.Linear(256, n_classes)
        )
    if name == "lrm":
        return nn.Sequential(nn.Flatten(), nn.Linear(pixels, n_classes))
    raise ValueError(f"classifier {name!r} is unknown, expected one of {', '.join(CLASSIFIER_NAMES)}.")


@dataclass(frozen=True)
class VggSettings(CheckedSettings):
    """What can be chosen about :func:`build_vgg`: channels of each stage, and units of the hidden layer."""

    widths: Annotated[Sequence[Count], Len(1)]
    hidden: Count


def build_vgg(
    image_size: int,
    channels: int,
    n_outputs: int,
    widths: tuple[int, ...] = (64, 128, 256),
    hidden: int = 256,
) -> nn.Sequential:
    """Build the small VGG: two 3 x 3 convolutions a stage with GELU, max-pool 2 after each pair, one hidden layer.

    Raises
    ------
    ValueError
        If max-pooling leaves nothing of the image.
    """
    if image_size < 2 ** len(widths):
        raise ValueError(
            f"image_size is {image_size}, expected at least {2 ** len(widths)} for {len(widths)} max-pools."
        )
    layers: list[nn.Module] = []
    before, side = channels, image_size
    for width in widths:
        layers += [nn.Conv2d(before, width, 3, padding=1), nn.GELU()]
        layers += [nn.Conv2d(width, width, 3, padding=1), nn.GELU(), nn.MaxPool2d(2)]
        before, side = width, side // 2
    layers += [nn.Flatten(), nn.Linear(before * side**2, hidden), nn.GELU(), nn.Linear(hidden, n_outputs)]
    return nn.Sequential(*layers)


def _cornet_z(channels: int, n_classes: int) -> nn.Sequential:
    """CORnet-Z (Kubilius et al. 2018): four blocks of convolution, ReLU and max-pool 3 with stride 2."""
    layers: list[nn.Module] = []
    before = channels
    for width, kernel, stride in ((64, 7, 2), (128, 3, 1), (256, 3, 1), (512, 3, 1)):
        layers += [nn.Conv2d(before, width, kernel, stride, kernel // 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        before = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, n_classes))
