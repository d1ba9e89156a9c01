"""The alignment stage: models of all classifiers side by side, the evaluation of each, and their summary."""

from functools import partial, update_wrapper

from kedro.pipeline import Pipeline, node, pipeline
from kedro.pipeline.node import Node

from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.pipelines.alignment.nodes import (
    collect_evaluations,
    compare_with_truth,
    evaluate_classifier,
    fine_tune_groups,
    fit_individuals,
    study_differences,
)
from bam_pipelines.pipelines.behavior.answer_source import SIMULATED, AnswerSource

_ANSWERS = {"trials": "trials", "trial_stimuli": "trial_stimuli"}


def create_pipeline(source: AnswerSource = SIMULATED) -> Pipeline:
    """Create the stage: classifiers and answers to group and individual models and their evaluation.

    Parameters
    ----------
    source
        Where answers come from; what simulated participants really are is compared with what was found.
    """
    kinds = {"metrics": "metrics", "entropies": "entropy", "swaps": "swaps", "gain": "gain"}
    parts = {
        f"{kind}_{name}": f"alignment_{name}_{suffix}" for kind, suffix in kinds.items() for name in CLASSIFIER_NAMES
    }
    collect = node(
        collect_evaluations,
        parts,
        [f"alignment_{name}" for name in ("metrics", "entropy", "swaps", "swap_costs", "summary", "means")],
        name="collect_evaluations",
    )
    groups: dict[str, str] = {name: f"group_{name}" for name in CLASSIFIER_NAMES}
    differences = node(
        study_differences,
        {**_ANSWERS, "options": "params:alignment", "seed": "params:seed", **groups},
        ["alignment_learning_curve", "alignment_places", "alignment_clusters"],
        name="study_differences",
    )
    truth = [_truth()] if source.simulated else []
    evaluations = [_evaluation(name) for name in CLASSIFIER_NAMES]
    return pipeline([*_fitting(), *evaluations, collect, differences, *truth])


def _truth() -> Node:
    return node(
        compare_with_truth,
        {
            **_ANSWERS,
            "places": "alignment_places",
            "summary": "alignment_summary",
            "truth": "participant_parameters",
            "observer": "observer_network",
            "resamples": "params:alignment.resamples",
            "seed": "params:seed",
        },
        "alignment_truth",
        name="compare_with_truth",
    )


def _fitting() -> list[Node]:
    common = {
        **_ANSWERS,
        "digits": "mnist_train",
        "options": "params:alignment",
        "compute": "params:compute",
        "seed": "params:seed",
    }
    levels = ("classifier", "group", "individual")
    named: list[dict[str, str]] = [{name: f"{level}_{name}" for name in CLASSIFIER_NAMES} for level in levels]
    bases, groups, individuals = named
    return [
        node(fine_tune_groups, common | bases, _with_histories(groups), name="align_groups"),
        node(fit_individuals, common | groups, _with_histories(individuals), name="align_individuals"),
    ]


def _with_histories(models: dict[str, str]) -> dict[str, str]:
    return models | {f"{name}_history": f"{models[name]}_history" for name in CLASSIFIER_NAMES}


def _evaluation(name: str) -> Node:
    inputs = {
        **_ANSWERS,
        "base": f"classifier_{name}",
        "group": f"group_{name}",
        "individuals": f"individual_{name}",
        "digits": "mnist_test",
        "resamples": "params:alignment.resamples",
        "seed": "params:seed",
    }
    outputs = [f"alignment_{name}_{suffix}" for suffix in ("metrics", "entropy", "swaps", "gain")]
    evaluate = update_wrapper(partial(evaluate_classifier, name), evaluate_classifier)
    return node(evaluate, inputs, outputs, name=f"evaluate_{name}")
