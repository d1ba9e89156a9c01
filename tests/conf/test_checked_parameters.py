"""Every parameter is checked before a run: each leaf of conf/base, and what leaves say against one another."""

import copy
import re
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader

from bam_pipelines.pipelines.parameters import parameter_problems
from bam_pipelines.settings import CONFIG_LOADER_ARGS

CONF = Path(__file__).parents[2] / "conf"
ENVIRONMENTS = sorted(path.name for path in CONF.iterdir() if path.is_dir() and path.name != "local")


def parameters_of(env, changes=None):
    arguments = {**CONFIG_LOADER_ARGS, "default_run_env": "base"}
    return OmegaConfigLoader(str(CONF), env=env, runtime_params=changes, **arguments)["parameters"]


BASE = parameters_of("base")


def keys_of(values, above=()):
    """All keys at all depths, as tuples."""
    return [
        key
        for name, inner in values.items()
        for key in ((*above, name), *(keys_of(inner, (*above, name)) if isinstance(inner, dict) else ()))
    ]


def value_of(keys):
    found = BASE
    for key in keys:
        found = found[key]
    return found


KEYS = keys_of(BASE)
LEAVES = [keys for keys in KEYS if not isinstance(value_of(keys), dict)]
# leaves that take any text: names, paths and what people read
FREE_TEXT = re.compile(
    r"compute\.working_folder|preprocessing\.folder|prior\.diffusion_prior\.(checkpoint|initial_weights)"
    r"|experiment\.(title|language|texts)|behavior\.sharing\.(name|description)"
    r"|behavior\.sources\.\w+\.(path|images|dataset_id|columns\.\w+|ratings\.\w+)"
)
# and those that may be null
NULLABLE = re.compile(
    r"prior\.diffusion_prior\.initial_weights|experiment\.completion_url|sampling\.\w+\.digit_pairs"
    r"|behavior\.sources\.\w+\.(images|columns\.\w+|ratings\.\w+)|behavior\.session\.stimuli_per_participant"
    r"|behavior\.quality\.(rt_deviation|longest_run|response_entropy_bits|clear_repeat_agreement|blur_events)"
)


def set_at(parameters, keys, value):
    inner = parameters
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value


def problems(parameters):
    return {problem.name: problem.text for problem in parameter_problems(parameters, set(parameters))}


def refused(leaves, value):
    """The leaves that are named when all of these have another value at once: a value, or made of the present one."""
    parameters = copy.deepcopy(BASE)
    for keys in leaves:
        set_at(parameters, keys, value(value_of(keys)) if callable(value) else value)
    found = problems(parameters)
    return [keys for keys in leaves if ".".join(keys) in found]


def like(pattern):
    return [keys for keys in LEAVES if pattern.fullmatch(".".join(keys))]


NUMBERS = [keys for keys in LEAVES if type(value_of(keys)) in (int, float)]


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_environment_passes(env):
    assert problems(parameters_of(env)) == {}


def test_a_leaf_that_became_a_mapping_is_named_and_no_other():
    assert len(LEAVES) > 250
    for keys in LEAVES:
        parameters = copy.deepcopy(BASE)
        set_at(parameters, keys, {"wrong": 1})
        assert list(problems(parameters)) == [".".join(keys)]


@pytest.mark.parametrize("value", [{"wrong": 1}, [[[]]], 7j], ids=["mapping", "list", "complex"])
def test_leaves_of_a_wrong_type_are_named_all_at_once(value):
    assert refused(LEAVES, value) == LEAVES


@pytest.mark.parametrize(("value", "allowed"), [("no such thing", FREE_TEXT), (None, NULLABLE)], ids=["text", "null"])
def test_text_and_null_are_refused_but_where_they_mean_something(value, allowed):
    named = refused(LEAVES, value)
    assert [keys for keys in LEAVES if keys not in named] == like(allowed)


@pytest.mark.parametrize("value", [str, lambda _: True, float("nan"), float("inf")], ids=["text", "true", "nan", "inf"])
def test_numbers_are_finite_and_neither_texts_nor_true(value):
    assert len(NUMBERS) > 120
    assert refused(NUMBERS, value) == NUMBERS


def test_every_number_has_a_least_value_but_those_that_have_none_by_nature():
    named = refused(NUMBERS, -1000)
    assert {".".join(keys) for keys in NUMBERS if keys not in named} == {
        "behavior.participants.drift_mean",
        "manipulation.judge_threshold",
        "prior.judge_quality.accepted_above",
        "sampling.judge_threshold",
    }


def test_misspelt_keys_are_named_with_the_right_ones():
    parameters, right = copy.deepcopy(BASE), {}
    for *above, key in KEYS:
        # a letter less; of a single letter twice as many
        misspelt = key[: len(key) // 2] + key[len(key) // 2 + 1 :] if len(key) > 1 else 2 * key
        set_at(parameters, [*above, misspelt], value_of((*above, key)))
        right[".".join([*above, misspelt])] = f"is unknown; did you mean {'.'.join([*above, key])}?"
    assert problems(parameters) == right


def test_missing_keys_are_named():
    parameters = copy.deepcopy(BASE)
    for *above, key in LEAVES:
        inner = parameters
        for name in above:
            inner = inner[name]
        del inner[key]
    found = problems(parameters)
    left = {".".join(keys) for keys in LEAVES if not found.get(".".join(keys), "").startswith("is missing, expected ")}
    # a source need not have every column, nor a file its checksum; shares and ratings are told as a whole
    optional = r"behavior\.sources\.\w+\.(columns|ratings)\.\w+|preprocessing\.md5\..+|experiment\.pairs\.shares\.\w+"
    assert left == {".".join(keys) for keys in like(re.compile(optional + r"|behavior\.splits\.\w+"))}


@pytest.mark.parametrize("section", ["behavior.splits", "experiment.pairs.shares", "behavior.sources.table.ratings"])
def test_an_emptied_mapping_is_named(section):
    parameters = copy.deepcopy(BASE)
    set_at(parameters, section.split("."), {})
    assert any(name.startswith(section) for name in problems(parameters))


@pytest.mark.parametrize(
    ("changes", "name", "text"),
    [
        ({"seed": -1}, "seed", "is -1, expected an integer of at least 0."),
        ({"seed": 1e3}, "seed", "is 1000.0, expected an integer of at least 0."),
        ({"sampling": None}, "sampling", "is null, expected a mapping of method, fast, "),
        ({"quota": 3}, "quota", "is unknown; expected one of seed, compute, "),
        ({"compute": {"compile": True}}, "compute.compile", "is true, expected false, or workers of 1: "),
        ({"compute": {"device": "gpu"}}, "compute.device", "is 'gpu', expected auto, cpu or cuda."),
        ({"preprocessing": {"n_train": 4001}}, "preprocessing.n_train", "is 5001 together with n_validation and "),
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
            "holds 2 names, expected one for each of behavior.n_classes, 10.",
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
