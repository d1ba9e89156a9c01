"""The manipulation stage with two people whose models read different rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from bam_pipelines.alignment.individuals import WholeNetworks
from bam_pipelines.guidance.acceptance import assess
from bam_pipelines.images.table import table_images
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.networks.registry import build_network
from bam_pipelines.pipelines.manipulation import create_pipeline
from bam_pipelines.pipelines.manipulation.nodes import (
    analyse_pairs,
    choose_pairs,
    describe_customised_stimuli,
    judge_pairs_stimuli,
    sample_customised_stimuli,
)

CONF = Path(__file__).parents[2] / "conf" / "base" / "manipulation" / "parameters.yml"
LRM = NetworkSpecification("lrm", {"image_size": 8, "channels": 1, "n_classes": 3})


def row_weights(rows):
    """Logits are twelve times the mean brightness of the rows."""
    weight = torch.zeros(3, 8, 8)
    for label, row in enumerate(rows):
        weight[label, row] = 12 / 8
    return {"1.weight": weight.flatten(1), "1.bias": torch.zeros(3)}


@pytest.fixture
def individuals():
    states = {name: row_weights([0, 1, 2]) for name in ("s001", "s003")}
    states |= {name: row_weights([3, 4, 5]) for name in ("s002", "s004")}
    return {name: WholeNetworks(LRM, states if name == "lrm" else {}) for name in CLASSIFIER_NAMES}


@pytest.fixture
def options():
    base = yaml.safe_load(CONF.read_text())["manipulation"]
    sizes = {"classifier": "lrm", "n_groups": 1, "group_size": 2, "digit_pairs": 3, "max_proposals": 8}
    return base | sizes | {"margins": [1.0], "controls": []}


BIASES = {"rank": 2, "components": 4, "steps": 20, "batch_size": 24, "learning_rate": 0.05}


def answered(stimuli):
    """S001 calls everything a 0 and s002 a 1."""
    splits = np.repeat(["train", "validation", "test"], [12, 6, 6])
    rows = [
        {"participant_id": name, "stimulus_id": image, "split": split, "response": answer}
        for name, answer in (("s001", 0), ("s002", 1))
        for image, split in zip(stimuli["stimulus_id"], splits, strict=True)
    ]
    trials = pd.DataFrame(rows).assign(task="digit", phase="main", include=True, round=1, session=1, trial_index=0)
    return trials.assign(row_id=range(len(trials))).astype({"response": "Int8"}), stimuli.drop(columns="label")


@pytest.fixture
def pairs():
    return pd.DataFrame({"pair_id": ["s001xs002"], "participant_1": ["s001"], "participant_2": ["s002"]})


@pytest.fixture
def customise(tiny_prior, tiny_judge, tiny_digits, options, tiny_samplers, compute, individuals):
    """A function from pairs and changed options to stimuli and acceptance."""

    group = build_network(LRM, seed=0)
    group.load_state_dict(row_weights([0, 1, 2]))
    models = {f"individual_{name}": one for name, one in individuals.items()}
    models |= {f"group_{name}": TrainedNetwork(group.eval().requires_grad_(False), LRM) for name in individuals}

    def sample(pairs, **changes):
        return sample_customised_stimuli(
            pairs,
            *answered(tiny_digits(24, seed=7)),
            tiny_prior,
            tiny_judge,
            tiny_digits(30),
            options | tiny_samplers | changes,
            BIASES,
            compute,
            0,
            **models,
        )

    return sample


@pytest.fixture(params=["fast", "paper"])
def customised(customise, pairs, request):
    return customise(pairs, method=request.param)


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

    monkeypatch.setattr("bam_pipelines.guidance.sampling.assess", assess_one_pair)
    both = pd.concat([pairs, pairs.assign(pair_id="s002xs003", participant_1="s002", participant_2="s003")])
    with pytest.raises(FloatingPointError):
        customise(both)
    assert len(list(Path(compute["working_folder"]).glob("sample_customised_stimuli/*/*.npz"))) == 1


def test_customised_stimuli_are_counted_and_shown(customised, options):
    metrics, figure = describe_customised_stimuli(*customised, options)
    assert metrics["individual"]["stimuli"] == metrics["stimuli"] == len(customised[0])
    assert figure.get_suptitle() == "Accepted stimuli"


def answers(stimuli, round_number, choices):
    """What s001 and s002 chose on each stimulus."""
    rows = [
        {"participant_id": person, "stimulus_id": name, "response": choice}
        for name, both in zip(stimuli["stimulus_id"], choices, strict=True)
        for person, choice in zip(("s001", "s002"), both, strict=True)
    ]
    phase = "main" if round_number == 1 else "manipulation"
    trials = pd.DataFrame(rows).assign(
        task="digit", phase=phase, include=True, round=round_number, session=round_number
    )
    return trials.assign(trial_index=range(len(trials))).astype({"response": "Int8"})


def test_both_rounds_are_compared_pair_by_pair(customised, pairs):
    made = customised[0].iloc[:4].reset_index(drop=True)
    targets = made[["target_1", "target_2"]].astype(int).to_numpy().tolist()
    second = made.iloc[:2]
    first = made.iloc[2:].assign(pair_id=None, source="base")
    both_shown = pd.concat([first, second.iloc[:1].assign(target_1=None, target_2=None)]).iloc[:2]
    tables = {
        "first_trials": answers(first, 1, [targets[2][::-1], [targets[3][0]] * 2]),  # opposite; the same target twice
        "second_trials": answers(second, 2, [targets[0], targets[1]]),  # each the own target
        "first_stimuli": both_shown,
        "second_stimuli": pd.concat([second, both_shown.iloc[:1]]),  # a stimulus may be listed in both rounds
    }
    outcomes, summary, rates, estimates = analyse_pairs(pairs, 0, 100, **tables)
    assert outcomes.groupby("round")["outcome"].agg(list).to_dict().keys() == {1, 2}
    assert sorted(outcomes.query("round == 1")["outcome"]) == ["bias", "success"]
    assert outcomes.query("round == 1 and outcome == 'success'")["direction"].to_list() == ["opposite"]
    assert outcomes.query("round == 2")["direction"].to_list() == ["targeted", "targeted"]
    sources = summary["sources"]
    assert (sources["base"]["n"], sources["individual"]["n"]) == (2, 2)
    assert sources["base"]["net_directed_success"]["value"] == -0.5
    assert sources["individual"]["net_directed_success"]["value"] == 1.0
    assert summary["difference"]["net_directed_success"]["value"] == 1.5
    assert set(rates["level"]) == {"source", "pair", "digit_pair", "dose"}
    assert set(estimates["source"]) == {"base", "individual"}
    assert summary["stable_disagreement"]["individual"]["n"] == 0 and summary["left_out"] == {}


def test_a_person_who_missed_a_round_costs_one_pair(customised, pairs):
    made = customised[0].iloc[:2].reset_index(drop=True)
    targets = made[["target_1", "target_2"]].astype(int).to_numpy().tolist()
    first = made.iloc[:1].assign(pair_id=None, source="base")
    tables = {
        "first_trials": answers(first, 1, [targets[0]]),
        "second_trials": answers(made.iloc[1:], 2, targets[1:]),
        "first_stimuli": first,
        "second_stimuli": made.iloc[1:],
    }
    alone = pairs.assign(pair_id="s001xs009", participant_2="s009")
    outcomes, summary, *_ = analyse_pairs(pd.concat([pairs, alone]), 0, 100, **tables)
    assert set(outcomes["pair_id"]) == {"s001xs002"}
    assert summary["left_out"] == {"s001xs009": "s009 has no answer in round 1."}


def test_the_independent_judge_sees_what_was_shown_in_the_second_round(customised, tiny_judge, compute, options):
    made = customised[0]
    shown = made.iloc[:3].reset_index(drop=True)
    outcomes = shown[["stimulus_id", "source", "pair_id", "target_1", "target_2"]].assign(
        round=[1, 2, 2], source=["base", "individual", "swapped"]
    )
    options = options | {"resamples": 100}
    found = judge_pairs_stimuli(outcomes, made, tiny_judge, options, compute, 0)
    assert found["sources"] == {
        name: {"n": 1, "accepted": 1.0, "score": pytest.approx(1.0)} for name in ("individual", "swapped")
    }


def test_unguided_stimuli_of_the_first_round_are_no_control(customised, pairs):
    made = customised[0].iloc[:3].reset_index(drop=True)
    targets = made[["target_1", "target_2"]].astype(int).to_numpy().tolist()
    first = made.iloc[:1].assign(pair_id=None, source="none")
    control = made.iloc[2:].assign(source="none")
    tables = {
        "first_trials": answers(first, 1, [targets[0]]),
        "second_trials": answers(made.iloc[1:], 2, targets[1:]),
        "first_stimuli": first,
        "second_stimuli": pd.concat([made.iloc[1:2], control]),
    }
    outcomes, summary, *_ = analyse_pairs(pairs, 0, 100, **tables)
    assert set(outcomes["round"]) == {2}
    assert summary["sources"]["none"]["n"] == 1
    assert summary["contrasts"]["none"]["net_directed_success"]["value"] == 0


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
