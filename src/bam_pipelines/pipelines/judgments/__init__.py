"""Stage judgments: what people said looks like a digit, for the digit judge to learn from."""

from bam_pipelines.pipelines.judgments.pipeline import create_pipeline

__all__ = ["create_pipeline"]
