"""The preprocessing stage."""

from kedro.pipeline import Pipeline, node, pipeline

from bam_pipelines.pipelines.preprocessing.nodes import split_digits, summarise_digits

SPLITS = {split: f"mnist_{split}" for split in ("train", "validation", "test")}


def create_pipeline() -> Pipeline:
    """Return the stage: digits from their source to three disjoint tables and their summary."""
    return pipeline(
        [
            node(split_digits, ["params:preprocessing", "params:seed"], SPLITS, name="split_digits"),
            node(summarise_digits, SPLITS, "mnist_summary", name="summarise_digits"),
        ]
    )
