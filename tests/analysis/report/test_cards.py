import io
import math

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bam_pipelines.analysis import report_cards
from bam_pipelines.analysis.report_cards import Gallery, first_round_cards, second_round_cards, shown_stimuli
from tests.analysis.report.conftest import CLASSES


@pytest.fixture
def cards(report):
    return {card.stimulus_id: card for card in report.content().gallery.cards}


def test_a_card_says_who_answered_what_and_what_became_of_it(cards):
    s, t, u, v = (cards[name] for name in "stuv")
    assert (s.kind, s.targets, s.outcome, s.entropy) == ("uncertainty", (0, 1), "success", 1.0)
    assert s.answers == {"a": 0, "b": 1, "c": 0, "d": 1} and s.counts == [(0, 2), (1, 2)]
    assert s.lines == ["VGG .50 | .45"]
    # a repeat's other answer is no second vote; three of four: -(.75 log .75 + .25 log .25) = .811 bits
    assert (t.kind, t.counts, t.outcome) == ("controversial", [(1, 3), (2, 1)], "success")
    assert t.entropy == pytest.approx(0.8113, abs=1e-4)
    assert t.lines == ["VGG: dog (.50)", "LRM: emu (.93)"]
    assert (u.outcome, u.counts) == ("failure", [(2, 2), (0, 1)])
    assert (v.outcome, v.entropy, v.answers) == ("none", None, {})


def test_a_second_round_stands_beside_its_people(cards):
    x, y = cards["x"], cards["y"]
    assert (x.kind, y.kind) == ("second round: customised", "second round: swapped pair")
    assert (x.outcome, x.entropy, x.answers) == ("success", 1.0, {"a": 1, "c": 0})
    assert x.lines == ["VGG .50 | .45", "cat for a, dog for c", "the other way round"]
    assert (y.outcome, y.entropy, y.lines[1:]) == ("failure", 0.0, ["cat for a, dog for c"])


def test_probabilities_say_whose_models_they_are(report):
    names = {"model_1": "vgg-a", "model_2": "vgg-c", "p2_target_2": 0.25}
    report.results["second_stimuli"] = report.results["second_stimuli"].assign(**names)
    (x, _) = [card for card in report.content().gallery.cards if card.stimulus_id in "xy"]
    assert x.lines[:2] == ["VGG of a: cat (.50)", "VGG of c: dog (.25)"]


def test_images_keep_their_pixels(cards, results):
    pixels = results["stimuli"].set_index("stimulus_id")["image"]
    for name in "stuv":
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(cards[name].png))).ravel(), pixels[name])


def test_many_large_images_are_made_smaller_alike(results, trials, monkeypatch):
    # three images of 8 x 8 are 192 values, and half their width and height 48
    monkeypatch.setattr(report_cards, "_LARGEST", 48)
    made = first_round_cards(results["stimuli"].iloc[:3], trials, {}, CLASSES)
    assert {Image.open(io.BytesIO(card.png)).size for card in made} == {(4, 4)}


def test_stimuli_that_nobody_was_asked_about_are_shown_only_beside_others_of_theirs(results, trials, stimuli_of):
    assert set(shown_stimuli(trials, results["trial_stimuli"], results["stimuli"])["stimulus_id"]) == set("stuv")
    unrelated = stimuli_of(["p", "q"], [(0, 1), (1, 2)])
    assert set(shown_stimuli(trials, results["trial_stimuli"], unrelated)["stimulus_id"]) == set("stu")


def test_without_answers_or_a_second_round_there_are_no_cards(results, trials, pairs):
    assert first_round_cards(results["stimuli"].iloc[:0], trials, {}, CLASSES) == []
    assert second_round_cards(results["second_stimuli"], pairs[pairs["round"] == 1], CLASSES) == []


def test_stimuli_of_a_release_have_no_targets(results, trials):
    nothing = dict.fromkeys(("target_1", "target_2", "model_1", "model_2"), pd.NA)
    (card,) = first_round_cards(results["stimuli"].iloc[:1].assign(**nothing, strategy="unknown"), trials, {}, CLASSES)
    assert (card.targets, card.lines, card.outcome, len(card.answers)) == ((), [], "none", 4)


def test_the_gallery_counts_what_it_can_be_filtered_by(report):
    gallery = report.content().gallery
    assert gallery.pairs == {(0, 1): 4, (0, 2): 1, (1, 2): 1}
    assert gallery.targets == {0: 5, 1: 5, 2: 2}
    assert gallery.kinds["uncertainty"] == 3 and gallery.kinds["second round: customised"] == 1
    # s, t and x; u and y; v, that nobody answered
    assert gallery.outcomes == {"success": 3, "bias": 0, "failure": 2, "none": 1}
    assert gallery.people == {"a": 5, "b": 3, "c": 5, "d": 2}
    # 1 answer of cat and 2 of emu: .918 bits; s has 1
    assert gallery.most_entropy == 1.0


@pytest.mark.parametrize(("entropy", "most"), [(0.0, 0.1), (0.31, 0.4), (math.log2(3), 1.6)])
def test_the_slider_reaches_the_highest_entropy(cards, entropy, most):
    card = report_cards.StimulusCard("s", b"", "k", (), [], {"a": 0}, "none", entropy)
    assert Gallery([card, cards["v"]], CLASSES, 0, ()).most_entropy == most


def test_a_full_gallery_says_how_many_were_left_out(report):
    report.settings = report.settings.__class__(**{**vars(report.settings), "gallery_size": 1})
    gallery = report.content().gallery
    # three of the first round and one of the second
    assert (len(gallery.cards), gallery.left_out) == (2, 4)
    assert "for 4 more there was no room" in report.page()
