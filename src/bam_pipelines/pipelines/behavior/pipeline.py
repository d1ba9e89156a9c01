"""Stage behavior: from stimuli to flagged answers, and its second round for pairs of participants."""

from kedro.pipeline import Node, Pipeline

from bam_pipelines.pipelines.behavior.answer_source import SIMULATED, AnswerSource
from bam_pipelines.pipelines.behavior.nodes import (
    collect_first_round,
    collect_second_round,
    draw_simulated_participants,
    flag_answers,
    read_answers,
    read_answers_to_own_stimuli,
    read_second_round,
    recover_participants,
    report_answers,
    share_answers,
)

_COLLECTED = ["collected_trials", "trial_stimuli", "rejects", "sittings", "reading_report"]


def create_pipeline(source: AnswerSource = SIMULATED) -> Pipeline:
    """Create the first round: answers to all stimuli, simulated or read from files."""
    if source.simulated:
        return _simulated()
    parameters = {"parameters": "params:behavior", "seed": "params:seed"}
    if source.own_stimuli:
        inputs = {**parameters, "stimuli": "study_stimuli"}
        read = Node(read_answers_to_own_stimuli, inputs=inputs, outputs=_COLLECTED, name="read_answers")
    else:
        read = Node(read_answers, inputs=parameters, outputs=_COLLECTED, name="read_answers")
    return Pipeline([read, *_assessment()])


def _simulated() -> Pipeline:
    draw = Node(
        draw_simulated_participants,
        inputs={"observer": "observer_network", "parameters": "params:behavior", "seed": "params:seed"},
        outputs="participant_parameters",
        name="draw_simulated_participants",
    )
    collect = Node(collect_first_round, inputs=_collect_inputs(), outputs=_COLLECTED, name="collect_answers")
    recover = Node(
        recover_participants,
        inputs={
            "trials": "trials",
            "stimuli": "trial_stimuli",
            "observer": "observer_network",
            "participants": "participant_parameters",
        },
        outputs=["recovered_parameters", "recovery_summary"],
        name="recover_participants",
    )
    return Pipeline([draw, collect, *_assessment(), recover])


def create_second_round(source: AnswerSource = SIMULATED) -> Pipeline:
    """Create the second round, in which each pair answers to the stimuli made for it.

    Names of its nodes and of all that it gives begin with ``round_2.``.

    Parameters
    ----------
    source
        Where answers come from.

    Returns
    -------
    kedro.pipeline.Pipeline
        Takes ``round_2.study_stimuli``, or for simulated participants ``manipulation_stimuli``,
        ``manipulation_pairs``, ``mnist_test``, ``observer_network`` and ``participant_parameters``.
    """
    inputs: dict[str, str] = {}
    if source.simulated:
        taken = {**_collect_inputs(), "pairs": "pairs"}
        collect = Node(collect_second_round, inputs=taken, outputs=_COLLECTED, name="collect_answers")
        inputs = {name: name for name in ("mnist_test", "observer_network", "participant_parameters")}
        inputs |= {"stimuli": "manipulation_stimuli", "pairs": "manipulation_pairs"}
    else:
        taken = {"parameters": "params:behavior", "stimuli": "study_stimuli"}
        collect = Node(read_second_round, inputs=taken, outputs=_COLLECTED, name="read_answers")
    return Pipeline(
        [collect, *_assessment()],
        namespace="round_2",
        inputs=inputs,
        parameters={"params:behavior", "params:seed"},
    )


def _collect_inputs() -> dict[str, str]:
    return {
        "stimuli": "stimuli",
        "digits": "mnist_test",
        "observer": "observer_network",
        "participants": "participant_parameters",
        "parameters": "params:behavior",
        "seed": "params:seed",
    }


def _assessment() -> list[Node]:
    """Return what both rounds do with collected answers."""
    flag = Node(
        flag_answers,
        inputs={"collected": "collected_trials", "sittings": "sittings", "parameters": "params:behavior"},
        outputs=["trials", "participants", "exclusions"],
        name="flag_answers",
    )
    report = Node(
        report_answers,
        inputs={
            "trials": "trials",
            "participants": "participants",
            "stimuli": "trial_stimuli",
            "parameters": "params:behavior",
            "seed": "params:seed",
        },
        outputs=["quality_report", "behavior_figure", "pair_confusion"],
        name="report_answers",
    )
    share = Node(
        share_answers,
        inputs={"trials": "trials", "participants": "participants", "parameters": "params:behavior"},
        outputs="psych_ds",
        name="share_answers",
    )
    return [flag, report, share]
