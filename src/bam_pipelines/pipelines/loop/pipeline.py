"""The loop stage: one round, from the answers so far to the next stimuli; simulated people answer them at once."""

from kedro.pipeline import Node, Pipeline

from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.pipelines.behavior.answer_source import SIMULATED, AnswerSource
from bam_pipelines.pipelines.loop import nodes

_FIRST_ROUND = {"trials": "trials", "stimuli": "stimuli", "candidates": "loop_candidates"}
_PARAMETERS = {"options": "params:loop", "seed": "params:seed"}


def create_pipeline(source: AnswerSource = SIMULATED) -> Pipeline:
    """Create one round; each run of the stage is the next one.

    Parameters
    ----------
    source
        Where answers come from. Simulated participants answer at once; others take part in the study with which the
        round ends, and the next one begins by reading their answers.
    """
    begin = _simulated() if source.simulated else _of_people()
    return Pipeline([*begin, *_round(), _study(), *_kept(source)])


def _round() -> list[Node]:
    learn = Node(
        nodes.learn_from_answers,
        inputs={
            "state": "loop_begun",
            "trial_stimuli": "trial_stimuli",
            "population": "params:alignment.hierarchical",
            "compute": "params:compute",
            **_FIRST_ROUND,
            **_PARAMETERS,
            **{name: f"group_{name}" for name in CLASSIFIER_NAMES},
        },
        outputs="loop_standing",
        name="learn_from_answers",
    )
    choose = Node(
        nodes.choose_stimuli,
        inputs={"state": "loop_begun", "standing": "loop_standing", **_FIRST_ROUND, **_PARAMETERS},
        outputs="loop_planned",
        name="choose_stimuli",
    )
    return [learn, choose]


def _simulated() -> list[Node]:
    begin = Node(nodes.read_state, inputs="loop_state_so_far", outputs="loop_begun", name="read_loop")
    answer = Node(
        nodes.answer_stimuli,
        inputs={
            "state": "loop_planned",
            "standing": "loop_standing",
            "trials": "trials",
            "stimuli": "stimuli",
            "digits": "mnist_test",
            "observer": "observer_network",
            "participants": "participant_parameters",
            "behavior": "params:behavior",
            **_PARAMETERS,
        },
        outputs="loop_answered",
        name="answer_stimuli",
    )
    return [begin, answer]


def _of_people() -> list[Node]:
    begin = Node(
        nodes.read_planned_answers,
        inputs={
            "tables": "loop_state_so_far",
            "shown": "loop_study_stimuli_so_far",
            "behavior": "params:behavior",
        },
        outputs="loop_begun",
        name="read_loop",
    )
    return [begin]


def _study() -> Node:
    return Node(
        nodes.plan_loop_study,
        inputs={
            "state": "loop_planned",
            "stimuli": "stimuli",
            "digits": "mnist_test",
            "observer": "observer_network",
            "experiment": "params:experiment",
            "behavior": "params:behavior",
            "seed": "params:seed",
        },
        outputs=["loop_study", "loop_jatos_study", "loop_study_places", "loop_study_stimuli"],
        name="plan_loop_study",
    )


def _kept(source: AnswerSource) -> list[Node]:
    last = "loop_answered" if source.simulated else "loop_planned"
    kept = {"state": last, "places": "loop_study_places"}
    keep = Node(nodes.keep_state, inputs=kept, outputs="loop_state", name="keep_loop")
    report = Node(
        nodes.report_loop,
        inputs={"tables": "loop_state", "behavior": "params:behavior"},
        outputs=["loop_trials", "loop_metrics", "loop_summary", "figure_loop"],
        name="report_loop",
    )
    return [keep, report]
