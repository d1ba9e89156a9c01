"""Where a user's own stimuli lie; conf/base/own_stimuli/parameters.yml explains the parameter."""

from dataclasses import dataclass

from bam_pipelines.compute.checked import CheckedSettings


@dataclass(frozen=True)
class OwnStimuliSettings(CheckedSettings):
    """All parameters of the stage.

    Parameters
    ----------
    folder
        Of the image files.
    targets
        CSV of the two classes between which each lies; None if nobody knows them.
    """

    folder: str
    targets: str | None
