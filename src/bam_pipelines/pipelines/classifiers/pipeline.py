"""The classifiers stage: one node a classifier, from one builder."""

from functools import partial, update_wrapper

from kedro.pipeline import Pipeline, node, pipeline
from kedro.pipeline.node import Node

from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.pipelines.classifiers.nodes import summarise_classifiers, train_named_classifier


def create_pipeline() -> Pipeline:
    """Return the stage: digits to trained classifiers, their metrics and confusion figures."""
    metrics: dict[str, str] = {name: f"classifier_{name}_metrics" for name in CLASSIFIER_NAMES}
    summary = node(summarise_classifiers, metrics, "classifiers_summary", name="summarise_classifiers")
    return pipeline([*(_training(name) for name in CLASSIFIER_NAMES), summary])


def _training(name: str) -> Node:
    function = update_wrapper(partial(train_named_classifier, name), train_named_classifier)
    inputs = {split: f"mnist_{split}" for split in ("train", "validation", "test")}
    parameters = {"options": f"params:classifiers.{name}", "compute": "params:compute", "seed": "params:seed"}
    outputs = [f"classifier_{name}", f"classifier_{name}_metrics", f"classifier_{name}_confusion"]
    return node(function, inputs | parameters, outputs, name=f"train_{name}")
