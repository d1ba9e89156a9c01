"""What happens around a run: its configuration is read and checked, it is tracked, its ids are shown, it cleans up."""

from bam_pipelines.hooks.alone import AloneHook
from bam_pipelines.hooks.answer_source import AnswerSourceHook
from bam_pipelines.hooks.answers import AnswersHook
from bam_pipelines.hooks.clock import ClockHook
from bam_pipelines.hooks.completion import CompletionHook
from bam_pipelines.hooks.config_loader import SpeakingConfigLoader
from bam_pipelines.hooks.faults import FaultHook
from bam_pipelines.hooks.inputs import MissingInputHook
from bam_pipelines.hooks.memory import MemoryHook
from bam_pipelines.hooks.next_step import NextStepHook
from bam_pipelines.hooks.output import OutputHook
from bam_pipelines.hooks.parameters import ParameterHook
from bam_pipelines.hooks.people import PeopleHook
from bam_pipelines.hooks.provenance import ProvenanceHook
from bam_pipelines.hooks.session import NamingSession
from bam_pipelines.hooks.termination import TerminationHook
from bam_pipelines.hooks.tracking import TrackingHook
from bam_pipelines.hooks.unfinished import UnfinishedWorkHook
from bam_pipelines.hooks.workers import WorkersHook

__all__ = [
    "AloneHook",
    "AnswerSourceHook",
    "AnswersHook",
    "ClockHook",
    "CompletionHook",
    "FaultHook",
    "MemoryHook",
    "MissingInputHook",
    "NamingSession",
    "NextStepHook",
    "OutputHook",
    "ParameterHook",
    "PeopleHook",
    "ProvenanceHook",
    "SpeakingConfigLoader",
    "TerminationHook",
    "TrackingHook",
    "UnfinishedWorkHook",
    "WorkersHook",
]
