"""Stage behavior: answers to stimuli, and whether they can be trusted."""

from bam_pipelines.pipelines.behavior.pipeline import create_pipeline, create_second_round

__all__ = ["create_pipeline", "create_second_round"]
