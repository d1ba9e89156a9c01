"""Values out of range, and what parameters say against one another, are named before a run."""

import pytest

from bam_pipelines.pipelines.parameters import parameter_problems
from tests.conf.loaded import parameters_of, problems


@pytest.mark.parametrize(
    ("changes", "name", "text"),
    [
        ({"seed": -1}, "seed", "is -1, expected an integer of at least 0."),
        ({"seed": 1e3}, "seed", "is 1000.0, expected an integer of at least 0."),
        ({"sampling": None}, "sampling", "is null, expected a mapping of method, fast, "),
        ({"quota": 3}, "quota", "is unknown; expected one of seed, compute, "),
        ({"compute": {"workers": 0}}, "compute.workers", "is 0, expected auto or an integer of at least 1."),
        ({"compute": {"scheduler": "tcp://x:1"}}, "compute.scheduler", "is 'tcp://x:1', expected null, or an address "),
        ({"compute": {"device": "gpu"}}, "compute.device", "is 'gpu', expected auto, cpu or cuda."),
        ({"preprocessing": {"n_train": 4001}}, "preprocessing.n_train", "is 5001 together with n_validation and "),
        ({"preprocessing": {"source": "sklearn"}}, "preprocessing.n_train", "is 5000 together with n_validation and "),
        ({"preprocessing": {"md5": {"t10k-images-idx3-ubyte": "6b"}}}, "preprocessing.md5.t10k-images-idx3-ubyte", ""),
        ({"classifiers": {"vit": {"epochs": "8"}}}, "classifiers.vit.epochs", "is '8', expected an integer of at le"),
        ({"classifiers": {"vit": {"batch_size": 4001}}}, "classifiers.vit.batch_size", "is 4001, expected at most pre"),
        ({"classifiers": {"lrm": {"schedule": "step"}}}, "classifiers.lrm.schedule", "is 'step', expected cosine or "),
        ({"prior": {"quality": {"k": 2000}}}, "prior.quality.k", "is 2000, expected a number below n_samples, 2000."),
        ({"prior": {"quality": {"steps": 1001}}}, "prior.quality.steps", "is 1001, expected at most diffusion_prior."),
        (
            {"prior": {"diffusion_prior": {"noise": {"value_range": [0]}}}},
            "prior.diffusion_prior.noise.value_range",
            "is [0], expected a list of 2 numbers.",
        ),
        (
            {"prior": {"diffusion_prior": {"denoiser": {"block_channels": [64, 100]}}}},
            "prior.diffusion_prior.denoiser.block_channels",
            "is [64, 100], expected a non-empty list of positive multiples of 16.",
        ),
        (
            {"prior": {"diffusion_prior": {"training": {"batch_size": 4001}}}},
            "prior.diffusion_prior.training.batch_size",
            "is 4001, expected at most preprocessing.n_train, 4000.",
        ),
        ({"sampling": {"uncertainty": {"quota": 0}}}, "sampling.uncertainty.quota", "is 0, expected an integer of at "),
        (
            {"sampling": {"unguided": {"digit_pairs": 46}}},
            "sampling.unguided.digit_pairs",
            "is 46, expected at most 45",
        ),
        ({"sampling": {"controversial": {"digit_pairs": 91}}}, "sampling.controversial.digit_pairs", "is 91, expected"),
        ({"sampling": {"uncertainty": {"probability": 0.5}}}, "sampling.uncertainty.probability", "is 0.5, expected a"),
        ({"sampling": {"fast": {"start": 1}}}, "sampling.fast.start", "is 1, expected a number above 0 and below 1."),
        (
            {"sampling": {kind: {"digit_pairs": 0} for kind in ("uncertainty", "controversial", "unguided")}},
            "sampling",
            "asks for no digit pair; ",
        ),
        (
            {"experiment": {"pairs": {"shares": {"group": 0.5}}}},
            "experiment.pairs.shares",
            "are 1.5 together, expected",
        ),
        ({"experiment": {"practice_trials": 300}}, "behavior.session.catch_pool", "is 30, expected so many that stage"),
        ({"experiment": {"language": "de"}}, "experiment.language", "is 'de', but "),
        ({"experiment": {"texts": "conf/base"}}, "experiment.language", "is 'en', but "),
        (
            {"behavior": {"quality": {"response_entropy_bits": 3.5}}},
            "behavior.quality.response_entropy_bits",
            "is 3.5, expected at most 3.32, the entropy of 10 classes, or null.",
        ),
        ({"calibration": {"n_people": 5}}, "calibration.n_people", "is 5, expected at least answers_per_image, 5.9."),
        ({"behavior": {"splits": {"test": 0.3}}}, "behavior.splits", "are 1.1 together, expected 1."),
        (
            {"behavior": {"session": {"repeat_gap": 460}}},
            "behavior.session.repeat_gap",
            "is 460, expected room for 48 ",
        ),
        (
            {"behavior": {"session": {"catch_share": 0.1}}},
            "behavior.session.catch_pool",
            "is 30, expected at least the",
        ),
        (
            {"behavior": {"session": {"stimuli_per_participant": 2000}}},
            "behavior.session.catch_pool",
            "is 30, expected at least the catch trials of a sitting, 110.",
        ),
        (
            {"behavior": {"session": {"stimuli_per_participant": 2000, "catch_pool": 110}}},
            "behavior.session.stimuli_per_participant",
            "is 2000, expected at most the stimuli that sampling asks for, 1135.",  # 5·45·2 + 10·64·1 + 45·1
        ),
        (
            {"behavior": {"sources": {"table": {"ratings": {"rating": "x"}}}}},
            "behavior.sources.table.ratings",
            "is a ma",
        ),
        (
            {"behavior": {"participants": {"population": "doubled", "lapse_concentration": 1}}},
            "behavior.participants.lapse_concentration",
            "is 1, expected above 1 for population doubled.",
        ),
        (
            {"behavior": {"source": "table", "sources": {"table": {"class_names": ["a", "b"]}}}},
            "behavior.sources.table.class_names",
            "holds 2 names, expected one for each of behavior.classes, 10.",
        ),
        (
            {"alignment": {"paper": {"ratio": [2, 1]}}},
            "alignment.paper.ratio",
            "is [2, 1], expected 3 weights: own tri",
        ),
        (
            {"alignment": {"group": {"ratio": [0, 0]}}},
            "alignment.group.ratio",
            "is [0, 0], expected weights of at leas",
        ),
        (
            {"alignment": {"min_training_trials": 529}},
            "alignment.min_training_trials",
            "is 529, expected at most the t",
        ),
        (
            {"alignment": {"differences": {"clusters": [1]}}},
            "alignment.differences.clusters",
            "is [1], expected a list",
        ),
        ({"manipulation": {"candidates": 6}}, "manipulation.candidates", "is 6, expected at most max_proposals, 5."),
        ({"manipulation": {"digit_pairs": 46}}, "manipulation.digit_pairs", "is 46, expected at most 45, the digit "),
        ({"manipulation": {"pairs": [["s001"]]}}, "manipulation.pairs", "is [['s001']], expected random, different, a"),
        ({"manipulation": {"n_groups": 5}}, "behavior.participants.n_participants", "is 12, expected at least the 15 "),
        ({"manipulation": {"margins": [-1.0]}}, "manipulation.margins", "is [-1.0], expected a non-empty list of numb"),
        ({"power": {"images": [62]}}, "power.images", "is [62], expected a non-empty list of positive multiples of 4."),
        ({"loop": {"shortlist": 19}}, "loop.shortlist", "is 19, expected at least trials_per_round, 20."),
        ({"loop": {"anchor_share": 0.96}}, "loop.anchor_share", "is 0.96, expected at most 1 together with repeat_sh"),
        ({"reporting": {"resamples": 99}}, "reporting.resamples", "is 99, expected an integer of at least 100."),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(changes, name, text):
    found = problems(parameters_of("base", changes))
    assert list(found) == [name]
    assert found[name].startswith(text)


@pytest.mark.parametrize(
    ("section", "classes", "text"),
    [
        ("preprocessing", ["a"], "is ['a'], expected a list of 2 to 127 names in quotes."),
        ("preprocessing", "abcdefghij", "is 'abcdefghij', expected a list of 2 to 127 names in quotes."),
        ("preprocessing", [*"abcdefghi", "b"], "has 'b' twice, expected a name of its own for each class."),
        ("behavior", [*"abcdefghij"], "is ['a', 'b', 'c', "),
        ("reporting", [*"abcdefghij"], "is ['a', 'b', 'c', "),
    ],
)
def test_classes_that_are_none_or_not_the_same_everywhere(section, classes, text):
    parameters = parameters_of("base")
    parameters[section] = parameters[section] | {"classes": classes}
    found = problems(parameters)
    assert list(found) == [f"{section}.classes"]
    assert found[f"{section}.classes"].startswith(text)


def test_all_problems_are_told_at_once():
    changes = {"sampling": {"batch_size": -1, "uncertainty": {"quta": 3, "quota": "two"}}, "loop": {"samples": 1}}
    assert set(problems(parameters_of("base", changes))) == {
        "sampling.batch_size",
        "sampling.uncertainty.quta",
        "sampling.uncertainty.quota",
        "loop.samples",
    }


def test_sections_are_compared_where_a_run_uses_both():
    few = parameters_of("base", {"behavior": {"session": {"stimuli_per_participant": 30}}})
    assert [one.name for one in parameter_problems(few, set(few))] == ["alignment.min_training_trials"]
    assert parameter_problems(few, {"experiment", "behavior", "seed"}) == []


def test_people_who_are_not_simulated_may_be_any_number():
    changes = {"behavior": {"source": "jspsych"}, "manipulation": {"n_groups": 50}}
    assert problems(parameters_of("base", changes)) == {}
