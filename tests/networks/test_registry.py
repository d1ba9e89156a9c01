"""Weights files: what is written comes back, and what is damaged is named."""

from contextlib import suppress

import pytest
import torch
from safetensors.torch import save_file

from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.noise import NoiseSpecification
from bam_pipelines.networks.registry import (
    ARCHITECTURES,
    build_network,
    read_network,
    read_tensors,
    write_network,
    write_tensors,
)

SIZES = {"image_size": 8, "channels": 1, "n_classes": 3}
NOISE = NoiseSpecification("v_prediction", "linear", 100, (-1.0, 1.0))
SPECIFICATIONS = [
    *(NetworkSpecification(name, SIZES) for name in ("vit", "vgg", "cornet", "mlp", "lrm")),
    NetworkSpecification(
        "patch_unet",
        {"image_size": 8, "channels": 1, "block_channels": [16, 32], "attention_head_width": 8},
        NOISE,
        {"steps": 3, "images": "none"},
    ),
    NetworkSpecification("vgg_judge", {"image_size": 8, "channels": 1, "n_outputs": 1, "widths": [4, 8], "hidden": 8}),
    NetworkSpecification("strided_judge", {"channels": 1, "width": 4}),
    NetworkSpecification("feature_network", {"channels": 1, "n_classes": 3, "widths": [4, 8], "n_features": 6}),
    NetworkSpecification("observer_network", {"channels": 1, "n_classes": 3, "widths": [8, 16], "n_features": 6}),
]


def answer(network, specification):
    images = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    return network(images, torch.tensor([1, 50])) if specification.noise else network(images)


def test_every_architecture_is_tried():
    assert {specification.architecture for specification in SPECIFICATIONS} == set(ARCHITECTURES)


@pytest.mark.parametrize("specification", SPECIFICATIONS, ids=lambda specification: specification.architecture)
def test_a_network_comes_back_with_its_header(specification, tmp_path):
    trained = TrainedNetwork(build_network(specification, seed=1), specification)
    write_network(trained, tmp_path / "network.safetensors")
    again = read_network(tmp_path / "network.safetensors")
    assert again.specification == specification
    assert torch.equal(answer(again.network, specification), answer(trained.network, specification))
    assert not again.network.training
    assert not any(parameter.requires_grad for parameter in again.network.parameters())


def test_weights_follow_the_seed_and_leave_the_global_state():
    before = torch.get_rng_state()
    specification = NetworkSpecification("lrm", SIZES)
    first, again, other = (build_network(specification, seed)[1].weight for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(before, torch.get_rng_state())


def test_an_unknown_architecture_is_refused():
    with pytest.raises(
        ValueError, match="architecture 'alexnet' is unknown, expected one of vit, vgg, .*strided_judge"
    ):
        build_network(NetworkSpecification("alexnet", SIZES), seed=0)


def test_arguments_that_do_not_fit_are_refused():
    with pytest.raises(
        ValueError, match="architecture 'lrm': .*unexpected keyword argument 'depth'.*; correct its arg"
    ):
        build_network(NetworkSpecification("lrm", {**SIZES, "depth": 3}), seed=0)


def test_a_truncated_file_is_named(tmp_path):
    file = tmp_path / "lrm.safetensors"
    specification = NetworkSpecification("lrm", SIZES)
    write_network(TrainedNetwork(build_network(specification, seed=1), specification), file)
    file.write_bytes(file.read_bytes()[:-8])
    with pytest.raises(ValueError, match=r"lrm\.safetensors: cannot be read as a whole safetensors file; restore it"):
        read_network(file)


def test_a_file_without_our_header_is_named(tmp_path):
    file = tmp_path / "foreign.safetensors"
    write_tensors({"weight": torch.zeros(2)}, file, {"architecture": '"lrm"'})
    with pytest.raises(ValueError, match=r"foreign\.safetensors: .* lacks \['arguments', 'noise', 'notes'\]"):
        read_network(file)


def test_weights_of_another_size_are_named(tmp_path):
    file = tmp_path / "lrm.safetensors"
    network = build_network(NetworkSpecification("lrm", SIZES), seed=1)
    write_network(TrainedNetwork(network, NetworkSpecification("lrm", {**SIZES, "n_classes": 4})), file)
    with pytest.raises(ValueError, match=r"weights '1.bias' are torch.float32 \(3,\), expected torch.float32 \(4,\)"):
        read_network(file)


def test_weights_of_another_architecture_are_named(tmp_path):
    file = tmp_path / "lrm.safetensors"
    network = build_network(NetworkSpecification("lrm", SIZES), seed=1)
    write_network(TrainedNetwork(network, NetworkSpecification("mlp", SIZES)), file)
    with pytest.raises(ValueError, match=r"lrm\.safetensors: (.|\n)*Train the network again or restore the file"):
        read_network(file)


def test_every_flipped_byte_is_found(tmp_path):
    path, header = tmp_path / "weights.safetensors", {"architecture": '"lrm"', "notes": "{}"}
    write_tensors({"weight": torch.tensor([[1.0, 2.0]]), "steps": torch.tensor(3)}, path, header)
    tensors, read = read_tensors(path)
    assert (read, tensors["weight"].tolist(), tensors["steps"].item()) == (header, [[1.0, 2.0]], 3)
    content, unseen = path.read_bytes(), []
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with suppress(ValueError):
            read_tensors(path)
            unseen.append(content[place : place + 1])
    # what goes unseen is the name of the digest itself: then the file reads as one of another program
    assert sorted(unseen) == sorted([b"d", b"i", b"g", b"e", b"s", b"t"])


def test_files_of_other_programs_have_no_digest(tmp_path):
    save_file({"weight": torch.ones(2)}, tmp_path / "weights.safetensors", metadata={"format": "pt"})
    tensors, header = read_tensors(tmp_path / "weights.safetensors")
    assert (tensors["weight"].tolist(), header) == ([1.0, 1.0], {"format": "pt"})
