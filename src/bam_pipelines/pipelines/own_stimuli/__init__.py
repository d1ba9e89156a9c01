"""Stage own_stimuli: from a folder of images to stimuli."""

from bam_pipelines.pipelines.own_stimuli.pipeline import create_pipeline

__all__ = ["create_pipeline"]
