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
def smoke_run(tmp_path_factory):
    """One run of every stage in a copy of the project: its folder, what it made, and a copy that nobody runs again."""
    # Kedro and MLflow, which most tests need not wait for
    from tests.projects import copy_project, files, run_smoke

    folder = tmp_path_factory.mktemp("smoke") / "project"
    folder.mkdir()
    copy_project(folder)
    before = files(folder)
    run_smoke(folder)
    kept = folder.with_name("kept")
    shutil.copytree(folder, kept, ignore=shutil.ignore_patterns("mlruns"))
    return SimpleNamespace(folder=folder, made=files(folder) - before, kept=kept)
