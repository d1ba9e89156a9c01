"""Customised stimuli to a study for both members of each pair."""

from bam_pipelines.pipelines.experiment import create_second_study as create_pipeline

__all__ = ["create_pipeline"]
