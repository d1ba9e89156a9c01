"""Stimuli that part two people, shown to both."""

from bam_pipelines.pipelines.manipulation.pipeline import create_analysis, create_pipeline

__all__ = ["create_analysis", "create_pipeline"]
