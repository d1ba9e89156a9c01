"""What the project adds to the command ``kedro``."""

from pathlib import Path

import click

from bam_pipelines.compute.faults import Fault

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SHORTEST_TOKEN = 16


@click.group(name="bam_pipelines")
def cli() -> None:
    """Bring the project's own commands together."""


@cli.group()
def experiment() -> None:
    """Studies that people take part in."""


@experiment.command()
@click.option("--env", help="Configuration environment whose newest study is served.")
@click.option("--round", "round_number", default=1, show_default=True, type=click.IntRange(1, 2), help="Of the study.")
@click.option(
    "--study", type=click.Path(file_okay=False, path_type=Path), help="Folder of a study; the newest one if not given."
)
@click.option(
    "--answers",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for answers; behavior.sources.jspsych.path if not given, where the stage behavior reads them.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--access-token", envvar="BAM_ACCESS", help="What participants' links carry; needed unless on this machine alone."
)
@click.option(
    "--idle-minutes",
    default=120.0,
    show_default=True,
    type=click.FloatRange(1),
    help="When no list is free, one that was begun and not heard of for so long is given to another person.",
)
def serve(
    env: str | None,
    round_number: int,
    study: Path | None,
    answers: Path | None,
    host: str,
    port: int,
    access_token: str | None,
    idle_minutes: float,
) -> None:
    """Serve a study on this machine, and store each block of answers at once."""
    # uvicorn, kedro's session and torch take seconds to import, which `kedro --help` need not wait for
    from bam_pipelines.hooks.faults import fault_sentence
    from bam_pipelines.pipelines.experiment.serving import serve_study

    if host not in _LOOPBACK and (access_token is None or len(access_token) < _SHORTEST_TOKEN):
        raise click.ClickException(
            f"listening on {host} lets others in: give an --access-token of at least {_SHORTEST_TOKEN} characters, "
            "which participants' links then carry."
        )
    try:
        serve_study(env, round_number, study, answers, host, port, access_token, idle_minutes)
    except (Fault, OSError, ValueError) as error:
        raise click.ClickException(fault_sentence(error) or str(error)) from None


@experiment.command()
@click.option("--env", help="Configuration environment whose newest second study is meant.")
@click.option(
    "--ids",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the outside ids of those who took part in the first round, one a line.",
)
@click.option("--address", required=True, help="Where the study is: http://127.0.0.1:8000/ for example.")
@click.option("--loop", "of_loop", is_flag=True, help="Links to the loop's newest study, not to the second round.")
def links(env: str | None, ids: Path, address: str, of_loop: bool) -> None:
    """Print each person's link to the second round, or to one of the loop; BAM_SALT must be that of the first."""
    from bam_pipelines.behavior.readers.texts import decode
    from bam_pipelines.hooks.faults import fault_sentence
    from bam_pipelines.pipelines.experiment.links import personal_links

    try:
        for link in personal_links(env, decode(ids.read_bytes(), str(ids)).split(), address, of_loop):
            click.echo(link)
    except (Fault, OSError, ValueError) as error:
        raise click.ClickException(fault_sentence(error) or str(error)) from None


@cli.group()
def loop() -> None:
    """Ask each participant, in rounds, what their answers tell most about."""


@loop.command("run")
@click.option("--rounds", required=True, type=click.IntRange(1), help="How many rounds follow one another.")
@click.option("--env", help="Configuration environment.")
@click.option("--params", help="Parameters of every round, as `kedro run` takes them.")
def run_loop(rounds: int, env: str | None, params: str | None) -> None:
    """Go on with the loop: each round is a run of stage loop in a process of its own.

    Simulated participants answer each round at once. Of people, one round is planned at a time: the next one needs
    their answers.
    """
    from bam_pipelines.pipelines.loop.rounds import run_rounds

    try:
        run_rounds(rounds, env, params)
    except RuntimeError as error:
        raise click.ClickException(str(error)) from None
