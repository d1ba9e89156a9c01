"""What every test relies on: no call to the outside, no window, one thread."""

import os
import shutil
import socket
from types import SimpleNamespace

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "1"
os.environ["MPLBACKEND"] = "Agg"

import pytest
import torch
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

# the same few examples in every run; `make fuzz` tries many
hypothesis_settings.register_profile(
    "suite",
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
hypothesis_settings.load_profile("suite")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Let one worker take a file as a whole, and all who look at the whole run, which begin first and take longest."""
    looks = {item: "smoke_project" in item.fixturenames for item in items}
    for item in items:
        item.add_marker(pytest.mark.xdist_group("the whole run" if looks[item] else str(item.path)))
    items.sort(key=lambda item: not looks[item])


@pytest.fixture(autouse=True, scope="session")
def one_torch_thread():
    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def no_outside_network():
    connect = socket.socket.connect

    def local_only(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"a test tried to reach {address}; tests stay on this machine")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", local_only)
        yield


@pytest.fixture(scope="session")
def smoke_project(tmp_path_factory):
    """One run of every stage in the smoke environment, as a user runs it.

    Its folder, the files that the run made, and a copy of the folder as the run left it, for those who run more there.
    """
    # seconds to import, for those who need a whole run
    from tests.projects import copy_project, files, run_smoke

    folder = tmp_path_factory.mktemp("project")
    copy_project(folder)
    before = files(folder)
    run_smoke(folder)
    untouched = tmp_path_factory.mktemp("finished") / "project"
    shutil.copytree(folder, untouched, ignore=shutil.ignore_patterns("mlruns"))
    return SimpleNamespace(folder=folder, made=files(folder) - before, untouched=untouched)
