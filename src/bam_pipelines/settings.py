"""Project settings that Kedro reads: hooks, and how configuration is merged."""

from typing import Any

from bam_pipelines.compute.faults import not_installed

try:
    from bam_pipelines.hooks import (
        AloneHook,
        AnswersHook,
        AnswerSourceHook,
        ClockHook,
        CompletionHook,
        FaultHook,
        MemoryHook,
        MissingInputHook,
        NamingSession,
        NextStepHook,
        OutputHook,
        ParameterHook,
        PeopleHook,
        ProvenanceHook,
        SpeakingConfigLoader,
        TerminationHook,
        TrackingHook,
        UnfinishedWorkHook,
        WorkersHook,
    )
except ModuleNotFoundError as error:
    # Kedro would print a page of where it was asked for
    raise SystemExit(f"Error: {not_installed(error)}") from None

# what asks to be last, the first one here is: FaultHook replaces an error once all others have seen it
# of hooks that ask to be first, the last one here is: a run that is refused, for its parameters, its inputs, its
# clock or another run in its folder, leaves no trace in MLflow and no file but the lock
HOOKS = (
    FaultHook(),
    TerminationHook(),
    AnswerSourceHook(),
    WorkersHook(),
    MemoryHook(),
    NextStepHook(),
    UnfinishedWorkHook(),
    ProvenanceHook(),
    TrackingHook(),
    CompletionHook(),
    AloneHook(),
    ClockHook(),
    PeopleHook(),
    AnswersHook(),
    MissingInputHook(),
    OutputHook(),
    ParameterHook(),
)

# ours is a subclass of kedro-mlflow's hook, which would otherwise be registered beside it
DISABLE_HOOKS_FOR_PLUGINS = ("kedro_mlflow",)

SESSION_CLASS = NamingSession

CONFIG_LOADER_CLASS = SpeakingConfigLoader
CONFIG_LOADER_ARGS: dict[str, Any] = {
    "base_env": "base",
    "default_run_env": "local",
    "config_patterns": {"mlflow": ["mlflow*", "mlflow*/**", "**/mlflow*"]},
    # an env folder states differences only; the default, "destructive", would drop what stands beside them
    "merge_strategy": {"parameters": "soft", "mlflow": "soft"},
}
