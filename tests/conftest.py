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


# their tests look at one whole run
WHOLE_RUN = ("tests/test_end_to_end.py", "tests/test_notebooks.py", "tests/test_readme.py")


def pytest_collection_modifyitems(items):
    """Put those first that look at the whole run: they take longest."""
    for item in items:
        assert "smoke_project" not in item.fixturenames or item.nodeid.startswith(WHOLE_RUN), (
            f"{item.nodeid}: WHOLE_RUN"
        )
    items.sort(key=lambda item: not item.nodeid.startswith(WHOLE_RUN))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Let one worker have a file as a whole, and all files that look at the whole run."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.split("::")[0]
            return WHOLE_RUN[0] if file in WHOLE_RUN else file

    return ByFile(config, log)


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
