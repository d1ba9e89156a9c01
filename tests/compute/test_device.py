"""Device, precision and threads as conf asks for them."""

import pytest
import torch

from bam_pipelines.compute.device import Compute, resolve_compute, torch_threads

PARAMETERS = {"threads": 1, "device": "cpu", "precision": "float32", "compile": False}


def test_parameters_are_obeyed():
    compute = resolve_compute(PARAMETERS)
    assert (compute.device, compute.bfloat16, compute.threads) == (torch.device("cpu"), False, 1)
    assert resolve_compute({**PARAMETERS, "precision": "bfloat16"}).bfloat16
    assert compute.arithmetic == ("cpu", False, False)
    assert Compute("cpu", "bfloat16", compiled=True).arithmetic == ("cpu", True, True)
    assert not compute.compiled and resolve_compute({**PARAMETERS, "compile": True}).compiled


def test_auto_takes_what_the_machine_has_when_it_is_asked(monkeypatch):
    compute = resolve_compute({**PARAMETERS, "device": "auto", "precision": "auto"})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for native in (True, False):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda native=native: {"avx512_bf16": native})
        assert compute.device.type == "cpu" and compute.bfloat16 is native
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("bam_pipelines.compute.gpu._same_bits", lambda: None)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    assert compute.device.type == "cuda" and not compute.bfloat16


def test_networks_run_in_the_precision_asked_for():
    matrix = torch.ones(2, 2)
    for precision, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        with Compute("cpu", precision).autocast():
            assert (matrix @ matrix).dtype == dtype


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"threads": 1.5}, "compute.threads is 1.5, expected an integer of at least 1"),
        ({"device": "tpu"}, "compute.device is 'tpu', expected auto, cpu or cuda"),
        ({"compile": "yes"}, "compute.compile is 'yes', expected true or false"),
        ({"precision": "half"}, "compute.precision is 'half', expected auto, float32 or bfloat16"),
    ],
)
def test_impossible_parameters_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        resolve_compute({**PARAMETERS, **changed})


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="compute.device is cuda, but torch sees no GPU here"):
        resolve_compute({**PARAMETERS, "device": "cuda"})


def test_threads_are_given_back_even_after_an_error():
    before = torch.get_num_threads()
    with pytest.raises(KeyError), torch_threads(before + 1):
        assert torch.get_num_threads() == before + 1
        raise KeyError
    assert torch.get_num_threads() == before


def test_gradients_of_indexing_are_the_same_bits_with_several_threads():
    generator = torch.Generator().manual_seed(0)
    rows = torch.randint(0, 12, (5000,), generator=generator)
    weights = torch.randn(5000, 10, generator=generator)

    def gradient():
        table = torch.zeros(12, 10, requires_grad=True)
        (table[rows] * weights).sum().backward()
        return table.grad

    with torch_threads(2):
        first = gradient()
        assert all(torch.equal(gradient(), first) for _ in range(30))
    assert not torch.are_deterministic_algorithms_enabled()
