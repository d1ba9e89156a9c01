import pandas as pd
import pytest

from bam_pipelines.behavior.observers import draw_participants
from bam_pipelines.behavior.rounds import first_round, second_round
from bam_pipelines.behavior.schemas import validate_stimuli


@pytest.fixture
def participants(settings_of):
    return draw_participants(3, 3, 3, settings_of().participants, seed=0)


def test_the_first_round_names_every_image_it_shows(observer, digits, stimuli, participants, settings_of):
    collected = first_round(stimuli, digits, observer, participants, settings_of(), 0)
    assert set(collected.stimuli["stimulus_id"]) == set(collected.trials["stimulus_id"])
    assert set(stimuli["stimulus_id"]) < set(collected.stimuli["stimulus_id"])
    guided = collected.stimuli[collected.stimuli["strategy"] != "natural"].reset_index(drop=True)
    pd.testing.assert_frame_equal(guided, validate_stimuli(stimuli))
    assert (collected.trials.query("phase == 'main'")["split"] != "none").all()
    assert collected.rejects.empty and list(collected.rejects) == ["file", "line", "reason", "content"]


def test_the_second_round_is_for_pairs_and_unsplit(observer, digits, stimuli, participants, settings_of):
    pairs = pd.DataFrame(
        {"pair_id": ["p1", "p2"], "participant_1": ["s001", "s001"], "participant_2": ["s002", "s003"]}
    )
    customised = stimuli.assign(pair_id=["p1", "p2"] * 20)
    collected = second_round(customised, pairs, digits, observer, participants, settings_of(), 0)
    shown = collected.trials.query("phase == 'manipulation'").groupby("participant_id").size()
    assert shown.to_dict() == {"s001": 40, "s002": 20, "s003": 20}
    assert (collected.trials["split"] == "none").all()
    assert set(collected.stimuli["stimulus_id"]) == set(collected.trials["stimulus_id"])
