"""The reporting stage on hand-made tables, from end to end."""

import io
import logging

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from bam_pipelines.adaptive.state import answers_name
from bam_pipelines.images.table import image_columns
from bam_pipelines.pipelines.reporting import create_pipeline, nodes

PEOPLE = ["a", "b"]
TARGETS = [(3, 8), (1, 7)]


@pytest.fixture
def stimuli():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 1, 8, 8), dtype=np.uint8)
    targets = np.array(TARGETS)
    return pd.DataFrame(
        image_columns(pixels)
        | {"strategy": "uncertainty", "source": "base", "target_1": targets[:, 0], "target_2": targets[:, 1]}
        | {"model_1": "vgg", "model_2": None, "p1_target_1": 0.5, "p1_target_2": 0.5, "p2_target_2": np.nan}
    )


@pytest.fixture
def trials(stimuli):
    rows = [
        {"participant_id": person, "stimulus_id": name, "trial_index": index, "response": targets[turn]}
        for turn, person in enumerate(PEOPLE)
        for index, (name, targets) in enumerate(zip(stimuli["stimulus_id"], TARGETS, strict=True))
    ]
    shared = {"dataset_id": "simulated", "task": "digit", "round": 1, "session": 1, "phase": "main", "include": True}
    unseen = {"repetition": 0, "is_catch": False, "expected_response": pd.NA, "rt_ms": 600.0}
    table = pd.DataFrame(rows).assign(**shared, **unseen, row_id=[f"r{row}" for row in range(len(rows))])
    return table.astype({"response": "Int8", "expected_response": "Int8"})


@pytest.fixture
def alignment(stimuli):
    levels = ["base", "group", "individual"]
    metrics = pd.DataFrame({"classifier": "vgg", "level": levels, "participant_id": "a", "accuracy": [0.4, 0.7, 0.8]})
    metrics = metrics.assign(dataset="trials_test", entropy_bin="all", n_trials=10, log_loss=1.0)
    return {
        "alignment_metrics": metrics,
        "alignment_entropy": pd.DataFrame(
            {
                "classifier": "vgg",
                "level": "base",
                "stimulus_id": stimuli["stimulus_id"],
                "split": "test",
                "model_entropy": [0.1, 0.2],
                "human_entropy": 1.0,
            }
        ),
        "alignment_learning_curve": pd.DataFrame({"n_trials": [25.0, 50.0]}).assign(
            **{f"{gain}{end}": 0.1 for gain in ("gain_over_group", "individual_gain") for end in ("", "_low", "_high")}
        ),
        "alignment_places": pd.DataFrame({"participant_id": PEOPLE, "place_1": [0.1, -0.1]}),
        "alignment_clusters": {"participants": 2, "reliability": None, "clusters": {}},
        "alignment_summary": {"vgg": {"base": {"accuracy": 0.4}, "individual_gain": None}},
        "alignment_swaps": pd.DataFrame(
            [(one, other, 5, 0.5, 1.0) for one in "ab" for other in "ab"],
            columns=["model", "participant_id", "n_trials", "accuracy", "log_loss"],
        ).assign(classifier="vgg"),
        "alignment_swap_costs": pd.DataFrame({"classifier": "vgg", "participant_id": PEOPLE, "cost": 0.0}),
    }


@pytest.fixture
def manipulation(stimuli):
    pairs = pd.DataFrame({"pair_id": "ab", "source": ["base", "individual"], "outcome": "success", "round": [1, 2]})
    pairs = pairs.assign(participant_1="a", participant_2="b", stimulus_id=stimuli["stimulus_id"].iloc[0])
    pairs = pairs.assign(choice_1=3, choice_2=8, target_1=3, target_2=8, margin=np.nan)
    estimate = {"value": 1.0, "low": 1.0, "high": 1.0}
    measures = ["success", "bias", "failure", "targeted_ratio", "net_directed_success"]
    source = {"n": 1, "n_pairs": 1, "n_success": 1} | dict.fromkeys(measures, estimate)
    difference = dict.fromkeys(measures, {"value": 0.0, "p": 1.0})
    return {
        "manipulation_outcomes": pairs.assign(direction="targeted"),
        "manipulation_summary": {
            "sources": {"base": source, "individual": source},
            "difference": difference,
            "contrasts": {},
            "directions": {},
            "comparisons": {},
            "stable_disagreement": {},
            "left_out": {"ac": "c has no answer in round 2."},
        },
        "manipulation_naturalness": {"sources": {}, "contrasts": {}},
        "manipulation_rates": pd.DataFrame(
            [("dose", "1", "individual", 1.0, 0.1, 0.0, 0.2, 0.3, 0.2, 0.4, "stimuli")],
            columns=["level", "key", "source", "margin", "net_directed_success", "low", "high", "success"]
            + ["success_low", "success_high", "interval"],
        ),
    }


@pytest.fixture
def inputs(stimuli, trials, alignment, manipulation):
    return {
        **alignment,
        **manipulation,
        "trials": trials,
        "trial_stimuli": stimuli,
        "stimuli": stimuli,
        "classifiers_summary": pd.DataFrame({"classifier": ["vgg"], "accuracy": [0.97]}),
        "sampling_acceptance": stimuli[["strategy", "model_1", "model_2"]].assign(proposals=2, accepted=1),
        "sampling_metrics": {"acceptance": 0.5},
        "participants": pd.DataFrame({"participant_id": PEOPLE, "lapse": 0.0, "blur_events": pd.NA, "include": True}),
        "exclusions": pd.DataFrame(columns=["participant_id", "row_id", "rule", "found", "expected"]),
        "round_2.trial_stimuli": stimuli.iloc[:1],
        "quality_report": {"excluded": 0},
        "reading_report": {"trials": 4},
        "power_summary": {"measured": {"stimuli": 1, "net_directed_success": 1.0}, "wanted": 0.8, "smallest": {}},
        "figure_power": b"PNG",
        "run_identity": {"session_id": "now", "mlflow_run_id": None, "env": "smoke", "artifacts": {"trials": "v1"}},
        "loop_metrics_if_any": None,
        "loop_figure_if_any": None,
        "params:seed": 5,
        "params:reporting.classes": [str(digit) for digit in range(10)],
        "params:reporting.entropy_classifier": "vgg",
        "params:reporting": {
            "classes": [str(digit) for digit in range(10)],
            "resamples": 20,
            "gallery_size": 2,
            "people_shown": 2,
        },
    }


class PngMemory(MemoryDataset):
    """Loads a saved figure as PNG bytes, as the catalog's figure entries do."""

    def load(self):
        buffer = io.BytesIO()
        super().load().savefig(buffer, format="png", dpi=20)
        return buffer.getvalue()


def report_of(inputs):
    logging.getLogger("kedro").setLevel(logging.WARNING)
    catalog = DataCatalog({name: MemoryDataset(data) for name, data in inputs.items()})
    for name in ("guidance", "alignment", "individuals", "differences", "manipulation", "dose"):
        catalog[f"figure_{name}"] = PngMemory(copy_mode="assign")
    catalog["report"] = MemoryDataset()
    SequentialRunner().run(create_pipeline(), catalog)
    return catalog.load("report")


def test_the_stage_writes_figures_and_a_report(inputs):
    page = report_of(inputs)
    assert "(simulated participants)</title>" in page
    # two stimuli and one of the second round, seven figures
    assert page.count("data:image/png;base64,") == 10
    assert '<th scope="row">seed</th><td><code>5</code></td>' in page
    assert "100.0% [34.2%,\N{NO-BREAK SPACE}100.0%]" in page  # guidance success: a and b split on both stimuli


def test_a_loop_with_these_answers_is_shown_and_none_is_said(inputs, trials):
    without = report_of(inputs)
    assert "No loop was run with these answers" in without
    metrics = pd.DataFrame({"first_answers": [answers_name(trials)]})
    with_loop = inputs | {"loop_metrics_if_any": metrics, "loop_figure_if_any": b"PNG"}
    page = report_of(with_loop)
    assert "No loop was run" not in page
    assert page.count("data:image/png;base64,") == without.count("data:image/png;base64,") + 1
    other = with_loop | {"loop_metrics_if_any": metrics.assign(first_answers="other")}
    assert "No loop was run with these answers" in report_of(other)


def test_the_stage_asks_for_nothing_but_the_other_stages_results(inputs):
    assert create_pipeline().inputs() == set(inputs)


def test_figures_follow_the_trials_in_saying_simulated(inputs):
    people = inputs["trials"].assign(dataset_id="study1")
    inputs["manipulation_outcomes"] = inputs["manipulation_outcomes"].assign(round=2)
    outcomes, summary = inputs["manipulation_outcomes"], inputs["manipulation_summary"]
    assert "simulated" in nodes.draw_manipulation(outcomes, summary, inputs["trials"]).get_suptitle()
    assert "simulated" not in nodes.draw_manipulation(outcomes, summary, people).get_suptitle()


def test_an_alignment_of_other_answers_is_refused(inputs):
    inputs["alignment_entropy"] = inputs["alignment_entropy"].assign(human_entropy=0.0)
    with pytest.raises(
        ValueError, match="newest alignment is of other answers .* run `kedro run --pipelines alignment"
    ):
        report_of(inputs)


def test_a_manipulation_of_other_answers_is_left_out_and_said(inputs):
    whole = report_of(inputs)
    inputs["manipulation_outcomes"] = inputs["manipulation_outcomes"].assign(choice_2=1)
    page = report_of(inputs)
    assert "belong to other answers" in page and "belong to other answers" not in whole
    for words in (
        "Pairs in a second round",
        "after the paper&#39;s figure 6b",
        "Dose and response",
        "c has no answer in round 2.",
        "Manipulation: all metrics",
    ):
        assert words in whole and words not in page


def test_a_single_answer_a_stimulus_is_said(inputs):
    assert "1.0 answers on average" not in report_of(inputs)
    inputs["trials"] = inputs["trials"].iloc[:2]
    inputs["alignment_entropy"] = inputs["alignment_entropy"].assign(human_entropy=0.0)
    assert "Each stimulus got 1.0 answers on average" in report_of(inputs)


def test_unguided_stimuli_are_described_and_are_no_outcome_of_guidance():
    answered = {"n_answers": 5, "entropy": 0.0, "entropy_smoothed": 0.5}
    made = {**answered, "strategy": "uncertainty", "share_1": 1.0, "share_2": 0.0, "outcome": "bias"}
    unguided = {**answered, "strategy": "unguided", "share_1": 0.0, "share_2": 0.0, "outcome": "failure"}
    both, alone = (nodes.summarise_guidance(pd.DataFrame(rows), 0) for rows in ([made, unguided], [made]))
    assert both == alone and both["stimuli"] == 1
