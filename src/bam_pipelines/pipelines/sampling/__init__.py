"""Boundary stimuli: sampled by guided diffusion, tested, kept."""

from bam_pipelines.pipelines.sampling.pipeline import create_pipeline

__all__ = ["create_pipeline"]
