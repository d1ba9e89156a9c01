"""The vision transformer of the classifiers."""

from contextlib import nullcontext

import torch
from torch import nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel


class VisionTransformer(nn.Module):
    """Classify an image from its patches, with a class token and learned positions.

    Parameters
    ----------
    image_size, channels, n_classes
        Side in pixels, image channels, number of logits.
    patch_size
        Side of a patch. An image that is no whole number of patches wide gets a black margin right and below.
    width, depth, heads, mlp_ratio
        Of the pre-norm transformer encoder.

    References
    ----------
    Dosovitskiy et al. 2021, "An image is worth 16x16 words".
    """

    def __init__(
        self,
        image_size: int,
        channels: int,
        n_classes: int,
        patch_size: int = 4,
        width: int = 128,
        depth: int = 8,
        heads: int = 4,
        mlp_ratio: int = 4,
    ) -> None:
        super().__init__()
        self.margin = -image_size % patch_size
        patches = (image_size + self.margin) // patch_size
        self.embed = nn.Conv2d(channels, width, patch_size, stride=patch_size)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(0.02 * torch.randn(1, patches**2 + 1, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, mlp_ratio * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, n_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits, (N, K), of images (N, C, H, W) in [0, 1]."""
        if self.margin:
            images = functional.pad(images, (0, self.margin, 0, self.margin))
        tokens = self.embed(images).flatten(2).transpose(1, 2)  # (N, patches, width)
        tokens = torch.cat([self.class_token.expand(len(tokens), -1, -1), tokens], dim=1) + self.positions
        # on CPUs the fused attention's backward pass is slow in bfloat16: plain products save a third
        with sdpa_kernel(SDPBackend.MATH) if tokens.device.type == "cpu" else nullcontext():
            encoded = self.encoder(tokens)
        return self.head(self.norm(encoded[:, 0]))
