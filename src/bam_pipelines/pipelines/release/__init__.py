"""Stage release: answers in the form in which variMNIST was released."""

from bam_pipelines.pipelines.release.pipeline import create_pipeline

__all__ = ["create_pipeline"]
