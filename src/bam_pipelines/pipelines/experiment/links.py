"""Whose list is whose, for those who hold the salt."""

from contextlib import closing
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from kedro.framework.session import KedroSession
from kedro.io.core import DatasetError

from bam_pipelines.behavior.pseudonyms import Pseudonyms
from bam_pipelines.datasets.atomic import VersionError
from bam_pipelines.pipelines.behavior.salt import read_salt
from bam_pipelines.pipelines.places import project_folder, run_command

# where it stands whose list is whose, by which stage, and what that is called
_SECOND = "round_2.study_places", "second_study", "second study"
_LOOP = "loop_study_places", "loop", "loop's study"


def personal_links(env: str | None, outside_ids: list[str], address: str, of_loop: bool = False) -> list[str]:
    """Return ``id<tab>link`` for each outside id that has a list in the newest second study, or that of the loop.

    Parameters
    ----------
    env
        Configuration environment.
    outside_ids
        As they were in the first round.
    address
        Of the study; a query in it, an access token for example, stays.
    of_loop
        Whether the loop's newest study is meant.

    Raises
    ------
    VersionError
        If whose list is whose is not what was written.
    ValueError
        If there is no salt or no such study, or none of the ids belongs to it.
    """
    name, stage, study = _LOOP if of_loop else _SECOND
    salt = read_salt()
    if not salt:
        raise ValueError("BAM_SALT is not set, and pseudonyms can only be made with the salt of the first round.")
    with closing(KedroSession.create(project_folder(), env=env)) as session:
        try:
            places = session.load_context().catalog.load(name)
        except DatasetError as error:
            # the catalog raises its own error from the dataset's
            if isinstance(error.__cause__, VersionError):
                raise error.__cause__ from None
            raise ValueError(f"there is no {study} yet: run `{run_command(env, stage)}` first.") from None
    lists = dict(zip(places["participant_id"], places["list"], strict=True))
    names = {one: Pseudonyms(salt).of(one) for one in outside_ids}
    found = [f"{one}\t{_link(address, lists[name], one)}" for one, name in names.items() if name in lists]
    if not found:
        raise ValueError(
            f"none of the {len(names)} ids has a list in the {study}: is BAM_SALT that of the first round?"
        )
    return found


def _link(address: str, number: int, outside_id: str) -> str:
    parts = urlsplit(address)
    query = [*parse_qsl(parts.query), ("list", number), ("PROLIFIC_PID", outside_id)]
    return urlunsplit(parts._replace(query=urlencode(query)))
