"""How the data set that is written for others is called."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import StringConstraints

from bam_pipelines.compute.checked import CheckedSettings
from bam_pipelines.compute.expectations import Meaning


@dataclass(frozen=True)
class SharingSettings(CheckedSettings):
    """What the Psych-DS folder says of itself.

    Parameters
    ----------
    study
        Part of the names of its files: letters and digits.
    name, description
        Of the data set, for people.
    """

    study: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9]+$"), Meaning("letters and digits only")]
    name: str
    description: str
