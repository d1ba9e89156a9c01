"""Five classifiers of digits, whose boundaries the other stages sample."""

from bam_pipelines.pipelines.classifiers.pipeline import create_pipeline

__all__ = ["create_pipeline"]
