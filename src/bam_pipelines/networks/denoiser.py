"""The denoiser of the diffusion prior: a U-Net of diffusers on 2 x 2 pixel patches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Len, MultipleOf
from torch import nn
from torch.nn import functional

from bam_pipelines.compute.checked import CheckedSettings, Count, Problem, wrong

# channels of the U-Net are normalised in so many groups
GROUPS = 16


@dataclass(frozen=True)
class DenoiserSettings(CheckedSettings):
    """What can be chosen about a :class:`PatchUNet`, for images of any size; see there."""

    patch_size: Count
    block_channels: Annotated[Sequence[Annotated[Count, MultipleOf(GROUPS)]], Len(1)]
    layers_per_block: Count
    attention_head_width: Count

    def conflicts(self) -> Iterable[Problem]:
        """Give heads that do not fill the last block."""
        if self.block_channels[-1] % self.attention_head_width:
            expected = f"a divisor of the last of block_channels, {self.block_channels[-1]}"
            yield wrong("attention_head_width", self.attention_head_width, expected)


class PatchUNet(nn.Module):
    """A small U-Net that sees an image as patches, so that a step costs a fraction of one at full resolution.

    Space-to-depth turns (C, H, W) into (C p², H/p, W/p) before the U-Net and back after it. For 28 x 28 digits this
    halves the time of the element-wise operations, which dominate on CPUs, at the same number of multiplications.

    Parameters
    ----------
    image_size
        Height and width in pixels. What is no multiple of ``patch_size`` times 2 for each block after the first gets a
        margin right and below, which is cut off again.
    channels
        Image channels.
    patch_size
        Side of a patch in pixels.
    block_channels
        Width of the U-Net at each resolution, the last one with self-attention.
    layers_per_block
        Residual layers at each resolution on the way down; one more on the way up.
    attention_head_width
        Channels of one attention head.
    """

    def __init__(
        self,
        image_size: int,
        channels: int,
        patch_size: int = 2,
        block_channels: tuple[int, ...] = (64, 128),
        layers_per_block: int = 1,
        attention_head_width: int = 32,
    ) -> None:
        super().__init__()
        # imported here: diffusers takes seconds to import, and only a denoiser needs it
        from diffusers.models.attention_processor import Attention, AttnProcessor
        from diffusers.models.unets.unet_2d import UNet2DModel

        multiple = patch_size * 2 ** (len(block_channels) - 1)
        self.margin = -image_size % multiple
        plain = len(block_channels) - 1
        self.image_size, self.channels, self.patch_size = image_size, channels, patch_size
        self.unet = UNet2DModel(
            sample_size=(image_size + self.margin) // patch_size,
            in_channels=channels * patch_size**2,
            out_channels=channels * patch_size**2,
            layers_per_block=layers_per_block,
            block_out_channels=tuple(block_channels),
            down_block_types=("DownBlock2D",) * plain + ("AttnDownBlock2D",),
            up_block_types=("AttnUpBlock2D",) + ("UpBlock2D",) * plain,
            attention_head_dim=attention_head_width,
            norm_num_groups=GROUPS,
        )
        for module in self.unet.modules():
            if isinstance(module, Attention):
                # plain products: on CPUs the backward pass of torch's fused attention, in bfloat16, takes as long
                # as that of all convolutions
                module.set_processor(AttnProcessor())

    def forward(self, noisy: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        """Predict noise, velocity or image, whichever the weights were trained for.

        Parameters
        ----------
        noisy
            Float, (N, C, H, W): images in the prior's value range, with noise.
        timesteps
            Integer, (N,): steps of the noise schedule.

        Returns
        -------
        torch.Tensor
            Float, (N, C, H, W).
        """
        height, width = noisy.shape[2:]
        if self.margin:
            noisy = functional.pad(noisy, (0, self.margin, 0, self.margin))
        patches = functional.pixel_unshuffle(noisy, self.patch_size)
        predicted = self.unet(patches, timesteps, return_dict=False)[0]
        whole = functional.pixel_shuffle(predicted, self.patch_size)
        return whole[:, :, :height, :width] if self.margin else whole
