"""From the catalog to a running server."""

import secrets
import socket
from contextlib import closing, suppress
from pathlib import Path

import uvicorn
from kedro.framework.session import KedroSession
from kedro.io import CatalogProtocol
from kedro.io.core import DatasetError

from bam_pipelines.behavior.settings import behavior_settings
from bam_pipelines.datasets.atomic import VersionError
from bam_pipelines.experiment.server.app import Access, create_app
from bam_pipelines.experiment.server.plan import read_plan
from bam_pipelines.experiment.server.screening import screen_answers
from bam_pipelines.experiment.server.store import AnswerStore
from bam_pipelines.pipelines.places import named_path, project_folder, run_command

_LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")


def serve_study(
    env: str | None,
    round_number: int,
    study: Path | None,
    answers: Path | None,
    host: str,
    port: int,
    access_token: str | None,
    idle_minutes: float,
) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    env, round_number, study, answers, host, port, access_token, idle_minutes
        As ``kedro experiment serve --help`` says.

    Raises
    ------
    OSError
        If the port is taken.
    VersionError
        If the newest study is not what was written.
    ValueError
        If there is no study, or the answers' folder is another study's.
    """
    project = project_folder()
    with closing(KedroSession.create(project, env=env)) as session:
        context = session.load_context()
        settings = behavior_settings(context.params["behavior"])
        folder = study or _newest_study(context.catalog, env, round_number)
    place = answers or named_path(settings.sources["jspsych"].of_round(round_number).path)
    plan = read_plan(folder)
    with closing(_listen(host, port)) as listening, closing(AnswerStore(place, plan, 60 * idle_minutes)) as store:
        access = Access(secrets.token_urlsafe(16), access_token, _LOCAL_NAMES if access_token is None else ("*",))
        _announce(store, access, f"http://{f'[{host}]' if ':' in host else host}:{port}/")
        app = create_app(store, access, screen_answers(place, settings))
        # no access log: addresses may hold people's outside ids
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, server_header=False))
        # uvicorn ends in order, and then interrupts whoever called it
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listening])


def _announce(store: AnswerStore, access: Access, address: str) -> None:
    carried = [] if access.participants is None else [f"access={access.participants}"]
    invited = "&".join((["list=<number>"] if store.plan.personal_lists else []) + carried)
    watched = "&".join([f"key={access.status_key}", *carried])
    print(f"Study {store.plan.name}, {len(store.plan.blocks)} lists, {len(store.places)} places taken so far.")
    print(f"  participants: {address}{'?' if invited else ''}{invited}")
    print(f"  experimenter: {address}status?{watched}")
    print(f"  answers:      {store.folder}")
    print("Ctrl+C ends it; what was confirmed is on disk.", flush=True)


def _newest_study(catalog: CatalogProtocol, env: str | None, round_number: int) -> Path:
    name, stage = ("study", "experiment") if round_number == 1 else (f"round_{round_number}.study", "second_study")
    try:
        return Path(catalog[name].checked_path())
    except VersionError:
        raise
    except DatasetError:
        raise ValueError(f"there is no study yet: run `{run_command(env, stage)}` first.") from None


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        # who follows the printed link at once waits a moment and is not refused
        listening.listen()
    except OSError as error:
        listening.close()
        raise OSError(
            f"port {port} on {host} cannot be used ({error.strerror}): choose another one with --port."
        ) from None
    return listening
