"""The diffusion prior, the judges, and the networks that measure: trained once, kept with the project."""

from bam_pipelines.pipelines.prior.pipeline import create_pipeline

__all__ = ["create_pipeline"]
