"""The experiment stage: from stimuli to a study that people can take part in."""

from kedro.pipeline import Node, Pipeline

from bam_pipelines.pipelines.experiment.nodes import build_pair_study, build_study, plan_pair_study, plan_study

_PLAN = {
    "stimuli": "stimuli",
    "digits": "mnist_test",
    "observer": "observer_network",
    "experiment": "params:experiment",
    "session": "params:behavior.session",
    "seed": "params:seed",
}


def create_pipeline() -> Pipeline:
    """Return the stage: stimuli to the study's lists, its folder, and its archive for JATOS."""
    plan = Node(
        plan_study,
        inputs=_PLAN,
        outputs=["study_lists", "study_stimuli", "study_numbers"],
        name="plan_study",
    )
    build = Node(
        build_study,
        inputs={
            "lists": "study_lists",
            "stimuli": "study_stimuli",
            "experiment": "params:experiment",
            "classes": "params:behavior.classes",
        },
        outputs=["study", "jatos_study"],
        name="build_study",
    )
    return Pipeline([plan, build])


def create_second_study() -> Pipeline:
    """Return the stage second_study: customised stimuli to a study in which both members of each pair see the same.

    Its nodes and all that it gives have names that begin with ``round_2.``.
    """
    plan = Node(
        plan_pair_study,
        inputs={**_PLAN, "pairs": "pairs"},
        outputs=["study_lists", "study_stimuli", "study_numbers", "study_places"],
        name="plan_study",
    )
    build = Node(
        build_pair_study,
        inputs={
            "lists": "study_lists",
            "stimuli": "study_stimuli",
            "pairs": "pairs",
            "experiment": "params:experiment",
            "behavior": "params:behavior",
        },
        outputs=["study", "jatos_study", "preregistration"],
        name="build_study",
    )
    return Pipeline(
        [plan, build],
        namespace="round_2",
        inputs={
            "stimuli": "manipulation_stimuli",
            "pairs": "manipulation_pairs",
            "mnist_test": "mnist_test",
            "observer_network": "observer_network",
        },
        parameters={"params:experiment", "params:behavior", "params:behavior.session", "params:seed"},
    )
