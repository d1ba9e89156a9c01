"""Stimuli that part two people, shown to both."""

from bam_pipelines.pipelines.manipulation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
