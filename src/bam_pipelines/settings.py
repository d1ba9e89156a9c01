"""Project settings that Kedro reads: hooks, and how configuration is merged."""

from typing import Any

from bam_pipelines.hooks import (
    AnswerSourceHook,
    CompletionHook,
    MissingInputHook,
    ProvenanceHook,
    TrackingHook,
    UnfinishedWorkHook,
    WorkersHook,
)

# of hooks that ask to be first, the last one here is: a run without its inputs leaves no trace of any kind
HOOKS = (
    AnswerSourceHook(),
    WorkersHook(),
    UnfinishedWorkHook(),
    ProvenanceHook(),
    TrackingHook(),
    CompletionHook(),
    MissingInputHook(),
)

# ours is a subclass of kedro-mlflow's hook, which would otherwise be registered beside it
DISABLE_HOOKS_FOR_PLUGINS = ("kedro_mlflow",)

CONFIG_LOADER_ARGS: dict[str, Any] = {
    "base_env": "base",
    "default_run_env": "local",
    "config_patterns": {"mlflow": ["mlflow*", "mlflow*/**", "**/mlflow*"]},
    # an env folder states differences only; the default, "destructive", would drop what stands beside them
    "merge_strategy": {"parameters": "soft", "mlflow": "soft"},
}
