"""The stages by name."""

import importlib

from kedro.pipeline import Pipeline

from bam_pipelines.pipelines.behavior.answer_source import SIMULATED

STAGES = (
    "preprocessing",
    "classifiers",
    "prior",
    "sampling",
    "own_stimuli",
    "experiment",
    "calibration",
    "behavior",
    "judgments",
    "release",
    "alignment",
    "manipulation",
    "second_study",
    "manipulation_analysis",
    "power",
    "loop",
    "reporting",
)

# the prior's networks are kept with the project, and training them takes hours; the others are for those who ask
NOT_IN_DEFAULT = frozenset(
    {
        "prior",
        "own_stimuli",
        "calibration",
        "judgments",
        "release",
        "second_study",
        "manipulation_analysis",
        "loop",
    }
)

FOLLOWS_SOURCE = frozenset({"behavior", "alignment", "manipulation", "manipulation_analysis", "loop"})


# set by a hook from the session's parameters before the stages are registered
chosen_source = SIMULATED


def register_pipelines() -> dict[str, Pipeline]:
    """Return every stage under its name, and under ``__default__`` those of a whole run."""
    stages = {name: importlib.import_module(f"bam_pipelines.pipelines.{name}") for name in STAGES}
    pipelines: dict[str, Pipeline] = {
        name: _in_one_box(name, stage.create_pipeline(*([chosen_source] if name in FOLLOWS_SOURCE else [])))
        for name, stage in stages.items()
    }
    pipelines["__default__"] = sum(
        (pipelines[name] for name in STAGES if name not in NOT_IN_DEFAULT), start=Pipeline([])
    )
    return pipelines


def _in_one_box(name: str, stage: Pipeline) -> Pipeline:
    """Give a stage's nodes its name as their namespace, which kedro-viz folds into one box; datasets keep their names.

    Nodes that have a namespace stay there: a second round's lies between two stages.
    """
    own = [node for node in stage.nodes if node.namespace is None]
    others = [node for node in stage.nodes if node.namespace is not None]
    return Pipeline(own, namespace=name, prefix_datasets_with_namespace=False) + Pipeline(others)
