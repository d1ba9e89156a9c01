"""What a run needs to read people's answers: the answers themselves, their images, and the salt of the pseudonyms."""

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline

from bam_pipelines.behavior.settings import behavior_settings
from bam_pipelines.behavior.source_settings import SourceSettings
from bam_pipelines.compute.durable import write_whole
from bam_pipelines.compute.faults import InputError
from bam_pipelines.compute.paths import seen_from
from bam_pipelines.hooks.refusal import RunRefusedError
from bam_pipelines.pipelines.behavior.salt import VARIABLE, read_salt

MARK = ".salt"
# nodes that read answers, by the names of their functions, and the round that each reads; None: not known yet
_ROUNDS = {"read_answers": 1, "read_answers_to_own_stimuli": 1, "read_second_round": 2, "read_planned_answers": None}


class PeopleHook:
    """Look for answers, images and salt before a run that reads answers computes anything."""

    _salt: str | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember where parameters and data folder stand."""
        self._context = context

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, pipeline: Pipeline) -> None:
        """Refuse a run whose answers could not be read.

        Raises
        ------
        RunRefusedError
            If answers or images are not there, or the salt is missing, unusable or not that of before.
        """
        self._salt = None
        rounds = {_ROUNDS[name] for node in pipeline.nodes if (name := node.func.__name__) in _ROUNDS}
        if not rounds:
            return
        parameters: dict[str, Any] = self._context.params["behavior"]
        settings = behavior_settings(parameters)
        for number in sorted(one for one in rounds if one is not None):
            _require_files(Path(self._context.project_path), settings.source, settings.people.of_round(number))
        self._salt = _salt_of(settings.people)
        if self._salt is not None:
            check_salt(self._mark(), self._salt)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Keep a mark of the salt with which answers were read."""
        if self._salt is not None:
            keep_salt(self._mark(), self._salt)

    # no property: older releases of pluggy read those when a hook is registered
    def _mark(self) -> Path:
        data_root: str = self._context.config_loader["globals"]["data_root"]
        return Path(self._context.project_path) / data_root / MARK


def _require_files(project: Path, source: str, settings: SourceSettings) -> None:
    for name, what in (("path", "the answers"), ("images", "the images"), ("targets", "the images' targets")):
        place = getattr(settings, name)
        if place is not None and not seen_from(project, place).exists():
            raise RunRefusedError(
                f"there is nothing at {place}, where {what} should be: put them there, or say where they are by "
                f"--params behavior.sources.{source}.{name}=<file or folder>."
            )


def _salt_of(settings: SourceSettings) -> str | None:
    # it takes a second to import, for those who read answers
    from bam_pipelines.behavior.ingestion import pseudonyms_for

    try:
        return pseudonyms_for(settings, read_salt()).salt
    except InputError as error:
        raise RunRefusedError(str(error)) from error


def check_salt(mark: Path, salt: str) -> None:
    """Compare a salt with the one with which answers were read before.

    Parameters
    ----------
    mark
        File that :func:`keep_salt` wrote, if it is there.
    salt
        Secret text.

    Raises
    ------
    RunRefusedError
        If it is another one, or nobody can tell.
    """
    if not mark.exists():
        return
    try:
        nonce, kept = mark.read_text(encoding="utf-8").split()
        found = _digest(salt, bytes.fromhex(nonce))
        if len(kept) != len(found):
            raise ValueError("cut off")
    except ValueError as error:
        raise RunRefusedError(
            f"{mark} is damaged, and only it says whether {VARIABLE} is what it was: remove it if you are sure."
        ) from error
    if not hmac.compare_digest(kept, found):
        raise RunRefusedError(
            f"{VARIABLE} is not what it was when answers were read into {mark.parent} before, so the same people would "
            f"get other pseudonyms: set it as it was, or remove {mark} if these are other people."
        )


def keep_salt(mark: Path, salt: str) -> None:
    """Write what :func:`check_salt` reads, from which nobody learns the salt, unless it is there."""
    if not mark.exists():
        nonce = secrets.token_bytes(16)
        text = f"{nonce.hex()} {_digest(salt, nonce)}\n"
        write_whole(mark, lambda unfinished: unfinished.write_text(text, encoding="utf-8"))


def _digest(salt: str, nonce: bytes) -> str:
    # slow on purpose: a short salt must not be found by trying
    return hashlib.scrypt(salt.encode(), salt=nonce, n=2**14, r=8, p=1).hex()
