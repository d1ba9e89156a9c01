"""Pages of HTML."""

from kedro_datasets.text import TextDataset


class PageDataset(TextDataset):
    """A text in UTF-8 whatever the machine's locale.

    Parameters
    ----------
    filepath
        The file.
    """

    def __init__(self, *, filepath: str) -> None:
        encoded = {"open_args_save": {"encoding": "utf-8"}, "open_args_load": {"encoding": "utf-8"}}
        super().__init__(filepath=filepath, fs_args=encoded)
