"""The loop stage: one round of asking each participant what their answers tell most about."""

from bam_pipelines.pipelines.loop.pipeline import create_pipeline

__all__ = ["create_pipeline"]
