import numpy as np
import pandas as pd
import pytest

from bam_pipelines.behavior.clear_digits import natural_stimuli
from bam_pipelines.experiment.pair_lists import build_pair_lists, choose_stimuli
from bam_pipelines.experiment.preregistration import exclusion_texts, preregistration
from bam_pipelines.experiment.settings import PairDesign
from bam_pipelines.images.table import image_columns

PAIRS = pd.DataFrame(
    [("ab", "a", "b"), ("ac", "a", "c"), ("bc", "b", "c")], columns=["pair_id", "participant_1", "participant_2"]
)
DESIGN = PairDesign(16, {"individual": 0.5, "swapped": 0.25, "bias_only": 0.25}, 0.25, 10, 60)


@pytest.fixture(scope="module")
def pair_stimuli():
    """For each pair 12 stimuli of three sources, of four directions of two digit pairs."""
    rows = [
        {"pair_id": pair, "source": source, "target_1": one, "target_2": two}
        for pair in PAIRS["pair_id"]
        for source in DESIGN.shares
        for one, two in ((0, 1), (1, 0), (1, 2), (2, 1))
        for _ in range(3)
    ]
    pixels = np.random.default_rng(9).integers(0, 256, (len(rows), 1, 6, 6), dtype=np.uint8)
    table = natural_stimuli(pd.DataFrame(image_columns(pixels)).assign(label=0)).drop(columns="label")
    return table.assign(strategy="controversial", method="fast", **pd.DataFrame(rows))


@pytest.fixture(scope="module")
def pair_plan(pair_stimuli, clear_of, settings_of):
    def make(design=DESIGN, pairs=PAIRS, **changes):
        experiment, behavior = settings_of(**changes)
        clear = clear_of(experiment)
        return build_pair_lists(pair_stimuli, pairs, clear, experiment, behavior.session, design, 3)

    return make


def seen(lists, places, person):
    number = places.set_index("participant_id").loc[person, "list"]
    rows = lists[(lists["list"] == number) & (lists["phase"] == "manipulation")]
    return rows.reset_index(drop=True)


def test_both_members_see_the_same_and_the_same_twice_in_orders_of_their_own(pair_plan, pair_stimuli):
    lists, places = pair_plan()
    pair_of = pair_stimuli.set_index("stimulus_id")["pair_id"]
    for row in PAIRS.itertuples():
        one, two = (seen(lists, places, person) for person in (row.participant_1, row.participant_2))
        own = [table[table["stimulus_id"].map(pair_of) == row.pair_id] for table in (one, two)]
        keys = [sorted(zip(table["stimulus_id"], table["repetition"], strict=True)) for table in own]
        assert keys[0] == keys[1]
        assert own[0]["stimulus_id"].tolist() != own[1]["stimulus_id"].tolist()
        # 16 of them, of which 2 + 1 + 1 are a quarter
        assert len(keys[0]) == 16 + 4


def test_sources_have_their_shares_and_directions_are_balanced(pair_stimuli):
    chosen = choose_stimuli(pair_stimuli, PAIRS, DESIGN, 3)
    for _, own in chosen.groupby("pair_id"):
        assert own["source"].value_counts().to_dict() == {"individual": 8, "swapped": 4, "bias_only": 4}
        directions = own.groupby(["source", "target_1", "target_2"]).size().unstack([1, 2])
        # 8 in four directions, and 4 in four directions
        assert directions.nunique(axis=1).tolist() == [1, 1, 1]
    twice = chosen.groupby("source")["repeated"].mean()
    assert twice.to_dict() == {"individual": 0.25, "swapped": 0.25, "bias_only": 0.25}


def test_stimuli_with_a_counterpart_of_the_other_direction_come_first(pair_stimuli):
    own = pair_stimuli[(pair_stimuli["pair_id"] == "ab") & (pair_stimuli["source"] == "individual")]
    # three of 0 and 1, one of 1 and 0, two of 1 and 2, two of 2 and 1
    kept = own.groupby(["target_1", "target_2"], group_keys=False).head(3)
    way = list(zip(kept["target_1"], kept["target_2"], strict=True))
    numbers = {(0, 1): 3, (1, 0): 1, (1, 2): 2, (2, 1): 2}
    few = kept[[way[:place].count(one) < numbers[one] for place, one in enumerate(way)]]
    design = PairDesign(6, {"individual": 1.0}, 0.0, 10, 60)
    chosen = choose_stimuli(few, PAIRS.iloc[:1], design, 0)
    assert chosen.groupby(["target_1", "target_2"]).size().to_dict() == {(0, 1): 1, (1, 0): 1, (1, 2): 2, (2, 1): 2}
    # and the others if there is still room
    everything = choose_stimuli(few, PAIRS.iloc[:1], PairDesign(8, {"individual": 1.0}, 0.0, 10, 60), 0)
    assert len(everything) == 8


def test_repeats_come_late_enough(pair_plan):
    lists, places = pair_plan()
    for person in places["participant_id"]:
        rows = seen(lists, places, person)
        first = rows[rows["repetition"] == 0].reset_index().set_index("stimulus_id")["index"]
        again = rows[rows["repetition"] == 1].reset_index().set_index("stimulus_id")["index"]
        assert (again - first.loc[again.index]).min() >= 10


def test_a_list_depends_on_its_person_alone(pair_plan):
    lists, places = pair_plan()
    fewer, others = pair_plan(pairs=PAIRS.iloc[1:])
    # c is in the same pairs as before, and b in one fewer
    assert seen(fewer, others, "c").drop(columns="list").equals(seen(lists, places, "c").drop(columns="list"))
    assert len(seen(fewer, others, "b")) == len(seen(lists, places, "b")) / 2


def test_a_design_over_budget_is_refused(pair_plan):
    with pytest.raises(ValueError, match="participant a would see 42 trials, more than .*most_trials of 41"):
        pair_plan(PairDesign(16, DESIGN.shares, 0.25, 10, 41))


def test_a_pair_with_too_few_stimuli_is_named(pair_plan):
    with pytest.raises(ValueError, match="pair ab has 12 stimuli of source individual, expected at least 13"):
        pair_plan(PairDesign(13, {"individual": 1.0}, 0.0, 10, 600))


def test_those_with_the_largest_remainders_are_rounded_up():
    assert PairDesign(5, DESIGN.shares, 0.0, 1, 600).quotas() == {"individual": 3, "swapped": 1, "bias_only": 1}
    shares = {"individual": 0.1, "swapped": 0.2, "bias_only": 0.2, "group": 0.25, "none": 0.25}
    assert list(PairDesign(5, shares, 0.0, 1, 600).quotas().values()) == [1, 1, 1, 1, 1]
    assert list(PairDesign(20, shares, 0.0, 1, 600).quotas().values()) == [2, 4, 4, 5, 5]
    thirds = {"individual": 0.7, "swapped": 0.2, "bias_only": 0.1}  # sums that binary numbers miss
    assert list(PairDesign(10, thirds, 0.0, 1, 600).quotas().values()) == [7, 2, 1]


@pytest.mark.parametrize(
    "change, message",
    [
        ({"shares": {"individual": 0.5}}, "shares are 0.5 together, expected 1"),
        ({"images_per_pair": 0}, "images_per_pair is 0, expected an integer of at least 1"),
        (
            {"images_per_pair": 2},
            "images_per_pair is 2, expected enough that source bias_only with its share of 0.25 has a stimulus",
        ),
        ({"repeat_share": 2}, "repeat_share is 2, expected a number from 0 to 1"),
    ],
)
def test_designs_are_checked(change, message):
    with pytest.raises(ValueError, match=message):
        PairDesign(**{**vars(DESIGN), **change})


def test_preregistration_says_what_will_be_done(pair_plan, settings_of):
    lists, _ = pair_plan()
    rules = settings_of()[1].quality
    page = preregistration({"name": "digits", "design_id": "0123", "round": 2}, lists, PAIRS, DESIGN, rules)
    assert "3 participants in 3 pairs" in page
    assert "16 different stimuli:\n  8 of source `individual`,\n  4 of source `swapped`,\n  4 of source" in page
    # 2 x 20 and 2 catch trials
    assert "A person sees 42 trials" in page
    assert "N(customised) − N(swapped) within pair, digit pair" in page
    assert "permutes the source of the\nstimuli within these strata" in page and "bootstrap" not in page
    assert "the same difference for other controls" in page
    for text in exclusion_texts(rules):
        assert f"- {text}\n" in page


def test_preregistration_counts_one_and_ranges_as_people_write_them(settings_of):
    lists = pd.DataFrame({"list": [1, 1, 2, 2, 2], "phase": "main"})
    study = {"name": "digits", "design_id": "0123", "round": 2}
    design = PairDesign(1, {"individual": 1.0}, 0.0, 1, 600)
    page = preregistration(study, lists, PAIRS.iloc[:1], design, settings_of()[1].quality)
    assert "2 participants in 1 pair. Both" in page
    assert "1 different stimulus:" in page and "1 trial apart" in page
    assert "A person sees 2 to 3 trials" in page
    assert "permutes which direction a stimulus was made for" in page and "other controls" not in page


def test_every_rule_with_a_threshold_is_registered(settings_of):
    rules = settings_of()[1].quality
    assert rules.blur_events is None
    texts = exclusion_texts(rules)
    assert "A participant with fewer than 75 % of the clear digits in between right, if at least 10 of them" in texts[0]
    thresholds = ("longest_run", "response_entropy_bits", "rt_deviation", "clear_repeat_agreement", "blur_events")
    assert len(texts) == 3 + sum(getattr(rules, name) is not None for name in thresholds)
