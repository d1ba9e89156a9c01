import numpy as np
import pytest

from bam_pipelines.behavior.trial_order import trial_order

STIMULI = [f"s{index:02d}" for index in range(40)]
CATCHES = [f"c{index:02d}" for index in range(20)]


def ordered(settings, share=0.1, seed=0, stimuli=STIMULI, catches=CATCHES):
    return trial_order(stimuli, catches, settings, share, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(20))
def test_repeats_come_late_enough(settings_of, seed):
    # one catch trial only: catch trials in between widen the gaps
    order = ordered(settings_of(session={"minimum_catch": 1, "catch_share": 0.0}).session, share=0.5, seed=seed)
    shown = order[~order["is_catch"]].reset_index().pivot(index="stimulus_id", columns="repetition", values="index")
    gaps = (shown[1] - shown[0]).dropna()
    assert len(gaps) == 20  # half of 40, as many as fit with a gap of 20
    assert gaps.min() >= 20


def test_everything_is_shown_as_often_as_asked(settings_of):
    order = ordered(settings_of().session)
    first = order[(order["repetition"] == 0) & ~order["is_catch"]]
    assert sorted(first["stimulus_id"]) == STIMULI
    # 40 stimuli + 4 repeats: 5 % are 3 catch trials, so the minimum of 12 holds
    assert order["is_catch"].sum() == 12
    assert order.loc[order["is_catch"], "stimulus_id"].is_unique
    assert set(order.loc[order["is_catch"], "stimulus_id"]) <= set(CATCHES)
    assert len(order) == 40 + 4 + 12


def test_catch_share_counts_when_above_the_minimum(settings_of):
    # ceil(.4 * 44) = ceil(17.6) = 18
    assert ordered(settings_of(session={"catch_share": 0.4}).session)["is_catch"].sum() == 18


def test_order_depends_on_the_generator_and_not_on_the_input_order(settings_of):
    settings = settings_of().session
    same = ordered(settings, stimuli=STIMULI[::-1], catches=CATCHES[::-1])
    assert ordered(settings).equals(same)
    assert not ordered(settings).equals(ordered(settings, seed=1))


def test_too_many_repeats_or_catch_trials_are_refused(settings_of):
    with pytest.raises(ValueError, match="2 repeats, each 20 trials after its first showing, do not fit among 20 stim"):
        ordered(settings_of().session, stimuli=STIMULI[:20])
    with pytest.raises(ValueError, match="12 catch trials are needed, but there are 5 clear digits; raise"):
        ordered(settings_of().session, catches=CATCHES[:5])
    assert ordered(settings_of().session, catches=CATCHES[:12])["is_catch"].sum() == 12


@pytest.mark.parametrize("seed", range(10))
def test_stimuli_that_are_to_be_repeated_are(settings_of, seed):
    repeated = ["s03", "s11", "s39"]
    settings = settings_of(session={"minimum_catch": 1, "catch_share": 0.0}).session
    order = trial_order(STIMULI, CATCHES, settings, 0.9, np.random.default_rng(seed), repeated)
    assert sorted(order[order["repetition"] == 1]["stimulus_id"]) == repeated
    assert sorted(order[(order["repetition"] == 0) & ~order["is_catch"]]["stimulus_id"]) == STIMULI
    shown = order[~order["is_catch"]].reset_index().pivot(index="stimulus_id", columns="repetition", values="index")
    assert (shown[1] - shown[0]).dropna().min() >= 20
