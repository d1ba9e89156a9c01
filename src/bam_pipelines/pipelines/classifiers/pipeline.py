"""The classifiers stage: all trainings in one node, so that they run side by side."""

from kedro.pipeline import Pipeline, node, pipeline
from kedro.pipeline.node import Node

from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.pipelines.classifiers.nodes import summarise_classifiers, train_all_classifiers


def create_pipeline() -> Pipeline:
    """Return the stage: digits to trained classifiers, their metrics and confusion figures."""
    metrics: dict[str, str] = {name: f"classifier_{name}_metrics" for name in CLASSIFIER_NAMES}
    summary = node(summarise_classifiers, metrics, "classifiers_summary", name="summarise_classifiers")
    return pipeline([_training(), summary])


def _training() -> Node:
    inputs = {split: f"mnist_{split}" for split in ("train", "validation", "test")}
    parameters = {"options": "params:classifiers", "compute": "params:compute", "seed": "params:seed"}
    parameters["classes"] = "params:preprocessing.classes"
    outputs = {
        f"{name}{suffix}": f"classifier_{name}{suffix}"
        for name in CLASSIFIER_NAMES
        for suffix in ("", "_metrics", "_confusion")
    }
    return node(train_all_classifiers, inputs | parameters, outputs, name="train_classifiers")
