"""Names by content."""

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pytest
import torch
from torch import nn

from bam_pipelines.compute.fingerprint import fingerprint, module_texts


@dataclass(frozen=True)
class Plan:
    steps: int
    digits: np.ndarray


def network(seed):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 2), nn.ReLU())


def test_the_same_content_has_the_same_name():
    assert fingerprint(network(0), Plan(1, np.arange(3))) == fingerprint(network(0), Plan(1, np.arange(3)))
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert len(fingerprint()) == 16


PLAN = Plan(1, np.arange(3000))
LATE = np.arange(3000)
LATE[1500] = 0  # in the middle, which no repr shows


@pytest.mark.parametrize(
    "one, other",
    [
        (network(0), network(1)),
        (nn.Sequential(nn.Linear(3, 2), nn.ReLU()), nn.Sequential(nn.Linear(3, 2), nn.GELU())),
        (PLAN, replace(PLAN, steps=2)),
        (PLAN, replace(PLAN, digits=LATE)),
        (PLAN, replace(PLAN, digits=PLAN.digits.reshape(2, 1500))),
        (np.arange(3), np.arange(3).astype(np.uint8)),
        (torch.tensor([1.0, 2.0], dtype=torch.bfloat16), torch.tensor([1.0, 2.5], dtype=torch.bfloat16)),
        (["ab", "c"], ["a", "bc"]),
        ([[1], 2], [[1, 2]]),
        ({"a": 1}, {"a": 2}),
        (1, "1"),
        (None, 0),
    ],
)
def test_other_content_has_another_name(one, other):
    assert fingerprint(one) != fingerprint(other)


def test_a_changed_weight_changes_the_name():
    changed = network(0)
    with torch.no_grad():
        changed[0].weight[1, 1] += 1e-6
    assert fingerprint(changed) != fingerprint(network(0))


def test_a_mapping_of_any_kind_is_a_dict():
    assert fingerprint(MappingProxyType({"b": 1, "a": 2})) == fingerprint({"a": 2, "b": 1})


def test_texts_of_modules(tmp_path):
    for name in ("b.py", "a.py", "notes.txt"):
        (tmp_path / name).write_text(f"text of {name}")
    assert module_texts(tmp_path) == ["text of a.py", "text of b.py"]
    assert module_texts(tmp_path / "b.py", tmp_path) == ["text of b.py", "text of a.py", "text of b.py"]
