"""Stage calibration: simulated participants whose answers are like those of a study's people."""

from bam_pipelines.pipelines.calibration.pipeline import create_pipeline

__all__ = ["create_pipeline"]
