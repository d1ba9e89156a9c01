"""How large a second round must be."""

from bam_pipelines.pipelines.power.pipeline import create_pipeline

__all__ = ["create_pipeline"]
