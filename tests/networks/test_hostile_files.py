"""Weights files whose headers ask for what is not there."""

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from bam_pipelines.compute.faults import InputError
from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.noise import NoiseSpecification
from bam_pipelines.networks.registry import build_network, read_network, write_network
from benchmarks.fuzz import samples
from benchmarks.fuzz.structures import nested

SIZES = {"image_size": 8, "channels": 1, "n_classes": 3}
LRM = NetworkSpecification("lrm", SIZES)
NOISE = {"prediction_type": "epsilon", "beta_schedule": "linear", "steps": 100, "value_range": [-1, 1]}


@pytest.fixture
def with_header(tmp_path):
    """A function from what differs in the header, as values or as text, to the path of a file."""

    def write(**changes):
        header = LRM.to_header() | {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in changes.items()
        }
        save_file(build_network(LRM, 0).state_dict(), tmp_path / "lrm.safetensors", metadata=header)
        return tmp_path / "lrm.safetensors"

    return write


@pytest.mark.parametrize(
    "arguments",
    [
        {**SIZES, "image_size": 10**5},
        {**SIZES, "image_size": 10**30},
        {**SIZES, "n_classes": -1},
        {**SIZES, "n_classes": "3"},
        {**SIZES, "n_classes": None},
    ],
    ids=str,
)
def test_sizes_that_the_weights_do_not_have_take_no_memory(with_header, arguments):
    path = with_header(arguments=arguments)
    with pytest.raises(
        ValueError, match=r"lrm\.safetensors: .*(weights '1.weight' are|cannot be read as the arguments)"
    ):
        read_network(path)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"architecture": ["lrm"]}, "has .'lrm'. for architecture, expected <class 'str'>"),
        ({"arguments": [1]}, "has .1. for arguments, expected <class 'dict'>"),
        ({"noise": 5}, "has 5 for noise, expected dict"),
        ({"noise": {"steps": 5}}, "has another noise than this project writes"),
        ({"noise": {**NOISE, "steps": 10**12}}, "steps is 1000000000000, expected an integer from 1 to 100000"),
        ({"noise": {**NOISE, "steps": True}}, "steps is true"),
        ({"noise": {**NOISE, "value_range": [1]}}, "value_range is .1., expected a list of 2 numbers"),
        (
            {"noise": {**NOISE, "value_range": [0, float("inf")]}},
            "value_range is .0, inf., expected",
        ),
        ({"notes": "[" * 100_000}, "has no JSON for notes"),
        ({"notes": "{"}, "has no JSON for notes"),
    ],
)
def test_a_header_of_another_kind_is_named(with_header, changes, reason):
    with pytest.raises(ValueError, match=rf"lrm\.safetensors: .*{reason}"):
        read_network(with_header(**changes))


def test_weights_of_another_kind_are_named(tmp_path):
    state = {name: value.to(torch.int32) for name, value in build_network(LRM, 0).state_dict().items()}
    save_file(state, tmp_path / "lrm.safetensors", metadata=LRM.to_header())
    with pytest.raises(ValueError, match=r"weights '1.bias' are torch.int32 \(3,\), expected torch.float32 \(3,\)"):
        read_network(tmp_path / "lrm.safetensors")


def test_a_file_that_is_none_is_named(tmp_path):
    with pytest.raises(ValueError, match="nowhere.safetensors: cannot be read as a whole safetensors file"):
        read_network(tmp_path / "nowhere.safetensors")


@given(st.dictionaries(st.sampled_from(["architecture", "arguments", "noise", "notes", "x"]), nested))
def test_made_headers_are_read_or_named(tmp_path, header):
    whole = tmp_path / "whole.safetensors"
    write_network(TrainedNetwork(build_network(LRM, 0), LRM), whole)
    table = json.loads(samples.header(whole.read_bytes()))
    texts = {name: json.dumps(value) for name, value in header.items() if not _is_huge(value)}
    content = json.dumps(table | {"__metadata__": LRM.to_header() | texts}).encode()
    (tmp_path / "made.safetensors").write_bytes(samples.with_header(whole.read_bytes(), content))
    try:
        assert read_network(tmp_path / "made.safetensors").specification.architecture == "lrm"
    except ValueError as error:
        assert type(error) is InputError and "made.safetensors: " in str(error)


def _is_huge(value):
    try:
        json.dumps(value)
    except ValueError:
        return True
    return False


@settings(max_examples=5)
@given(
    st.sampled_from(["epsilon", "v_prediction"]), st.sampled_from(["linear", "squaredcos_cap_v2"]), st.integers(1, 50)
)
def test_a_denoisers_facts_come_back(prediction, schedule, steps):
    noise = NoiseSpecification(prediction, schedule, steps, (-1.0, 1.0))
    specification = NetworkSpecification("lrm", SIZES, noise, {"images": "é"})
    assert NetworkSpecification.from_header(specification.to_header()) == specification
