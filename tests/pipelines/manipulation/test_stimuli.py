"""Pairs, and the stimuli and controls that are made for them."""

from pathlib import Path

import pandas as pd
import pytest

from bam_pipelines.guidance.acceptance import assess
from bam_pipelines.images.table import table_images
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.pipelines.manipulation import create_pipeline
from bam_pipelines.pipelines.manipulation.nodes import choose_pairs, describe_customised_stimuli


def test_those_who_have_a_model_of_the_guiding_classifier_are_paired(individuals, options, tiny_digits):
    images = tiny_digits(6, seed=7)
    pairs = choose_pairs(options | {"group_size": 3}, 0, images, **individuals)
    assert len(pairs) == 3 and set(pairs["participant_1"]) | set(pairs["participant_2"]) <= set(
        individuals["lrm"].states
    )
    with pytest.raises(ValueError, match="1 groups of 2 need 2 participants with an individual model, but 0 have one"):
        choose_pairs(options | {"classifier": "vgg"}, 0, images, **individuals)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        # s001 and s003 have one model, s002 and s004 the other
        ("different", {"s001xs002"}),
        ("all", {"s001xs002", "s001xs003", "s001xs004", "s002xs003", "s002xs004", "s003xs004"}),
        ([["s004", "s001"]], {"s004xs001"}),
    ],
)
def test_pairs_are_chosen_as_conf_says(individuals, options, tiny_digits, chosen, expected):
    pairs = choose_pairs(options | {"pairs": chosen}, 0, tiny_digits(6, seed=7), **individuals)
    assert set(pairs["pair_id"]) == expected


def test_an_unknown_way_to_pair_is_named(individuals, options, tiny_digits):
    with pytest.raises(ValueError, match="manipulation.pairs is 'alike', expected random, different, all or a list"):
        choose_pairs(options | {"pairs": "alike"}, 0, tiny_digits(6, seed=7), **individuals)


def test_each_model_sees_its_own_target_by_the_margin(customised, individuals):
    stimuli, _ = customised
    assert len(stimuli) > 0
    images = table_images(stimuli)
    logits = [individuals["lrm"].network(name)(images) for name in ("s001", "s002")]
    for row, stimulus in stimuli.iterrows():
        first, second = int(stimulus["target_1"]), int(stimulus["target_2"])
        one, two = logits[0][row], logits[1][row]
        assert (one.argmax(), two.argmax()) == (first, second)
        assert min(one[first] - one[second], two[second] - two[first]) >= 1.0


def test_customised_stimuli_name_their_pair_their_models_and_both_directions(customised):
    stimuli, acceptance = customised
    assert set(stimuli["strategy"]) == {"controversial"}
    assert set(stimuli["source"]) == {"individual"}
    assert set(stimuli["pair_id"]) == {"s001xs002"}
    assert set(stimuli["model_1"]) == {"lrm-s001"}
    assert set(stimuli["model_2"]) == {"lrm-s002"}
    assert set(stimuli["margin"]) == {1.0}
    # three digit pairs in both directions
    directions = set(zip(acceptance["target_1"], acceptance["target_2"], strict=True))
    assert directions == {(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)}


def test_each_margin_is_a_dose_with_images_of_its_own(customise, pairs):
    stimuli, acceptance = customise(pairs, margins=[0.2, 1.0], controls=["none"])
    own = stimuli[stimuli["source"] == "individual"]
    assert set(own["margin"]) == {0.2, 1.0}
    # both began with noise of their own
    assert not set(own.loc[own["margin"] == 0.2, "seed"]) & set(own.loc[own["margin"] == 1.0, "seed"])
    quotas = acceptance.groupby("source")["quota"].sum()
    assert quotas["individual"] == quotas["none"] == 12


def test_bias_only_controls_come_in_both_directions(customise, pairs):
    stimuli, _ = customise(pairs, margins=[0.5], controls=["bias_only"])
    own = stimuli[stimuli["source"] == "bias_only"]
    directions = set(zip(own["target_1"], own["target_2"], strict=True))
    assert directions == {(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)}


def test_people_whose_models_agree_cannot_be_split(customise, pairs):
    alike = pairs.assign(pair_id="s001xs003", participant_2="s003")
    with pytest.raises(ValueError, match="no proposal was accepted; raise the sampler's steps"):
        customise(alike, max_proposals=1, candidates=1)


def test_controls_are_made_for_the_same_pair_digits_and_numbers(customise, pairs):
    stimuli, acceptance = customise(pairs, controls=["swapped", "bias_only", "group", "none"], margins=[0.1], quota=1)
    assert set(acceptance["pair_id"]) == {"s001xs002"}
    wanted = acceptance.groupby("source")["quota"].sum()
    assert wanted.to_dict() == dict.fromkeys(("individual", "swapped", "bias_only", "group", "none"), 6)
    models = acceptance.drop_duplicates("source").set_index("source")[["model_1", "model_2"]].T.to_dict("list")
    # those of no part in the pair are s003 and s004
    assert {*models["swapped"]} == {"lrm-s003", "lrm-s004"}
    assert models["bias_only"] == ["lrm-bias-s001", "lrm-bias-s002"]
    assert models["group"][0] == "lrm-group" and pd.isna(models["group"][1])
    assert pd.isna(models["none"]).all()
    pairs_of = {
        source: {frozenset(targets) for targets in rows[["target_1", "target_2"]].to_numpy().tolist()}
        for source, rows in acceptance.groupby("source")
    }
    assert all(digits == pairs_of["individual"] for digits in pairs_of.values())
    assert set(stimuli["source"]) >= {"individual", "none"}
    assert (stimuli["pair_id"] == "s001xs002").all()
    strategies = stimuli.groupby("source", observed=True)["strategy"].agg(set).to_dict()
    assert strategies["none"] == {"unguided"} and strategies["individual"] == {"controversial"}


def test_an_unknown_control_is_named(customise, pairs):
    with pytest.raises(ValueError, match=r"manipulation\.controls is \['sham'\], expected a list of swapped"):
        customise(pairs, controls=["sham"])


def test_finished_shards_outlive_the_node(customised, compute):
    assert list(Path(compute["working_folder"]).glob("sample_customised_stimuli/*/*.npz"))


def test_finished_shards_stay_when_another_pair_fails(customise, pairs, compute, monkeypatch):
    done = []

    def assess_one_pair(*arguments):
        if done:
            raise FloatingPointError("a gradient is not finite")
        done.append(arguments)
        return assess(*arguments)

    monkeypatch.setattr("bam_pipelines.guidance.proposals.assess", assess_one_pair)
    both = pd.concat([pairs, pairs.assign(pair_id="s002xs003", participant_1="s002", participant_2="s003")])
    with pytest.raises(FloatingPointError):
        customise(both)
    assert len(list(Path(compute["working_folder"]).glob("sample_customised_stimuli/*/*.npz"))) == 1


def test_customised_stimuli_are_counted_and_shown(customised, options):
    metrics, figure = describe_customised_stimuli(*customised, options)
    assert metrics["individual"]["stimuli"] == metrics["stimuli"] == len(customised[0])
    assert figure.get_suptitle() == "Accepted stimuli"


def test_the_second_round_is_a_namespace_of_its_own():
    stage = create_pipeline()
    assert {name for name in stage.inputs() if not name.startswith("params:")} == {
        *(f"{kind}_{name}" for kind in ("individual", "group") for name in CLASSIFIER_NAMES),
        "diffusion_prior",
        "digit_judge",
        "independent_judge",
        "mnist_train",
        "observer_network",
        "participant_parameters",
        "mnist_test",
        "trials",
        "trial_stimuli",
    }
    second_round = {"collected_trials", "trial_stimuli", "rejects", "trials", "participants", "exclusions"}
    assert stage.all_outputs() >= {f"round_2.{name}" for name in (*second_round, "quality_report", "behavior_figure")}
    assert stage.all_outputs() >= {"manipulation_pairs", "manipulation_stimuli", "manipulation_acceptance"}
    assert stage.outputs() >= {"manipulation_summary", "manipulation_rates", "manipulation_naturalness"}
    (analysis,) = [node for node in stage.nodes if node.short_name == "analyse_pairs"]
    assert {"trials", "trial_stimuli", "round_2.trials", "round_2.trial_stimuli"} <= set(analysis.inputs)
    assert "trials" not in stage.all_outputs()  # the first round's answers are not written again
