"""What the loop benchmark makes of curves and candidates."""

import numpy as np
import pandas as pd
import pytest

from bam_pipelines.images.table import image_columns
from benchmarks.loop.people import _halves, bench_images
from benchmarks.loop.summary import summarise

TRIALS = np.array([0, 20, 40, 60])


def curves_of(*means):
    """Eight people, two seeds: the same curve but for a person's own level."""
    levels = np.linspace(-0.1, 0.1, 8)[:, None, None]
    return np.array(means)[None, None] + np.repeat(levels, 2, axis=1)


def test_trials_to_what_random_choice_reaches_last():
    found = summarise({"random": curves_of(1.0, 0.8, 0.6, 0.4), "epig": curves_of(1.0, 0.5, 0.3, 0.2)}, TRIALS)
    assert found["random"]["trials_to_random"]["value"] == pytest.approx(60)
    reached = found["epig"]["trials_to_random"]
    # half way from 0.5 at 20 trials to 0.3 at 40; the same in every resample, as people differ in level alone
    assert [reached[key] for key in ("value", "low", "high")] == pytest.approx([30, 30, 30])
    assert reached["never"] == 0
    assert found["epig"]["by_seed"] == pytest.approx([30, 30])
    # nor do levels widen the curves' intervals
    assert found["epig"]["low"] == pytest.approx(found["epig"]["high"])
    assert found["epig"]["log_loss"] == pytest.approx([1.0, 0.5, 0.3, 0.2])


def test_what_is_never_reached_has_no_number():
    found = summarise({"random": curves_of(1.0, 0.8, 0.6, 0.4), "entropy": curves_of(1.0, 0.9, 0.8, 0.7)}, TRIALS)
    reached = found["entropy"]["trials_to_random"]
    assert (reached["value"], reached["high"], reached["never"]) == (None, None, 1.0)


@pytest.fixture
def stimuli():
    pixels = np.random.default_rng(0).integers(0, 256, (30, 1, 4, 4), dtype=np.uint8)
    table = pd.DataFrame(image_columns(pixels))
    return table.assign(strategy=["controversial"] * 10 + ["uncertainty"] * 20, pair_id=None)


def test_candidates_are_those_of_a_persons_pair_and_never_shown(stimuli, tmp_path):
    pool, own = stimuli.iloc[:20], stimuli.iloc[20:].assign(pair_id=["s001xs002"] * 6 + ["s003xs004"] * 4)
    own.to_parquet(tmp_path / "candidates.parquet")
    images = bench_images(pool, ["s001", "s009"], tmp_path / "candidates.parquet")
    assert images.customised
    assert images.pool.tolist() == list(range(20))
    assert {name: rows.tolist() for name, rows in images.candidates.items()} == {
        **dict.fromkeys(["s001", "s002"], list(range(20, 26))),
        **dict.fromkeys(["s003", "s004"], list(range(26, 30))),
    }


def test_without_candidates_controversial_stimuli_stand_for_them(stimuli, tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.loop.people.STAND_INS", 6)
    images = bench_images(stimuli, ["s001", "s002"], tmp_path / "none.parquet")
    assert not images.customised
    for rows in images.candidates.values():
        assert len(rows) == 6 and rows.max() < 10
        assert not np.isin(rows, images.pool).any()


def test_targets_and_held_out_images_are_two_halves():
    targets, held_out = _halves(np.arange(7, 16))
    assert sorted([*targets, *held_out]) == list(range(7, 16))
    assert abs(len(targets) - len(held_out)) == 1
    assert np.array_equal(_halves(np.arange(7, 16))[1], held_out)
