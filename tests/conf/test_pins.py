"""Every package that an installation has is pinned, in pyproject.toml or in constraints.txt, and nowhere twice."""

import importlib.metadata
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[2]
DECLARED = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
ROOTS = [*DECLARED["dependencies"], *(one for extra in DECLARED["optional-dependencies"].values() for one in extra)]


def pinned(lines):
    found = {}
    for requirement in map(Requirement, lines):
        assert len(requirement.specifier) == 1 and str(requirement.specifier).startswith("=="), str(requirement)
        assert canonicalize_name(requirement.name) not in found, f"{requirement.name} is pinned twice"
        found[canonicalize_name(requirement.name)] = str(requirement.specifier).removeprefix("==")
    return found


def constraints():
    lines = map(str.strip, (PROJECT / "constraints.txt").read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def installed(roots):
    """Return the version of each package that roots need, through requirements, extras and markers."""
    versions, seen, ahead = {}, set(), list(map(Requirement, roots))
    while ahead:
        requirement = ahead.pop()
        key = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if key in seen:
            continue
        seen.add(key)
        distribution = importlib.metadata.distribution(requirement.name)
        versions[key[0]] = distribution.version.partition("+")[0]  # torch's builds for other devices are one version
        wanted = {"", *requirement.extras}
        for one in map(Requirement, distribution.requires or []):
            applies = one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in wanted)
            # torch's builds for GPUs name the exact versions of NVIDIA's libraries themselves
            if applies and not (key[0] == "torch" and str(one.specifier).startswith("==")):
                ahead.append(one)
    return versions


def test_every_package_of_an_installation_is_pinned_at_the_version_that_is_tested():
    pins = pinned([*ROOTS, *constraints()])
    versions = installed(ROOTS)
    assert {name: version for name, version in versions.items() if pins.get(name) != version} == {}


def test_nothing_is_pinned_that_nothing_needs():
    assert set(pinned(constraints())) - set(installed(ROOTS)) == set()


@pytest.mark.parametrize("root", ["kedro", "mlflow"])
def test_the_search_goes_through_what_packages_need(root):
    # of kedro: cookiecutter, which needs binaryornot; of mlflow: alembic, which needs mako
    deep = {"kedro": "binaryornot", "mlflow": "mako"}[root]
    assert deep in installed([root])
    assert not any(canonicalize_name(Requirement(one).name) == deep for one in ROOTS)


def test_a_loose_or_doubled_pin_is_found():
    with pytest.raises(AssertionError, match="a>=1"):
        pinned(["a>=1"])
    with pytest.raises(AssertionError, match="pinned twice"):
        pinned(["A.b==1", "a-b==1"])
