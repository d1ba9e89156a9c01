"""Figures as PNG."""

from pathlib import Path

from kedro_datasets.matplotlib import MatplotlibDataset
from matplotlib.figure import Figure


class FigureDataset(MatplotlibDataset):
    """A Matplotlib figure saved as PNG, whose load gives the bytes of the picture.

    Parameters
    ----------
    filepath
        The PNG file.
    dpi
        Dots an inch; above 0.
    """

    def __init__(self, *, filepath: str, dpi: int = 150) -> None:
        # without the metadata, the same figure gives the same file whatever Matplotlib's version
        save_args = {"format": "png", "dpi": dpi, "bbox_inches": "tight", "metadata": {"Software": None}}
        super().__init__(filepath=filepath, save_args=save_args)

    def load(self) -> bytes:
        """Return the PNG file's bytes, for a report to embed."""
        return Path(self._get_load_path()).read_bytes()

    def save(self, data: Figure) -> None:
        """Save one figure."""
        super().save(data)
