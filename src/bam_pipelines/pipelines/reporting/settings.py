"""What the reporting stage is asked for; conf/base/reporting/parameters.yml explains each parameter."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from bam_pipelines.compute.checked import CheckedSettings, Count, Resamples
from bam_pipelines.networks.classifiers import ClassifierName


@dataclass(frozen=True)
class ReportingSettings(CheckedSettings):
    """All parameters of the stage; each node takes its own from the catalog."""

    n_classes: Annotated[int, Ge(2)]
    resamples: Resamples
    entropy_classifier: ClassifierName
    gallery_size: Count
    people_shown: Count
