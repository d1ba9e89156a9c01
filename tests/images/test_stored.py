import numpy as np
import pandas as pd
import torch

from bam_pipelines.images.stored import StoredImages
from bam_pipelines.images.table import image_columns, labelled_images, stored_images


def test_rows_show_their_images():
    images = torch.linspace(0, 1, 3 * 4).reshape(3, 1, 2, 2)
    stored = StoredImages(images, torch.tensor([2, 0, 2, 1]))
    assert len(stored) == 4
    assert torch.equal(stored[torch.tensor([0, 1, 3])], images[[2, 0, 1]])


def test_stored_digits_are_the_digits():
    pixels = np.arange(5 * 3 * 2 * 2, dtype=np.uint8).reshape(5, 3, 2, 2) * 4
    digits = pd.DataFrame(image_columns(pixels)).assign(label=[3, 1, 4, 1, 5])
    (images, labels), (stored, of_stored) = labelled_images(digits), stored_images(digits)
    assert stored.images.dtype == torch.uint8
    assert torch.equal(stored[torch.arange(5)], images)
    assert torch.equal(of_stored, labels)
