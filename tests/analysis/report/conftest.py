"""Results of every stage by hand, as the report takes them: four people, two rounds, three classes with names."""

from copy import deepcopy
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from bam_pipelines.analysis.outcomes import guidance_outcomes, guidance_summary, target_counts
from bam_pipelines.analysis.pair_tests import pair_summary
from bam_pipelines.analysis.report import build_report
from bam_pipelines.analysis.report_content import ReportSettings, report_content
from bam_pipelines.analysis.shrinkage import true_outcomes
from tests.browsers import skip_without_chromium

CLASSES = ["cat", "dog", "emu"]
FIGURES = ("guidance", "alignment", "individuals", "differences", "manipulation", "dose", "power")
IDENTITY = {
    "kedro_session_id": "2001-01-01T00.00.00.000Z",
    "mlflow_run_id": None,
    "env": "smoke",
    "artifacts": {"trials": "2001-01-01T00.00.00.001Z"},
}
GAIN = {"value": 0.0314, "low": -0.002, "high": 0.0648, "p": 0.0009}
SIZE = {"groups": 6, "pairs": 18, "images": 180, "power": 0.853, "error": 0.018}
POWER = {
    "measured": {"stimuli": 16, "net_directed_success": 6 / 16},
    "wanted": 0.8,
    "smallest": {"0.06": {"groups": None, "randomisation": SIZE}},
}
SETTINGS = ReportSettings(seed=0, resamples=50, classes=CLASSES, gallery_size=1000, people_shown=10)
# by stimulus: the answers of a, b, c and d, None where there is none; s is split, t leans, u is nobody's
ANSWERS = {"s": (0, 1, 0, 1), "t": (1, 1, 1, 2), "u": (0, 2, 2, None), "v": (None, None, None, None)}
TARGETS = {"s": (0, 1), "t": (1, 2), "u": (0, 1), "v": (0, 2)}


def pytest_collection_modifyitems(items):
    skip_without_chromium(items, "/analysis/report/test_page.py", "THE REPORT'S PAGE")


def summarised(table):
    """What the stage stores of a pair table."""
    nothing = {"value": None, "low": None, "high": None}
    stable = {"individual": {"n": 0, "first": nothing, "crossed": nothing, "n_repeats": 0, "flips": nothing}}
    return pair_summary(table, 0, 50) | {"stable_disagreement": stable, "left_out": {}}


@pytest.fixture
def trials(trials_of):
    """The answers above, four tests of attention of a (one wrong), and a repeat of a's with another answer."""
    answers = [
        (person, name, pd.NA if given is None else given)
        for name, all_given in ANSWERS.items()
        for person, given in zip("abcd", all_given, strict=True)
        if name != "v"
    ]
    table = trials_of(answers, is_catch=False, expected_response=pd.NA, rt_ms=500.0, dataset_id="study1")
    clear = trials_of([("a", "clear", answer) for answer in (0, 0, 0, 1)])
    clear = clear.assign(phase="catch", is_catch=True, expected_response=0, rt_ms=400.0, dataset_id="study1")
    again = table[(table["participant_id"] == "a") & (table["stimulus_id"] == "t")].assign(repetition=1, response=0)
    whole = pd.concat([part.astype(object) for part in (table, clear, again)], ignore_index=True)
    whole = whole.astype({**table.dtypes, "expected_response": "Int8"})
    return whole.assign(trial_index=range(len(whole)), row_id=[f"r{row}" for row in range(len(whole))])


@pytest.fixture
def stimuli(stimuli_of):
    table = stimuli_of(list(TARGETS), list(TARGETS.values()))
    second = {"model_2": [None, "lrm", None, None], "p2_target_2": [np.nan, 0.93, np.nan, np.nan]}
    return table.assign(strategy=["uncertainty", "controversial", "uncertainty", "uncertainty"], **second)


@pytest.fixture
def pairs():
    """A pair table: what a and b answered to s, and a and c to two stimuli of a second round."""
    rows = [
        ("ab", "a", "b", 1, "base", "s", 0, 1, 0, 1, "success", "targeted"),
        ("ac", "a", "c", 2, "individual", "x", 0, 1, 1, 0, "success", "opposite"),
        ("ac", "a", "c", 2, "swapped", "y", 0, 1, 2, 2, "failure", "none"),
    ]
    people, targets = ["participant_1", "participant_2"], ["target_1", "target_2", "choice_1", "choice_2"]
    columns = ["pair_id", *people, "round", "source", "stimulus_id", *targets, "outcome", "direction"]
    return pd.DataFrame(rows, columns=columns)


ACCEPTANCE = pd.DataFrame(
    {
        "strategy": ["uncertainty", "uncertainty", "controversial"],
        "model_1": ["vgg", "vgg", "vgg"],
        "model_2": [None, None, "lrm"],
        "proposals": [4, 6, 0],
        "accepted": [1, 4, 0],
    }
)
NATURALNESS = {"sources": {"individual": {"n": 16, "accepted": 0.75, "score": 0.8}}, "contrasts": {}}
SUMMARY = {
    "vgg": {
        "group": {"accuracy": 0.7, "log_loss": 1.25, "calibration_error": 0.1},
        "baselines": {"dawid_skene": {"accuracy": 0.72, "log_loss": 1.125}},
        "individual_gain": {"log_loss": GAIN},
        "gain_over_group": {"accuracy": {"share_improved": 0.5}},
    },
    "lrm": {"individual_gain": None},
}


@pytest.fixture
def results(trials, stimuli, pairs, stimuli_of, metrics, entropies, pair_table):
    guidance = guidance_outcomes(trials[trials["stimulus_id"] != "clear"], stimuli, 3)
    exclusions = [
        ("b", None, "catch_accuracy", 0.5, "at least 0.75"),
        *(("a", f"r{row}", "rt_window", 99.0, "150 to 10000 ms") for row in (0, 3)),
    ]
    return {
        "classifiers_summary": pd.DataFrame({"classifier": ["vgg"], "accuracy": [0.97]}),
        "sampling_acceptance": ACCEPTANCE,
        "sampling_metrics": {"acceptance": 0.5, "<b>": 1},
        "stimuli": stimuli,
        "trial_stimuli": stimuli[stimuli["stimulus_id"] != "v"],
        "second_stimuli": stimuli_of(["x", "y"], [(0, 1), (0, 1)], pair_id="ac"),
        "guidance_outcomes": guidance,
        "participants": pd.DataFrame(
            {"participant_id": list("abcd"), "lapse": [0.375, None, None, None], "blur_events": [2, None, None, None]}
        ).assign(include=[True, False, True, True]),
        "exclusions": pd.DataFrame(exclusions, columns=["participant_id", "row_id", "rule", "found", "expected"]),
        "quality_report": {
            "answers_per_stimulus": 3.7,
            "agreement_with_oneself": {"value": 0.5, "low": 0.2, "high": 1},
        },
        "reading_report": {"trials": 4},
        "guidance_summary": guidance_summary(guidance) | {"true_outcomes": true_outcomes(target_counts(guidance), 0)},
        "alignment_metrics": metrics.assign(log_loss=metrics["accuracy"] * -2 + 2),
        "alignment_entropy": entropies,
        "alignment_swap_costs": pd.DataFrame({"classifier": "vgg", "participant_id": ["a", "b"], "cost": [0.5, -0.5]}),
        "alignment_summary": deepcopy(SUMMARY),
        "alignment_clusters": {"reliability": 0.5},
        "manipulation_summary": summarised(pair_table),
        "manipulation_naturalness": NATURALNESS,
        "power_summary": POWER,
        "loop_figure": None,
        **{f"figure_{name}": b"\x89PNG" for name in FIGURES},
    }


@pytest.fixture
def report(results, trials, pairs):
    """The tables that a report is made of, to be changed by a test, and a function that makes its content or page."""
    made = SimpleNamespace(results=results, trials=trials, pairs=pairs, settings=SETTINGS, identity=deepcopy(IDENTITY))
    made.content = lambda: report_content(made.results, made.trials, made.pairs, made.identity, made.settings)
    made.page = lambda: build_report(made.content())
    return made
