import numpy as np
import pandas as pd
import pytest

from bam_pipelines.analysis.answer_summary import (
    compare_with_published,
    person_agreement,
    stimulus_entropies,
    summarise_answers,
    summarise_reliability,
)
from bam_pipelines.analysis.figures.answers import answers_figure

ANSWERS = [("a", "x", 1), ("b", "x", 1), ("c", "x", 2), ("d", "x", 3), ("a", "y", 5), ("b", "y", 5)]


@pytest.fixture
def participants():
    return pd.DataFrame(
        {
            "participant_id": list("abcd"),
            "catch_accuracy": [1.0, 0.9, 0.8, 0.5],
            "lapse": [0.0, 0.1, 0.2, 0.5],
            "repeat_agreement": np.nan,
            "include": [True, True, True, False],
        }
    )


def test_entropies_by_hand(trials_of):
    table = stimulus_entropies(trials_of(ANSWERS, rt_ms=[400.0, 600.0, 800.0, 1000.0, 500.0, 500.0]))
    assert table["stimulus_id"].to_list() == ["x", "y"]
    assert table["n_answers"].to_list() == [4, 2]
    # x: 1/2, 1/4, 1/4 -> .5 * 1 + 2 * .25 * 2 = 1.5 bits
    assert table["entropy"].to_list() == [1.5, 0.0]
    assert table["median_rt_ms"].to_list() == [700, 500]


def test_agreement_by_hand(trials_of):
    # x: 6 pairs of answers, 1 equal; y: 1 pair, equal; 2 of 7
    assert person_agreement(trials_of(ANSWERS)) == pytest.approx(2 / 7)
    assert np.isnan(person_agreement(trials_of([("a", "x", 1), ("a", "y", 1)])))


def test_summary_by_hand(trials_of, participants):
    numbers = summarise_answers(trials_of(ANSWERS, rt_ms=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), participants)
    assert numbers == pytest.approx(
        {
            "n_participants": 4,
            "n_participants_included": 3,
            "n_trials": 6,
            "n_trials_included": 6,
            "n_stimuli": 2,
            "answers_per_stimulus": 3.0,
            "catch_accuracy_mean": 0.8,
            "lapse_mean": 0.2,
            "person_agreement": 2 / 7,
            "median_rt_ms": 3.5,
            "zero_entropy_share": 0.5,
            "entropy_bits_mean": 0.75,
        }
    )  # repeat_agreement was not measured
    assert all(type(number) in (int, float) for number in numbers.values())


def test_a_summary_of_nothing_is_an_error(trials_of, participants):
    with pytest.raises(ValueError, match="no included answer outside catch trials is left"):
        summarise_answers(trials_of(ANSWERS, rt_ms=500.0, include=False), participants)


def test_reliability_of_a_round(trials_of):
    draw = np.random.default_rng(0)
    rows = [
        (f"p{person}", f"s{image}", int(draw.integers(0, 1 + image % 3))) for person in range(8) for image in range(30)
    ]
    first = trials_of(rows, rt_ms=500.0)
    again = first[first["participant_id"] == "p0"].assign(
        repetition=1, trial_index=lambda table: table["trial_index"] + 500
    )
    found = summarise_reliability(pd.concat([first, again], ignore_index=True), 10, seed=0)
    assert found["repeats"] == 30
    assert found["people_with_own_ceiling"] == 0
    assert found["agreement_with_oneself"]["value"] == 1
    assert found["agreement_with_others"]["lower"]["value"] < found["agreement_with_others"]["upper"]["value"]
    assert 0 < found["split_half_shares"]["value"] < 1
    bits = found["entropy_bits"]
    assert bits["plugin"] < bits["miller_madow"]
    assert found["rt_entropy_spearman"] is None  # all times are the same


def test_response_times_grow_with_entropy(trials_of):
    rows = [("a", "x", 1), ("b", "x", 1), ("a", "y", 1), ("b", "y", 2), ("a", "z", 3), ("b", "z", 4)]
    found = summarise_reliability(trials_of(rows, rt_ms=[400.0, 410.0, 600.0, 620.0, 700.0, 710.0]), 10, seed=0)
    # entropies 0, 1, 1 and times 405, 610, 705: ranks 1, 2.5, 2.5 and 1, 2, 3
    assert found["rt_entropy_spearman"] == pytest.approx(np.corrcoef([1, 2.5, 2.5], [1, 2, 3])[0, 1])


def test_what_was_found_stands_beside_what_was_published(trials_of, stimuli_of):
    rows = [("a", "x", 1), ("b", "x", 2), ("a", "y", 1), ("b", "y", 1), ("c", "y", 1), ("a", "z", 5), ("a", "w", 5)]
    stimuli = stimuli_of(list("xyzw"), [(1, 2), (2, 1), (1, 2), (pd.NA, pd.NA)])
    found = compare_with_published(trials_of(rows), stimuli, 10)
    assert found["answers_per_image"] == {"published": 5.9, "found": 7 / 4}
    assert found["zero_entropy_share"] == {"published": 0.42, "found": 3 / 4}
    # x: both targets; y: one of them; z: neither; w was made for none
    assert [found[name]["found"] for name in ("success", "bias", "failure")] == pytest.approx([1 / 3] * 3)
    # a release has no targets, a table of answers may have no images, and nobody guided those of noise
    for other in (
        stimuli.assign(target_1=pd.NA, target_2=pd.NA),
        stimuli.iloc[:0],
        stimuli.assign(strategy="unguided"),
    ):
        bare = compare_with_published(trials_of(rows), other, 10)
        assert list(bare) == ["answers_per_image", "zero_entropy_share"]
    assert compare_with_published(trials_of(rows, phase="manipulation"), stimuli, 10) == {}


def test_a_second_round_has_no_reliability(trials_of):
    assert summarise_reliability(trials_of(ANSWERS, rt_ms=1.0, phase="manipulation"), 10, seed=0) == {}


def test_the_figure_says_what_is_simulated_and_what_is_missing(trials_of, participants):
    trials = trials_of(ANSWERS, rt_ms=500.0)
    shares = np.full((10, 10), np.nan)
    shares[5, 1] = shares[1, 5] = 0.5
    figure = answers_figure(trials, participants, shares, 0.75, set("abcd"), simulated=True)
    assert figure.get_suptitle() == "Answers (simulated participants)"
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[:4] == [
        "a  Uncertainty (50% unanimous)",
        "b  Response time",
        "c  Attention (1 of 4 excluded)",
        "d  Answers that are one of the two targets\n(brown: no answers)",
    ]
    # row 4 is the higher digit 5, column 1 the lower digit 1; the upper triangle says nothing twice
    unasked, drawn = (np.ma.masked_invalid(image.get_array()) for image in figure.axes[3].images)
    assert drawn[4, 1] == 0.5
    assert np.ma.count(drawn) == 1
    # the other cells of the lower triangle are marked as without answers, no other is
    assert np.ma.getmaskarray(unasked)[4, 1] and np.ma.count(unasked) == 9 * 10 // 2 - 1
    assert [axes.get_xlabel() for axes in figure.axes[3:4]] == ["lower digit"]
    named = answers_figure(trials, participants, shares, 0.75, set(), True, [f"c{label}" for label in range(10)]).axes[
        3
    ]
    assert (named.get_xlabel(), named.get_ylabel()) == ("lower class", "higher class")
    ticks = [[label.get_text() for label in axis.get_ticklabels()] for axis in (named.xaxis, named.yaxis)]
    assert ticks == [[f"c{label}" for label in range(9)], [f"c{label}" for label in range(1, 10)]]
    bare = answers_figure(
        trials.assign(rt_ms=np.nan),
        participants.assign(catch_accuracy=np.nan),
        np.full((10, 10), np.nan),
        0.75,
        set(),
        simulated=False,
    )
    assert bare.get_suptitle() == "Answers"
    shown = [text.get_text() for axes in bare.axes for text in axes.texts]
    assert shown == ["no response times", "no catch trials", "no answers to images with two targets"]


NOWHERE = np.full((10, 10), np.nan)


def test_one_answer_is_no_agreement(trials_of, participants):
    some = answers_figure(trials_of([*ANSWERS, ("a", "z", 7)], rt_ms=500.0), participants, NOWHERE, 0.75, set(), True)
    uncertainty, times = some.axes[:2]
    # of x and y one is unanimous; z, which one person answered, is neither drawn nor counted
    assert uncertainty.get_title(loc="left") == "a  Uncertainty (50% unanimous)\nwithout images of one answer: 1"
    assert sum(bar.get_height() for bar in uncertainty.patches) == 2 == len(times.collections[0].get_offsets())
    alone = answers_figure(trials_of([("a", "z", 7)], rt_ms=500.0), participants, NOWHERE, 0.75, set(), True)
    said = "no image has two answers, and one alone has no entropy"
    assert [axes.texts[0].get_text() for axes in alone.axes[:2]] == [said, said]


def test_images_are_counted_in_whole_numbers(trials_of, participants):
    figure = answers_figure(trials_of(ANSWERS, rt_ms=500.0), participants, NOWHERE, 0.75, set(), True)
    assert all(float(tick).is_integer() for tick in figure.axes[0].get_yticks())


def test_who_was_not_judged_is_drawn_hollow(trials_of, participants):
    people = participants.assign(include=[True, False, True, False])
    figure = answers_figure(trials_of(ANSWERS, rt_ms=500.0), people, NOWHERE, 0.75, {"a", "d"}, True)
    attention = figure.axes[2]
    drawn = {part.get_label(): part for part in attention.collections}
    # by accuracy: d .5, c .8, b .9, a 1
    assert {label: part.get_offsets().data.tolist() for label, part in drawn.items()} == {
        "included": [[3, 1.0]],
        "excluded": [[0, 0.5]],
        "rule not applied: too few catch trials": [[1, 0.8]],
        "rule not applied, excluded by another": [[2, 0.9]],
    }
    hollow = {label for label, part in drawn.items() if part.get_facecolor()[0].tolist() == [1, 1, 1, 1]}
    assert hollow == {"rule not applied: too few catch trials", "rule not applied, excluded by another"}
    assert {text.get_text() for text in attention.get_legend().get_texts()} == set(drawn)
