"""Images that are kept once and as small as they can be, and made when they are asked for."""

from dataclasses import dataclass

import torch

from bam_pipelines.images.pixels import to_unit


@dataclass(frozen=True)
class StoredImages:
    """Images by row, of which many may show the same one.

    Parameters
    ----------
    images
        (M, C, H, W): uint8, or float32 in [0, 1].
    rows
        int64, (N,): which image each row shows.
    """

    images: torch.Tensor
    rows: torch.Tensor

    def __len__(self) -> int:
        """Return N."""
        return len(self.rows)

    def __getitem__(self, chosen: torch.Tensor) -> torch.Tensor:
        """Return the images of some rows, float32 (n, C, H, W) in [0, 1]."""
        picked = self.images[self.rows[chosen]]
        return to_unit(picked.numpy()) if picked.dtype == torch.uint8 else picked
