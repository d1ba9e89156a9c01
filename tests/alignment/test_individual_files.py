"""Many participants' models in one file."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from bam_pipelines.alignment.individual_files import read_individuals, write_individuals
from bam_pipelines.networks.registry import build_network, read_tensors, write_tensors


def test_each_participant_gets_the_own_weights_back(whole_networks, tmp_path):
    write_individuals(whole_networks, tmp_path / "models.safetensors")
    again = read_individuals(tmp_path / "models.safetensors")
    assert again.specification == whole_networks.specification
    images = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    for seed, name in enumerate(("P01", "P02")):
        assert torch.equal(again.network(name)(images), build_network(whole_networks.specification, seed)(images))


def test_keys_are_participant_and_parameter(whole_networks, tmp_path):
    write_individuals(whole_networks, tmp_path / "models.safetensors")
    expected = {f"{name}/{key}" for name in ("P01", "P02") for key in whole_networks.states["P01"]}
    assert set(load_file(tmp_path / "models.safetensors")) == expected


def test_participants_may_share_weights(whole_networks, tmp_path):
    shared = replace(whole_networks, states=dict.fromkeys(("P01", "P02"), whole_networks.states["P01"]))
    write_individuals(shared, tmp_path / "models.safetensors")
    assert set(read_individuals(tmp_path / "models.safetensors").states) == {"P01", "P02"}


def test_networks_are_read_from_the_file_when_they_are_asked_for(whole_networks, tmp_path):
    path = tmp_path / "models.safetensors"
    write_individuals(whole_networks, path)
    stored = read_individuals(path)
    write_individuals(stored, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()
    path.unlink()
    with pytest.raises(FileNotFoundError):
        stored.network("P01")


def test_one_networks_damage_is_found_when_the_file_is_opened(whole_networks, tmp_path):
    path = tmp_path / "models.safetensors"
    write_individuals(whole_networks, path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged, its weights or header are not what was written"):
        read_individuals(path)


def test_an_id_with_a_slash_is_refused(whole_networks, tmp_path):
    with pytest.raises(ValueError, match="participant_id 'a/b' cannot be a key"):
        write_individuals(replace(whole_networks, states={"a/b": whole_networks.states["P01"]}), tmp_path / "x")


def test_a_single_network_is_refused(whole_networks, tmp_path):
    header = whole_networks.specification.to_header()
    save_file(whole_networks.states["P01"], tmp_path / "one.safetensors", metadata=header)
    with pytest.raises(ValueError, match=r"one\.safetensors: key .*this is a single network"):
        read_individuals(tmp_path / "one.safetensors")


def test_a_foreign_file_is_refused(whole_networks, tmp_path):
    save_file({"P01/weight": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(ValueError, match=r"foreign\.safetensors: the weights' header lacks"):
        read_individuals(tmp_path / "foreign.safetensors")


def test_heads_are_combined_on_one_trunk(shared_trunk, tmp_path):
    write_individuals(shared_trunk, tmp_path / "models.safetensors")
    again = read_individuals(tmp_path / "models.safetensors")
    images = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    group, other = (build_network(shared_trunk.specification, seed) for seed in (0, 1))
    features = group[:-1](images)
    expected = 0.5 * group(images) + 2 * other[-1](features) + torch.tensor([0, 0, 3.0])
    assert torch.allclose(again.network("P01")(images), group(images), atol=1e-6)
    assert torch.allclose(again.network("P02")(images), expected, atol=1e-5)
    assert again.participant_ids == ["P01", "P02"]
    assert again.lapse("P02") == pytest.approx(0.1)
    for name, logits in again.logits(images):
        assert torch.allclose(logits, again.network(name)(images), atol=1e-5)


def test_a_participant_on_a_shared_trunk_takes_little_room(shared_trunk, tmp_path):
    sizes = []
    for number in (1, 101):
        coefficients = {f"P{index}": torch.rand(5) for index in range(number)}
        some = replace(shared_trunk, coefficients=coefficients, lapses=dict.fromkeys(coefficients, 0))
        write_individuals(some, tmp_path / "models.safetensors")
        sizes.append((tmp_path / "models.safetensors").stat().st_size)
    assert (sizes[1] - sizes[0]) / 100 < 1000  # bytes


def changed(path, change):
    """Write a file again after a change of its tensors, as if it had been written so."""
    tensors, header = read_tensors(path)
    change(tensors)
    write_tensors(tensors, path, header)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda tensors: tensors.pop("*/basis.weight"), "are no heads"),
        (lambda tensors: tensors.update({"*/basis.bias": torch.zeros(2, 3)}), "are no heads"),
        (lambda tensors: tensors.update({"*/basis.weight": torch.zeros(5, 3, 7)}), "are no heads"),
        (lambda tensors: tensors.pop("*/1.weight"), "weights '1.weight' are nothing, expected"),
        (lambda tensors: tensors.pop("P01/lapse"), "participant 'P01' has .*, expected 5 coefficients and a lapse"),
        (lambda tensors: tensors.update({"P02/lapse": torch.tensor(1.5)}), "participant 'P02' has"),
        (lambda tensors: tensors.update({"P02/lapse": torch.tensor(float("nan"))}), "participant 'P02' has"),
        (lambda tensors: tensors.update({"P02/coefficients": torch.zeros(4)}), "participant 'P02' has"),
    ],
)
def test_a_shared_trunk_that_lacks_something_is_named(shared_trunk, tmp_path, change, reason):
    write_individuals(shared_trunk, tmp_path / "models.safetensors")
    changed(tmp_path / "models.safetensors", change)
    with pytest.raises(ValueError, match=rf"models\.safetensors: .*{reason}.*Align the individual models again"):
        read_individuals(tmp_path / "models.safetensors")


def test_whole_networks_of_another_size_are_named_with_their_participant(whole_networks, tmp_path):
    write_individuals(whole_networks, tmp_path / "models.safetensors")
    changed(tmp_path / "models.safetensors", lambda tensors: tensors.update({"P02/1.bias": torch.zeros(4)}))
    with pytest.raises(ValueError, match=r"models\.safetensors: participant 'P02': weights '1.bias' are .*\(4,\)"):
        read_individuals(tmp_path / "models.safetensors")
