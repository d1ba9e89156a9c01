"""The manipulation stage."""

from kedro.pipeline import Pipeline, node, pipeline

from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.pipelines.behavior import create_second_round
from bam_pipelines.pipelines.behavior.answer_source import SIMULATED, AnswerSource
from bam_pipelines.pipelines.manipulation.nodes import (
    analyse_pairs,
    choose_pairs,
    describe_customised_stimuli,
    judge_pairs_stimuli,
    sample_customised_stimuli,
)

_INDIVIDUALS: dict[str, str] = {name: f"individual_{name}" for name in CLASSIFIER_NAMES}
_OPTIONS = {"options": "params:manipulation", "seed": "params:seed"}


def create_pipeline(source: AnswerSource = SIMULATED) -> Pipeline:
    """Return the stage: individual models to pairs and customised stimuli.

    With simulated participants a second round and its outcomes follow; people take part in a study before.
    """
    return _customised() + create_analysis(source) if source.simulated else _customised()


def create_analysis(source: AnswerSource = SIMULATED) -> Pipeline:
    """Return the stage manipulation_analysis: answers of a second round to its outcomes."""
    return create_second_round(source) + _analysis()


def _customised() -> Pipeline:
    paired = {**_INDIVIDUALS, **_OPTIONS, "trial_stimuli": "trial_stimuli"}
    sample = {
        **{f"{kind}_{name}": f"{kind}_{name}" for kind in ("individual", "group") for name in CLASSIFIER_NAMES},
        **_OPTIONS,
        "bias_options": "params:alignment.hierarchical",
        "trials": "trials",
        "trial_stimuli": "trial_stimuli",
        "pairs": "manipulation_pairs",
        "prior": "diffusion_prior",
        "judge": "digit_judge",
        "digits": "mnist_train",
        "compute": "params:compute",
    }
    stimuli = ["manipulation_stimuli", "manipulation_acceptance"]
    shown = ["manipulation_sampling_metrics", "manipulation_gallery"]
    return pipeline(
        [
            node(choose_pairs, paired, "manipulation_pairs", name="choose_pairs"),
            node(sample_customised_stimuli, sample, stimuli, name="sample_customised_stimuli"),
            node(
                describe_customised_stimuli,
                [*stimuli, "params:manipulation", "params:preprocessing.classes"],
                shown,
                name="describe_customised_stimuli",
            ),
        ]
    )


def _analysis() -> Pipeline:
    inputs = {
        "pairs": "manipulation_pairs",
        "seed": "params:seed",
        "resamples": "params:manipulation.resamples",
        "first_trials": "trials",
        "second_trials": "round_2.trials",
        "first_stimuli": "trial_stimuli",
        "second_stimuli": "round_2.trial_stimuli",
    }
    outputs = ["manipulation_outcomes", "manipulation_summary", "manipulation_rates", "manipulation_estimates"]
    judged = {
        "outcomes": "manipulation_outcomes",
        "stimuli": "round_2.trial_stimuli",
        "judge": "independent_judge",
        "options": "params:manipulation",
        "compute": "params:compute",
    }
    return pipeline(
        [
            node(analyse_pairs, inputs, outputs, name="analyse_pairs"),
            node(judge_pairs_stimuli, judged, "manipulation_naturalness", name="judge_pairs_stimuli"),
        ],
        # a box of its own: between it and the rest of the stage lies the second round
        namespace="manipulation_analysis",
        prefix_datasets_with_namespace=False,
    )
