"""The stages by name."""

import importlib

from kedro.pipeline import Pipeline

STAGES = (
    "preprocessing",
    "classifiers",
    "prior",
    "sampling",
    "behavior",
    "alignment",
    "manipulation",
    "reporting",
)

# its networks are kept with the project, and training them takes hours
NOT_IN_DEFAULT = frozenset({"prior"})


def register_pipelines() -> dict[str, Pipeline]:
    """Return every stage under its name, and under ``__default__`` all that need minutes, not hours."""
    pipelines: dict[str, Pipeline] = {
        name: importlib.import_module(f"bam_pipelines.pipelines.{name}").create_pipeline() for name in STAGES
    }
    pipelines["__default__"] = sum(
        (pipelines[name] for name in STAGES if name not in NOT_IN_DEFAULT), start=Pipeline([])
    )
    return pipelines
