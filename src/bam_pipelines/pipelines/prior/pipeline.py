"""The prior stage."""

from functools import partial, update_wrapper

from kedro.pipeline import Pipeline, node, pipeline
from kedro.pipeline.node import Node

from bam_pipelines.pipelines.prior.nodes import (
    measure_judges,
    measure_prior,
    train_digit_judge,
    train_independent_judge,
    train_prior,
    train_recogniser,
)

_RUN = {"compute": "params:compute", "seed": "params:seed"}
_DIGITS = {"train": "mnist_train", "validation": "mnist_validation"}


def create_pipeline() -> Pipeline:
    """Return the stage: real digits to the five networks that come with the project, and the prior's quality."""
    prior = node(
        train_prior,
        {"train": "mnist_train", "options": "params:prior.diffusion_prior", **_RUN},
        ["diffusion_prior", "diffusion_prior_history"],
        name="train_diffusion_prior",
    )
    judge = node(
        train_digit_judge,
        {**_DIGITS, "judgments": "digit_judgments_if_any", "options": "params:prior.digit_judge", **_RUN},
        ["digit_judge", "digit_judge_metrics"],
        name="train_digit_judge",
    )
    independent = node(
        train_independent_judge,
        {**_DIGITS, "options": "params:prior.independent_judge", **_RUN},
        ["independent_judge", "independent_judge_metrics"],
        name="train_independent_judge",
    )
    recognisers = [_recogniser("feature_network"), _recogniser("observer_network")]
    return pipeline([prior, judge, independent, *recognisers, *_measures()])


def _measures() -> list[Node]:
    quality = node(
        measure_prior,
        {
            "prior": "diffusion_prior",
            "feature_network": "feature_network",
            "validation": "mnist_validation",
            "test": "mnist_test",
            "options": "params:prior.quality",
            **_RUN,
        },
        ["prior_quality", "prior_samples"],
        name="measure_prior",
    )
    judges = node(
        measure_judges,
        {
            "digit_judge": "digit_judge",
            "independent_judge": "independent_judge",
            "prior": "diffusion_prior",
            "test": "mnist_test",
            "quality": "params:prior.quality",
            "options": "params:prior.judge_quality",
            **_RUN,
        },
        "judge_quality",
        name="measure_judges",
    )
    return [quality, judges]


def _recogniser(name: str) -> Node:
    function = update_wrapper(partial(train_recogniser, name), train_recogniser)
    inputs = {**_DIGITS, "test": "mnist_test", "options": f"params:prior.{name}", **_RUN}
    return node(function, inputs, [name, f"{name}_metrics"], name=f"train_{name}")
