"""Every leaf of conf/base is checked before a run: its name, its type, its least value."""

import copy
import re

import pytest

from tests.conf.loaded import ENVIRONMENTS, parameters_of, problems

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
    r"compute\.(working_folder|scheduler)|preprocessing\.(folder|file)|own_stimuli\.(folder|targets)"
    r"|prior\.diffusion_prior\.(checkpoint|initial_weights)|experiment\.(title|language|texts)|behavior\.sharing\.(name|description)"
    r"|behavior\.sources\.\w+\.(path|images|targets|dataset_id|columns\.\w+|ratings\.\w+)"
)
# and those that may be null
NULLABLE = re.compile(
    r"compute\.scheduler|own_stimuli\.targets|prior\.diffusion_prior\.initial_weights|experiment\.completion_url|sampling\.\w+\.digit_pairs"
    r"|behavior\.sources\.\w+\.(images|targets|columns\.\w+|ratings\.\w+)|behavior\.session\.stimuli_per_participant"
    r"|behavior\.quality\.(rt_deviation|longest_run|response_entropy_bits|clear_repeat_agreement|blur_events)"
)


def set_at(parameters, keys, value):
    inner = parameters
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value


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
