"""The alignment stage on hand-made answers to tiny images."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from bam_pipelines.images.table import labelled_images
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES
from bam_pipelines.networks.registry import build_network
from bam_pipelines.pipelines.alignment import create_pipeline
from bam_pipelines.pipelines.alignment.nodes import (
    collect_evaluations,
    compare_with_truth,
    evaluate_classifier,
    fine_tune_groups,
    fit_individuals,
    study_differences,
)
from bam_pipelines.pipelines.behavior.answer_source import AnswerSource

TRAINING = {"epochs": 3, "samples_per_epoch": 60, "batch_size": 20, "learning_rate": 0.02, "schedule": "constant"}
OPTIONS = {
    "min_training_trials": 12,
    "group": {"ratio": [1, 1], "training": TRAINING},
    "method": "paper",
    "paper": {"ratio": [2, 1, 1], "training": TRAINING},
    "hierarchical": {
        "rank": 2,
        "components": 8,
        "steps": 200,
        "batch_size": 24,
        "learning_rate": 0.05,
    },
    "differences": {"classifier": "lrm", "trials": [6], "clusters": [2]},
    "resamples": 100,
}
SPLITS = np.repeat(["train", "validation", "test"], [12, 6, 6])


@pytest.fixture
def answers(tiny_digits):
    """Twenty-four images; a and b call a 0 a 1, b also calls a 2 a 0; c answers too few training trials."""
    stimuli = tiny_digits(24, seed=7)
    shown = stimuli["label"].to_numpy()
    habits = {"a": [1, 1, 2], "b": [1, 1, 0], "c": [0, 1, 2]}
    rows = [
        {"participant_id": person, "stimulus_id": name, "split": split, "response": habit[label]}
        for person, habit in habits.items()
        for name, split, label in zip(stimuli["stimulus_id"], SPLITS, shown, strict=True)
    ]
    trials = pd.DataFrame(rows).assign(task="digit", phase="main", include=True, round=1, session=1)
    trials = trials.assign(row_id=[f"t{row}" for row in range(len(trials))], trial_index=range(len(trials)))
    trials = trials.astype({"response": "Int8"})
    trials.loc[(trials["participant_id"] == "c") & (trials["trial_index"] % 24 == 0), "response"] = pd.NA
    return {"trials": trials, "trial_stimuli": stimuli.drop(columns="label")}


@pytest.fixture
def base():
    facts = {"image_size": 8, "channels": 1, "n_classes": 3}
    specification = NetworkSpecification("lrm", facts)
    return TrainedNetwork(build_network(specification, seed=0), specification)


@pytest.fixture
def aligned(base, answers, tiny_digits, compute):
    common = {**answers, "digits": tiny_digits(30), "options": OPTIONS, "compute": compute, "seed": 0}
    group, history, individuals, epochs = fitted(base, common)
    return {"group": group, "individuals": individuals, "history": history, "epochs": epochs}


def fitted(base, common):
    groups = fine_tune_groups(lrm=base, **common)
    individuals = fit_individuals(lrm=groups["lrm"], **common)
    return groups["lrm"], groups["lrm_history"], individuals["lrm"], individuals["lrm_history"]


@pytest.fixture
def evaluated(base, aligned, answers, tiny_digits):
    models = {"base": base, "group": aligned["group"], "individuals": aligned["individuals"]}
    return evaluate_classifier("lrm", **models, **answers, digits=tiny_digits(30, seed=3), resamples=100, seed=0)


def accuracy(metrics, level, participant_id):
    rows = metrics.query("level == @level and participant_id == @participant_id and dataset == 'trials_test'")
    return rows.query("entropy_bin == 'all'")["accuracy"].item()


def test_models_learn_what_people_answer(evaluated):
    metrics, *_ = evaluated
    assert accuracy(metrics, "group", "all") > accuracy(metrics, "base", "all")
    assert accuracy(metrics, "individual", "b") > accuracy(metrics, "group", "b")


def test_only_bs_own_model_learns_that_b_calls_a_2_a_0(aligned, tiny_digits):
    images, labels = labelled_images(tiny_digits(30, seed=3))
    networks = {name: aligned["individuals"].network(name) for name in ("a", "b")} | {"group": aligned["group"].network}
    logits = {name: network(images[labels == 2]).mean(dim=0) for name, network in networks.items()}
    lead = {name: (values[0] - values[2]).item() for name, values in logits.items()}
    assert lead["a"] < lead["group"] < lead["b"]
    assert lead["b"] - lead["a"] > 2  # fitted to everyone's answers alone, the two come within 1 of each other


def test_only_people_with_enough_training_trials_get_a_model(aligned):
    assert aligned["individuals"].participant_ids == ["a", "b"]
    assert aligned["epochs"]["n_participants"] == 2
    assert aligned["epochs"]["n_without_a_model"] == 1
    assert set(aligned["epochs"]["best_epoch"]) == {"a", "b"}
    assert len(aligned["history"]["train_loss"]) == TRAINING["epochs"]


@pytest.mark.parametrize(("method", "heads"), [("hierarchical", 1 + 2 + 3), ("calibrated", 1 + 3), ("paper", None)])
def test_each_method_gives_models_that_know_b_better(base, answers, tiny_digits, compute, method, heads):
    common = {**answers, "digits": tiny_digits(30), "options": OPTIONS | {"method": method}, "compute": compute}
    group, _, models, history = fitted(base, common | {"seed": 0})
    levels = {"base": base, "group": group, "individuals": models}
    *_, gain = evaluate_classifier("lrm", **levels, **answers, digits=tiny_digits(30, seed=3), resamples=100, seed=0)
    assert history["n_participants"] == 2
    assert gain["individual_gain"]["log_loss"]["value"] > 0.05
    assert gain["gain_over_group"]["log_loss"]["share_improved"] >= 0.5
    assert set(gain["baselines"]) == {"nearest_exemplar", "dawid_skene", "dawid_skene_transductive"}
    if heads is not None:  # GroupNet's, one a way to differ, one a class
        assert len(models.basis_weight) == heads


def test_groupnet_for_everyone_has_nothing_individual(base, answers, tiny_digits, compute):
    common = {**answers, "digits": tiny_digits(30), "options": OPTIONS | {"method": "group"}, "compute": compute}
    group, _, models, _ = fitted(base, common | {"seed": 0})
    levels = {"base": base, "group": group, "individuals": models}
    *_, gain = evaluate_classifier("lrm", **levels, **answers, digits=tiny_digits(30, seed=3), resamples=100, seed=0)
    assert gain["individual_gain"]["log_loss"]["value"] == pytest.approx(0, abs=1e-9)
    assert gain["gain_over_group"]["log_loss"]["value"] == pytest.approx(0, abs=1e-6)


def test_an_unknown_method_is_named(base, answers, tiny_digits, compute):
    options = OPTIONS | {"method": "magic"}
    with pytest.raises(
        ValueError, match=r"alignment\.method is 'magic', expected hierarchical, calibrated, paper or group"
    ):
        fit_individuals(lrm=base, **answers, digits=tiny_digits(30), options=options, compute=compute, seed=0)


def test_nobody_with_enough_trials_is_an_error(base, answers, tiny_digits, compute):
    options = OPTIONS | {"min_training_trials": 13}
    with pytest.raises(ValueError, match=r"no participant has 13 training trials, .*; lower alignment.min_training"):
        fit_individuals(lrm=base, **answers, digits=tiny_digits(30), options=options, compute=compute, seed=0)


def test_the_evaluation_has_all_levels_people_and_bins(evaluated):
    metrics, entropies, swaps, _ = evaluated
    everyone = {"all", "a", "b", "c"}
    people = metrics[metrics["dataset"] == "trials_test"].groupby("level")["participant_id"].unique().map(set)
    assert people.to_dict() == {"base": everyone, "group": everyone, "individual": {"all", "a", "b"}}
    assert set(metrics["classifier"]) == set(entropies["classifier"]) == {"lrm"}
    assert list(zip(swaps["model"], swaps["participant_id"], strict=True)) == [
        ("a", "a"),
        ("a", "b"),
        ("b", "a"),
        ("b", "b"),
    ]
    # answers to a 0: 1 1 0, to a 1: 1 1 1, to a 2: 2 0 2; one of three is 0.918 bits, so no image is above one bit
    assert set(metrics["entropy_bin"]) == {"all", "zero", "low"}
    assert entropies.groupby("level").size().to_dict() == {"base": 24, "group": 24}
    tested = entropies.query("level == 'base' and split == 'test'")
    assert sorted(tested["human_entropy"]) == pytest.approx([0, 0] + [0.9182958] * 4)
    assert (tested["human_entropy_smoothed"] > tested["human_entropy"]).all()


def test_evaluations_are_joined_and_summarised(evaluated):
    metrics, entropies, swaps, gain = evaluated
    parts = {
        f"{kind}_{name}": table.assign(classifier=name)
        for name in ("lrm", "mlp")
        for kind, table in (("metrics", metrics), ("entropies", entropies), ("swaps", swaps))
    }
    parts |= {"gain_lrm": gain, "gain_mlp": gain | {"individual_gain": None}}
    joined, joined_entropies, joined_swaps, costs, summary, means = collect_evaluations(**parts)
    assert len(joined_swaps) == 2 * len(swaps)
    assert costs.groupby("classifier")["participant_id"].apply(list).to_dict() == dict.fromkeys(
        ("lrm", "mlp"), sorted(set(swaps["participant_id"]))
    )
    assert {key: summary["lrm"][key] for key in gain} == gain
    assert "individual_gain" not in means  # one of them has none
    assert len(joined) == 2 * len(metrics)
    assert len(joined_entropies) == 2 * len(entropies)
    assert list(summary) == ["lrm", "mlp"]
    assert means["individual"]["accuracy"] == pytest.approx(summary["lrm"]["individual"]["accuracy"])


def test_networks_are_not_changed_by_the_next_level(base, aligned):
    untouched = build_network(base.specification, seed=0).state_dict()
    assert all(torch.equal(base.network.state_dict()[key], untouched[key]) for key in untouched)
    own = aligned["individuals"].states["a"]
    assert not any(torch.equal(aligned["group"].network.state_dict()[key], own[key]) for key in own)


def test_several_classifiers_are_fitted_at_once_and_none_depends_on_the_others(base, answers, tiny_digits, compute):
    specification = replace(base.specification, architecture="mlp")
    other = TrainedNetwork(build_network(specification, seed=1), specification)
    for method in ("paper", "hierarchical"):
        options = OPTIONS | {"method": method}
        common = {**answers, "digits": tiny_digits(30), "options": options, "compute": compute, "seed": 0}
        groups = fine_tune_groups(mlp=other, lrm=base, **common)
        models = fit_individuals(mlp=groups["mlp"], lrm=groups["lrm"], **common)
        group, history, alone, _ = fitted(base, common)
        assert torch.equal(group.network.state_dict()["1.weight"], groups["lrm"].network.state_dict()["1.weight"])
        assert history == groups["lrm_history"] != groups["mlp_history"]
        images = labelled_images(tiny_digits(5))[0]
        assert torch.equal(alone.network("a")(images), models["lrm"].network("a")(images))
        assert models["mlp"].specification.architecture == "mlp"


def test_all_models_are_made_in_two_nodes_and_test_digits_are_for_evaluation_only():
    stage = create_pipeline()
    names = {f"evaluate_{name}" for name in CLASSIFIER_NAMES}
    others = {"align_groups", "align_individuals", "collect_evaluations", "study_differences"}
    assert {node.name for node in stage.nodes} == names | others | {"compare_with_truth"}
    # people have no true parameters
    assert {node.name for node in create_pipeline(AnswerSource(simulated=False)).nodes} == names | others
    assert {name for name in stage.inputs() if not name.startswith("params:")} == {
        "participant_parameters",
        "observer_network",
        *(f"classifier_{name}" for name in CLASSIFIER_NAMES),
        "trials",
        "trial_stimuli",
        "mnist_train",
        "mnist_test",
    }
    takers = {node.name for node in stage.nodes if "mnist_test" in node.inputs}
    assert takers == {f"evaluate_{name}" for name in CLASSIFIER_NAMES}
    results = {f"alignment_{name}" for name in ("metrics", "entropy", "swaps", "summary", "means")}
    models = {f"{level}_{name}" for level in ("group", "individual") for name in CLASSIFIER_NAMES}
    assert stage.all_outputs() >= results | models


def test_differences_are_studied_on_the_chosen_classifier(aligned, answers):
    groups = {"lrm": aligned["group"], "mlp": None}
    curve, places, clusters = study_differences(**answers, options=OPTIONS, seed=0, **groups)
    assert curve["n_trials"].tolist() == [6, 12]
    assert places["participant_id"].tolist() == ["a", "b"]
    assert clusters["participants"] == 2 and clusters["clusters"] == {}
    options = OPTIONS | {"differences": OPTIONS["differences"] | {"classifier": "magic"}}
    with pytest.raises(ValueError, match=r"differences\.classifier is 'magic', expected vit, vgg, cornet, mlp or lrm"):
        study_differences(**answers, options=options, seed=0, **groups)


class FrontEnd(torch.nn.Module):
    """The first pixels, and a head that takes each for a class."""

    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(3, 3)
        torch.nn.init.eye_(self.head.weight)
        torch.nn.init.zeros_(self.head.bias)

    def features(self, images):
        return images.flatten(1)[:, :3]


def test_what_is_found_is_compared_with_the_truth(base, answers):
    truth = pd.DataFrame({"participant_id": ["b", "a"], "cluster": [1, 0], "temperature": 1.0, "lapse": 0.0})
    truth = truth.assign(attention=[np.ones(3), np.ones(3)], class_bias=[np.array([9.0, 0, 0]), np.array([0, 9.0, 0])])
    places = pd.DataFrame({"participant_id": ["a", "b"], "place_1": [1.0, -1.0], "cluster_of_2": [0, 1]})
    observer = TrainedNetwork(FrontEnd(), base.specification)
    gain = {key: {"value": 0.5} for key in ("log_loss", "accuracy")}
    found = compare_with_truth(
        places, {"lrm": {"individual_gain": gain}}, **answers, truth=truth, observer=observer, resamples=50, seed=0
    )
    assert found["adjusted_rand"] == {"2": 1.0}
    # a gives 1 and b gives 0: of a's six answers those that are 1, and so on; models swapped would be as often wrong
    tested = answers["trials"].query("split == 'test' and participant_id != 'c'")
    usual = tested["participant_id"].map({"a": 1, "b": 0})
    own, other = (tested["response"] == usual).mean(), (tested["response"] == 1 - usual).mean()
    assert found["individual_gain"]["accuracy"]["value"] == pytest.approx(own - other)
    expected = None if own <= other else 0.5 / (own - other)
    assert found["share_found"]["lrm"]["accuracy"] == (expected if expected is None else pytest.approx(expected))


def test_people_are_not_compared_with_simulated_ones(base, answers):
    truth = pd.DataFrame({"participant_id": ["s001"]})
    places = pd.DataFrame({"participant_id": ["a", "b"]})
    observer = TrainedNetwork(FrontEnd(), base.specification)
    with pytest.raises(ValueError, match=r"participant a is no simulated one: .* give the --params behavior.source="):
        compare_with_truth(places, {}, **answers, truth=truth, observer=observer, resamples=50, seed=0)
