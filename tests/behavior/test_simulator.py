import numpy as np
import pandas as pd
import pytest

from bam_pipelines.behavior.assignments import assign_balanced
from bam_pipelines.behavior.clear_digits import choose_clear_digits
from bam_pipelines.behavior.observers import draw_participants
from bam_pipelines.behavior.schemas import validate_trials
from bam_pipelines.behavior.simulator import draw_answers, simulate_trials


@pytest.fixture
def simulate(observer, digits, stimuli):
    def simulate(settings, seed=0, participants=None, table=stimuli, assignments=None, round_number=1):
        if participants is None:
            participants = draw_participants(settings.participants.n_participants, 3, 3, settings.participants, seed)
        if assignments is None:
            assignments = assign_balanced(participants["participant_id"].to_list(), table, None, 0)
        catch = choose_clear_digits(digits, observer, 20, 1.0, seed, round_number)
        return simulate_trials(table, catch, observer, participants, assignments, settings, seed, round_number)

    return simulate


def test_a_session_has_what_the_settings_ask(simulate, settings_of, stimuli, digits):
    trials = simulate(settings_of())
    pd.testing.assert_frame_equal(validate_trials(trials, n_classes=3), trials)
    for _, own in trials.groupby("participant_id"):
        main = own[own["phase"] == "main"]
        assert sorted(main.loc[main["repetition"] == 0, "stimulus_id"]) == sorted(stimuli["stimulus_id"])
        assert (main["repetition"] == 1).sum() == 4  # a tenth of 40
        assert own["is_catch"].sum() == 12
        assert own["trial_index"].to_list() == list(range(56))
        assert own["started_at_ms"].is_monotonic_increasing
    assert set(trials["dataset_id"]) == {"simulated"}
    labels = digits.set_index("stimulus_id")["label"]
    catch = trials[trials["is_catch"]]
    assert (catch["expected_response"] == labels.loc[catch["stimulus_id"]].to_numpy()).all()
    assert (catch["response"] == catch["expected_response"]).mean() > 0.9
    orders = trials.groupby("participant_id")["stimulus_id"].agg(tuple)
    assert orders.is_unique


def test_onsets_by_hand(simulate, settings_of):
    trials = simulate(settings_of()).query("participant_id == 's001'")
    # 500 ms of fixation before each image, and every answer before it
    expected = 500 * (trials["trial_index"] + 1) + trials["rt_ms"].cumsum().shift(1, fill_value=0)
    np.testing.assert_allclose(trials["started_at_ms"].astype(float), expected.astype(float), atol=0.5)


def test_a_participants_trials_depend_on_nobody_else(simulate, settings_of, stimuli):
    settings = settings_of()
    everyone = draw_participants(4, 3, 3, settings.participants, seed=0)
    trials = simulate(settings, participants=everyone)
    alone = simulate(settings, participants=everyone.iloc[[2]], table=stimuli.iloc[::-1])
    expected = trials[trials["participant_id"] == "s003"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, expected)
    backwards = simulate(settings, participants=everyone.iloc[::-1])
    pd.testing.assert_frame_equal(
        backwards.sort_values("row_id", ignore_index=True), trials.sort_values("row_id", ignore_index=True)
    )


def test_another_seed_gives_other_answers(simulate, settings_of):
    settings = settings_of()
    pd.testing.assert_frame_equal(simulate(settings, seed=0), simulate(settings, seed=0))
    assert not simulate(settings, seed=0)["rt_ms"].equals(simulate(settings, seed=1)["rt_ms"])


def test_the_second_round_shows_only_what_is_assigned(simulate, settings_of, stimuli):
    assignments = pd.DataFrame({"participant_id": ["s001", "s002", "s002"], "stimulus_id": stimuli["stimulus_id"][:3]})
    trials = simulate(settings_of(), assignments=assignments, round_number=2)
    shown = trials[trials["phase"] == "manipulation"]
    assert set(zip(shown["participant_id"], shown["stimulus_id"], strict=True)) == set(
        assignments.itertuples(index=False, name=None)
    )
    assert set(trials["participant_id"]) == {"s001", "s002"}
    assert set(trials["phase"]) == {"manipulation", "catch"}
    assert set(trials["round"]) == {2} and set(trials["session"]) == {2}


def test_rounds_have_orders_of_their_own(simulate, settings_of):
    settings = settings_of(session={"repeat_share": 0.0})
    first, second = (simulate(settings, round_number=number).query("not is_catch") for number in (1, 2))
    orders = [one.query("participant_id == 's001'")["stimulus_id"].to_list() for one in (first, second)]
    assert sorted(orders[0]) == sorted(orders[1]) and orders[0] != orders[1]


def agreement(trials, people):
    """How often two answers to an image are the same: a person's own two, and two people's first ones."""
    main = trials.query("phase == 'main'")
    answers = main.pivot(index=["stimulus_id", "participant_id"], columns="repetition", values="response")
    own = (answers[0] == answers[1])[answers[1].notna()].mean()
    firsts = answers[0].unstack("participant_id").to_numpy()
    left, right = np.triu_indices(people, 1)
    return own, (firsts[:, left] == firsts[:, right]).mean()


def test_people_agree_with_themselves_more_than_with_others(simulate, settings_of):
    """Property: a person's two answers to an ambiguous image agree more often than two persons' answers."""
    settings = settings_of(
        participants={"n_participants": 30, "temperature_median": 0.5}, session={"repeat_share": 0.5}
    )
    own, others = agreement(simulate(settings), 30)
    # 600 repeats: the standard error of the first share is at most .02
    assert own > others + 0.06


def test_equal_people_agree_with_others_as_with_themselves(simulate, settings_of):
    """The property above vanishes when nothing differs between people."""
    equal = {"cluster_sd": 0.0, "person_sd": 0.0, "bias_sd": 0.0, "temperature_log_sd": 0.0, "lapse_mean": 0.0}
    settings = settings_of(participants={"n_participants": 30, **equal}, session={"repeat_share": 0.5})
    own, others = agreement(simulate(settings), 30)
    assert abs(own - others) < 0.06


def test_answers_follow_their_probabilities():
    probabilities = np.tile([0.5, 0.3, 0.2], (20000, 1))
    shares = np.bincount(draw_answers(probabilities, np.random.default_rng(0)), minlength=3) / 20000
    np.testing.assert_allclose(shares, [0.5, 0.3, 0.2], atol=4 * np.sqrt(0.25 / 20000))
    certain = np.eye(3)[[2, 0, 1]]
    assert draw_answers(certain, np.random.default_rng(0)).tolist() == [2, 0, 1]


def test_tired_people_answer_less_and_less_surely(observer, digits, stimuli, settings_of):
    """A temperature that grows a hundredfold in 50 trials: clear digits are named at first, and guessed at the end."""
    settings = settings_of(session={"repeat_share": 0.0, "catch_share": 1.0, "catch_pool": 60})
    people = draw_participants(60, 3, 3, settings.participants, 0).assign(lapse=0.0, drift=np.log(100) / 0.5)
    assigned = assign_balanced(people["participant_id"].to_list(), stimuli, None, 0)
    catch = choose_clear_digits(digits, observer, 60, 1.0, 0, 1)
    trials = simulate_trials(stimuli, catch, observer, people, assigned, settings, 0).query("is_catch")
    right = trials["response"] == trials["expected_response"]
    assert right[trials["trial_index"] < 6].mean() > 0.95
    assert right[trials["trial_index"] > 65].mean() < 0.6


def test_uncertain_answers_take_longer(simulate, settings_of):
    trials = simulate(settings_of(response_time={"person_log_sd": 0.0}))
    assert trials.loc[trials["is_catch"], "rt_ms"].median() < trials.loc[~trials["is_catch"], "rt_ms"].median()


def test_unknown_assignments_are_named(simulate, settings_of):
    wrong = pd.DataFrame({"participant_id": ["s001"], "stimulus_id": ["f" * 16]})
    with pytest.raises(ValueError, match="assignments: stimulus_id ffffffffffffffff is none of the 40 known ones"):
        simulate(settings_of(), assignments=wrong)
    with pytest.raises(ValueError, match="nobody is assigned a stimulus"):
        simulate(settings_of(), assignments=wrong.head(0))
