"""Whose list is whose, for those who hold the salt."""

from contextlib import closing

from kedro.framework.session import KedroSession
from kedro.io.core import DatasetError

from bam_pipelines.behavior.pseudonyms import Pseudonyms
from bam_pipelines.datasets.atomic import VersionError
from bam_pipelines.pipelines.behavior.salt import read_salt
from bam_pipelines.pipelines.places import project_folder, run_command


def personal_links(env: str | None, outside_ids: list[str], address: str) -> list[str]:
    """Return ``id<tab>link`` for each outside id that has a list in the newest second study.

    Raises
    ------
    VersionError
        If the newest second study is not what was written.
    ValueError
        If there is no salt or no second study, or none of the ids belongs to it.
    """
    salt = read_salt()
    if not salt:
        raise ValueError("BAM_SALT is not set, and pseudonyms can only be made with the salt of the first round.")
    with closing(KedroSession.create(project_folder(), env=env)) as session:
        try:
            places = session.load_context().catalog.load("round_2.study_places")
        except DatasetError as error:
            # the catalog raises its own error from the dataset's
            if isinstance(error.__cause__, VersionError):
                raise error.__cause__ from None
            raise ValueError(f"there is no second study yet: run `{run_command(env, 'second_study')}` first.") from None
    lists = dict(zip(places["participant_id"], places["list"], strict=True))
    names = {one: Pseudonyms(salt).of(one) for one in outside_ids}
    found = [f"{one}\t{address}?list={lists[name]}&PROLIFIC_PID={one}" for one, name in names.items() if name in lists]
    if not found:
        raise ValueError(f"none of the {len(names)} ids has a list in the second study: is BAM_SALT that of the first?")
    return found
