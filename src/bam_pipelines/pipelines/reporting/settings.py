"""What the reporting stage is asked for; conf/base/reporting/parameters.yml explains each parameter."""

from dataclasses import dataclass

from bam_pipelines.compute.checked import CheckedSettings, Count, Resamples
from bam_pipelines.images.classes import ClassNames
from bam_pipelines.networks.classifiers import ClassifierName


@dataclass(frozen=True)
class ReportingSettings(CheckedSettings):
    """All parameters of the stage; each node takes its own from the catalog."""

    classes: ClassNames
    resamples: Resamples
    entropy_classifier: ClassifierName
    gallery_size: Count
    people_shown: Count
