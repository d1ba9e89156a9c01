"""What happens around a run: checks before it, tracking during it, the ids that its report shows, cleaning up."""

from bam_pipelines.hooks.answer_source import AnswerSourceHook
from bam_pipelines.hooks.completion import CompletionHook
from bam_pipelines.hooks.inputs import MissingInputHook
from bam_pipelines.hooks.provenance import ProvenanceHook
from bam_pipelines.hooks.tracking import TrackingHook
from bam_pipelines.hooks.unfinished import UnfinishedWorkHook
from bam_pipelines.hooks.workers import WorkersHook

__all__ = [
    "AnswerSourceHook",
    "CompletionHook",
    "MissingInputHook",
    "ProvenanceHook",
    "TrackingHook",
    "UnfinishedWorkHook",
    "WorkersHook",
]
