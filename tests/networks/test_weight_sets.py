"""Sets of weights in one file: what safetensors itself reads of them."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from bam_pipelines.networks.weight_sets import write_weight_sets, write_weights


def a_set(seed):
    generator = torch.Generator().manual_seed(seed)
    shared = torch.rand(3, generator=generator)
    return {
        "weight": torch.rand(2, 5, generator=generator).T,  # not contiguous
        "bias": shared,
        "same": shared,
        "count": torch.tensor(seed),
        "half": torch.rand(7, generator=generator).bfloat16(),
    }


def test_safetensors_reads_what_was_written(tmp_path):
    sets = {name: a_set(seed) for seed, name in enumerate("abc")}
    write_weight_sets(sets, tmp_path / "sets.safetensors", {"architecture": "none", "sign": "ä"})
    found = load_file(tmp_path / "sets.safetensors")
    assert set(found) == {f"{owner}/{name}" for owner in "abc" for name in sets["a"]}
    for owner, tensors in sets.items():
        for name, value in tensors.items():
            assert found[f"{owner}/{name}"].dtype == value.dtype
            assert torch.equal(found[f"{owner}/{name}"], value)
    with safe_open(tmp_path / "sets.safetensors", "pt") as file:
        assert file.metadata() == {"architecture": "none", "sign": "ä"}
    content = (tmp_path / "sets.safetensors").read_bytes()
    length = int.from_bytes(content[:8], "little")
    assert length % 8 == 0 and json.loads(content[8 : 8 + length])


def test_a_set_unlike_the_first_is_named(tmp_path):
    other = a_set(1) | {"bias": torch.zeros(4)}
    with pytest.raises(ValueError, match="the weights of 'b' have other names, types or shapes"):
        write_weight_sets({"a": a_set(0), "b": other}, tmp_path / "sets.safetensors", {})


def test_the_same_weights_are_the_same_bytes(tmp_path):
    header = {f"fact_{place}": str(place) for place in range(20)}  # the library would write them in any order
    for name in ("one", "two"):
        write_weights(a_set(0), tmp_path / name, header)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with safe_open(tmp_path / "one", "pt") as file:
        assert file.metadata() == header
    assert all(torch.equal(value, a_set(0)[name]) for name, value in load_file(tmp_path / "one").items())
