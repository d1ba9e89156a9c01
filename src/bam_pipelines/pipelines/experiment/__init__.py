"""Stage experiment."""

from bam_pipelines.pipelines.experiment.pipeline import create_pipeline, create_second_study

__all__ = ["create_pipeline", "create_second_study"]
