"""An observer and digits of a few numbers."""

import numpy as np
import pandas as pd
import torch
from torch import nn

from bam_pipelines.images.table import image_columns

N_CLASSES = 3
CLASSES = ["0", "1", "2"]


class TinyObserver(nn.Module):
    """A bright row k looks like class k."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(N_CLASSES, N_CLASSES, bias=True)
        with torch.no_grad():
            self.head.weight.copy_(10 * torch.eye(N_CLASSES))
            self.head.bias.zero_()

    def features(self, images):
        return images[:, 0, :N_CLASSES].mean(-1)


def digit_table(levels):
    """One 8 x 8 image for each row of levels, told apart by its last pixel."""
    pixels = np.zeros((len(levels), 1, 8, 8), dtype=np.uint8)
    pixels[:, 0, :N_CLASSES] = np.asarray(levels)[:, :, None]
    pixels[:, 0, 7, 7] = np.arange(len(levels))
    return pd.DataFrame({"label": np.argmax(levels, axis=1).astype("int8"), **image_columns(pixels)})
