"""Networks beside the five classifiers: those that measure, and the front end of simulated participants.

None shares its architecture with a classifier that guides, so that what they say is independent of the guidance.
"""

import torch
from torch import nn
from torch.nn import functional

from bam_pipelines.networks.pooling import AveragePool


class FeatureNetwork(nn.Module):
    """A plain convolutional network with batch normalisation whose last hidden layer serves as feature space.

    Parameters
    ----------
    channels, n_classes
        Image channels and number of logits.
    widths
        Channels of each stage; two 3 x 3 convolutions a stage, the second with stride 2.
    n_features
        Width of the penultimate layer.
    """

    def __init__(
        self, channels: int, n_classes: int, widths: tuple[int, ...] = (32, 64, 128), n_features: int = 128
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = channels
        for width in widths:
            layers += [nn.Conv2d(before, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            layers += [nn.Conv2d(width, width, 3, 2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            before = width
        self.trunk = nn.Sequential(*layers, AveragePool(2), nn.Flatten())
        self.hidden = nn.Linear(before * 4, n_features)
        self.head = nn.Linear(n_features, n_classes)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return the penultimate layer after its ReLU, (N, n_features), of images (N, C, H, W) in [0, 1]."""
        return functional.relu(self.hidden(self.trunk(images)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits, (N, K)."""
        logits: torch.Tensor = self.head(self.features(images))
        return logits


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions with group normalisation around a shortcut."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, width, 3, stride, 1)
        self.second = nn.Conv2d(width, width, 3, 1, 1)
        self.norms = nn.ModuleList([nn.GroupNorm(8, width), nn.GroupNorm(8, width)])
        self.shortcut = nn.Conv2d(before, width, 1, stride) if (before, stride) != (width, 1) else nn.Identity()

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return feature maps (N, width, H / stride, W / stride)."""
        hidden = functional.silu(self.norms[0](self.first(maps)))
        return functional.silu(self.norms[1](self.second(hidden)) + self.shortcut(maps))


class ObserverNetwork(nn.Module):
    """The perceptual front end of simulated participants: a residual network with group normalisation and SiLU.

    Parameters
    ----------
    channels, n_classes
        Image channels and number of logits.
    widths
        Channels of each residual block; every block after the first halves the resolution. Multiples of 8.
    n_features
        Number of features that a simulated participant attends to.
    """

    def __init__(
        self, channels: int, n_classes: int, widths: tuple[int, ...] = (32, 64, 96), n_features: int = 64
    ) -> None:
        super().__init__()
        befores = (channels, *widths[:-1])
        strides = (1,) + (2,) * (len(widths) - 1)
        blocks = [ResidualBlock(*sizes) for sizes in zip(befores, widths, strides, strict=True)]
        self.trunk = nn.Sequential(*blocks, AveragePool(4), nn.Flatten())
        self.hidden = nn.Linear(widths[-1] * 16, n_features)
        self.head = nn.Linear(n_features, n_classes)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return features (N, n_features), in (-1, 1), of images (N, C, H, W) in [0, 1]."""
        return torch.tanh(self.hidden(self.trunk(images)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits, (N, K)."""
        logits: torch.Tensor = self.head(self.features(images))
        return logits


class StridedJudge(nn.Module):
    """The independent digit judge: strided convolutions without pooling, one raw output.

    Parameters
    ----------
    channels
        Image channels.
    width
        Channels of the first layer; doubled at each of the two following ones.
    """

    def __init__(self, channels: int, width: int = 32) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, 5, 2, 2),
            nn.LeakyReLU(0.1),
            nn.Conv2d(width, 2 * width, 5, 2, 2),
            nn.LeakyReLU(0.1),
            nn.Conv2d(2 * width, 4 * width, 3, 2, 1),
            nn.LeakyReLU(0.1),
            AveragePool(4),
            nn.Flatten(),
            nn.Linear(4 * width * 16, 1),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return raw scores (N, 1): about 1 for digits, 0 for non-digits."""
        scores: torch.Tensor = self.layers(images)
        return scores
