"""Figures after the paper's and one HTML report of the run."""

from bam_pipelines.pipelines.reporting.pipeline import create_pipeline

__all__ = ["create_pipeline"]
