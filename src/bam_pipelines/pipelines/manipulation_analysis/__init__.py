"""Answers of a second round to its outcomes."""

from bam_pipelines.pipelines.manipulation import create_analysis as create_pipeline

__all__ = ["create_pipeline"]
