"""What the scaling bench makes up, times, stores, extrapolates and writes."""

import json
import sys

import numpy as np
import pandas as pd
import pytest

from bam_pipelines.behavior.readers.columns import column_map
from bam_pipelines.behavior.readers.sources import read_source
from benchmarks.scale import extrapolation as far
from benchmarks.scale import store
from benchmarks.scale.page import PAGE, page_text, stored_text
from benchmarks.scale.picture import draw_scaling
from benchmarks.scale.speedup import alternated, speedup
from benchmarks.scale.stand_ins import made_up_scores, made_up_swaps
from benchmarks.scale.tables import (
    clear_digits,
    made_up_answers,
    made_up_stimuli,
    size_of,
    write_csv,
    write_study_answers,
)
from benchmarks.scale.watch import watch

MACHINE = {"cores": 2, "processor": "a processor", "torch": "2.13.0", "bfloat16": True, "load_before": 0.1}


@pytest.fixture(scope="module")
def study():
    size = size_of(900)
    stimuli, clear = made_up_stimuli(size.stimuli), clear_digits()
    return size, stimuli, clear, made_up_answers(size, stimuli, clear)


def size_row(trials, seconds):
    stages = {
        name: {"seconds": seconds, "peak_gib": seconds / 100} for name in ("behavior", "behavior_csv", "reporting")
    }
    written = {"sent": 900, "trials": 40, "trial_stimuli": 600, "psych_ds": 200, "swaps": 10, "report": 1e6}
    counted = {name: value * trials for name, value in written.items()}
    return {"trials": trials, "people": trials // 500, "stimuli": trials // 6, "stages": stages, "bytes": counted}


@pytest.fixture
def results():
    found = {"value": 1.9, "low": 1.85, "high": 1.95, "efficiency": 0.95, "seconds_1": [19.0], "seconds_2": [10.0]}
    lost = {"start_seconds": 4.0, "serial_seconds": 0.3, "slower_beside_another": 1.02}
    sampling = {"speedup": found, "stimuli_per_second": {"1": 10.0, "2": 19.0}, "lost": lost, "stimuli": 190}
    alignment = {
        "speedup": found,
        "participants_per_second": {"1": 1.0, "2": 1.9},
        "participants": 40,
        "classifier": "mlp",
    }
    return {
        "sampling": sampling | {"machine": MACHINE},
        "alignment": alignment | {"machine": MACHINE},
        "rows": {"machine": MACHINE, "sizes": [size_row(100_000, 20), size_row(1_000_000, 200)]},
        "memory": {"sampling": {"peak_gib": 1.25, "seconds": 60.0, "machine": MACHINE, "note": "one step"}},
    }


def test_a_study_has_the_papers_proportions():
    size = size_of(116_715)
    # 547 trials a person: 213.4; 474 main trials each, 5.85 answers an image
    assert (size.people, size.main, size.repeats, size.catch) == (213, 474, 47, 26)
    assert size.stimuli == round(213 * 474 / 5.85)
    assert size_of(100).people == 4


def test_people_see_different_images_and_some_again(study):
    size, stimuli, clear, answers = study
    assert len(answers) == size.trials
    assert stimuli["stimulus_id"].is_unique
    assert (stimuli["target_1"] != stimuli["target_2"]).all()
    first = answers[(answers["phase"] == "main") & (answers["repetition"] == 0)]
    assert not first.duplicated(["person", "stimulus_id"]).any()
    again = answers[answers["repetition"] == 1]
    assert len(again) == size.people * size.repeats
    assert len(again.merge(first, on=["person", "stimulus_id"])) == len(again)
    catch = answers[answers["phase"] == "catch"]
    assert set(catch["stimulus_id"]) <= set(clear["stimulus_id"])
    assert (catch["response"] == catch["expected"]).mean() > 0.8


def test_answers_are_read_as_they_were_made_up(study, tmp_path):
    answers = study[3]
    write_study_answers(answers, tmp_path / "jspsych")
    write_csv(answers, tmp_path / "trials.csv")
    columns = {"participant": "participant_id", "stimulus": "stimulus_id", "response": "response"}
    for source, path in (("jspsych", tmp_path / "jspsych"), ("table", tmp_path / "trials.csv")):
        found, _ = read_source(source, path, column_map({"columns": columns}))
        fields = found.records.fields
        assert fields["stimulus_id"].tolist() == answers["stimulus_id"].tolist()
        assert fields["response"].astype(int).tolist() == answers["response"].tolist()
    assert found.others == 0


def test_passes_alternate_and_ratios_have_an_interval():
    order = []
    one, two = alternated(lambda: order.append(1) or 4.0, lambda: order.append(2) or 2.0, 3)
    assert order == [1, 2, 2, 1, 1, 2]
    assert (one, two) == ([4.0] * 3, [2.0] * 3)
    found = speedup([4.0, 4.0], [2.0, 2.0])
    assert [found[key] for key in ("value", "low", "high", "efficiency")] == pytest.approx([2, 2, 2, 1])
    # logarithms log 2 -+ log 1.1: s.d. sqrt(2) log 1.1, standard error log 1.1, t(.975, 1) = 12.7062
    found = speedup([2.2, 2.0 / 1.1], [1.0, 1.0])
    assert found["value"] == pytest.approx(2)
    assert found["high"] / found["value"] == pytest.approx(1.1**12.7062, rel=1e-4)
    assert speedup([3.0], [2.0])["low"] is None


def test_a_command_is_watched_with_its_children():
    held = "import subprocess, sys; data = bytearray(60 << 20)"
    child = f"{held}; import time; time.sleep(0.7)"
    alone = watch([sys.executable, "-c", child])
    both = watch([sys.executable, "-c", f"{held}; subprocess.run([sys.executable, '-c', {child!r}])"])
    assert alone.peak_gib > 60 / 1024
    assert both.peak_gib > alone.peak_gib + 50 / 1024
    assert alone.seconds > 0.7
    with pytest.raises(RuntimeError, match="ended with code 3:\nsaid so"):
        watch([sys.executable, "-c", "print('said so'); raise SystemExit(3)"])


def test_parts_are_stored_beside_each_other(tmp_path, results):
    path = tmp_path / "scale.json"
    store.merge({"sampling": results["sampling"]}, path)
    store.merge({"memory": results["memory"]}, path)
    found = store.merge({"memory": {"power": {"peak_gib": 0.5, "seconds": 1.0}}}, path)
    assert json.loads(path.read_text()) == found
    assert list(found)[:2] == ["speedup_2_workers", "peak_gib"]
    assert found["speedup_2_workers"] == 1.9
    assert found["peak_gib"] == {"sampling": 1.25, "power": 0.5}
    assert store.merge({}, tmp_path / "none.json")["speedup_2_workers"] is None


def test_extrapolation_in_closed_form():
    assert far.sampling_hours(10, 0.9, 1, 36_000) == pytest.approx(1)
    assert far.sampling_hours(10, 0.5, 4, 36_000) == pytest.approx(0.5)
    # five classifiers of 36 people, 10 s each on two cores: 3,600 core seconds
    assert far.alignment_hours(10, 2, people=36) == pytest.approx(0.5)
    assert far.alignment_hours(10, 64, most_workers=5, people=36) == pytest.approx(0.2)
    assert far.linear([1, 10, 20], [9, 30, 50], 40) == pytest.approx(90)
    assert far.growth([1, 10, 100], [1, 3, 300]) == pytest.approx(2)
    # 8 bytes of 3 models for 20 % of 100 images and 10 classes, and of 4 numbers of 3 models for 3 people's 94.8 trials
    assert far.crossed_bytes(3, 100) == pytest.approx(8 * (3 * 20 * 10 + 4 * 3 * 3 * 94.8))
    people = far.most_people()
    fits, does_not = (far.crossed_bytes(number, number * 474 / 5.85) for number in (people, people + 1))
    assert fits <= far.LIMIT < does_not


def test_made_up_scores_are_of_everyone():
    swaps = made_up_swaps(["a", "b", "c"])
    assert len(swaps) == far.swap_rows(3)
    assert not swaps.duplicated(["classifier", "model", "participant_id"]).any()
    scores = made_up_scores(["a", "b"])
    assert not scores.duplicated(["classifier", "level", "participant_id", "dataset", "entropy_bin"]).any()
    assert set(scores["participant_id"]) == {"a", "b", "all"}


def test_the_page_says_what_was_measured(results):
    gpu = {"gpu": "a GPU", "sampling": [
        {"device": "cpu", "precision": "float32", "batch_size": 45, "stimuli_per_second": 9.0},
        {"device": "cuda", "precision": "bfloat16", "batch_size": 1440, "stimuli_per_second": 500.0},
    ]}  # fmt: skip
    text = page_text(results, gpu, {"seconds": {"ours": 0.036, "paper": 3.6}})
    assert "| sampling, 190 stimuli | 10 | 19 | 1.90 [1.85, 1.95] | 95% |" in text
    assert "| 1,000,000 | 2,000 | 166,666 | 200 s, 2.00 GiB |" in text
    assert "| sampling | 1.25 | 60 | one step |" in text
    # 1e6 / 19 a second, 1e6 / (10 x 64 x .95), 1e6 / 500 a second
    assert "| sampling, `fast` | 14.6 | 0.5 | 0.6 (a GPU, bfloat16, batches of 1,440) |" in text
    # 50,000 models x .036 s; 5 of 64 workers have work
    assert "| individual models, `hierarchical` | 0.5 | 0.2 | not measured |" in text
    assert "| individual models, `paper` | 50.0 | 1.6 | not measured |" in text
    # 5.47 million trials at 200 s a million
    assert "| behavior, 5.5 million trials | 0.3 | the same |" in text
    assert "| a trial in the trial table | 40 | 5,470,000 | 0.2 GB |" in text
    draw_scaling(results)


def test_what_was_not_measured_is_said_to_be():
    text = page_text({}, {}, {})
    assert text.count("Not measured yet") == 5
    draw_scaling({})


def test_the_page_is_that_of_the_stored_results():
    assert PAGE.read_text(encoding="utf-8") == stored_text(), "run `python -m benchmarks.scale` or write_page()"


def test_entropies_of_people_are_those_of_their_answers():
    from benchmarks.scale.stand_ins import made_up_entropies

    trials = pd.DataFrame(
        {
            "participant_id": ["a", "b", "a"],
            "round": 1,
            "session": 1,
            "trial_index": [0, 0, 1],
            "task": "digit",
            "phase": "main",
            "include": True,
            "stimulus_id": ["x", "x", "y"],
            "response": [1, 2, 3],
            "split": ["test", "test", "train"],
        }
    )
    found = made_up_entropies(trials, 10)
    assert len(found) == 2 * 5 * 2
    assert found.groupby("stimulus_id")["human_entropy"].unique().map(list).to_dict() == {"x": [1.0], "y": [0.0]}
    assert np.isfinite(found["model_entropy"]).all()


def test_the_page_says_when_other_work_ran_beside_it(results):
    busy = results | {"rows": results["rows"] | {"machine": MACHINE | {"load_before": 8.0}}}
    assert "Other work ran beside it" in page_text(busy, {}, {})
    assert "Other work ran beside it" not in page_text(results, {}, {})
