"""Group and individual models of people's answers."""

from bam_pipelines.pipelines.alignment.pipeline import create_pipeline

__all__ = ["create_pipeline"]
