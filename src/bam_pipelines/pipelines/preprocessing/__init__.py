"""Real handwritten digits, split into training, validation and test."""

from bam_pipelines.pipelines.preprocessing.pipeline import create_pipeline

__all__ = ["create_pipeline"]
