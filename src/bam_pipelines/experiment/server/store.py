"""Answers on disk: one file a participant, and one of what happened, so that kill -9 loses nothing that was confirmed.

A block is first appended to its participant's file and synced; then a line in the log says how long that file now is.
What stands behind that length was never confirmed, and is cut off at the next start; the page sends it again.
"""

import fcntl
import hashlib
import json
import os
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from bam_pipelines.compute.durable import append_synced
from bam_pipelines.compute.faults import InputError
from bam_pipelines.experiment.server.places import Place, Refused
from bam_pipelines.experiment.server.plan import StudyPlan

LOG = "server.log"  # the behavior stage reads all .json and .jsonl in the folder as answers


class AnswerStore:
    """All places of a study, in memory and on disk.

    Parameters
    ----------
    folder
        Where answers lie; made if absent.
    plan
        Of the study.
    idle_seconds
        When no list is free, one that was begun and not heard of for so long is given to another person, too.

    Raises
    ------
    ValueError
        If the folder holds answers to another design, another server writes there or it cannot be locked, its log is
        damaged before its last line, or a participant's file is shorter than it was or otherwise not what was stored.
    """

    def __init__(self, folder: Path, plan: StudyPlan, idle_seconds: float) -> None:
        self.folder, self.plan, self.idle_seconds = folder, plan, idle_seconds
        self.places: list[Place] = []
        self._by_token: dict[str, Place] = {}
        self._by_person: dict[str, Place] = {}
        self._lock = threading.Lock()
        self._log_length = 0
        self._design_id = plan.design_id
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as undone:
            self._guard = undone.enter_context(self._alone())
            self._replay()
            for place in self.places:
                self._cut(place)
            undone.pop_all()

    def start(
        self, token: str | None, outside_id: str | None, design_id: str, asked: int | None = None
    ) -> tuple[Place, str]:
        """Open a place: the one of this token or person, or else the list that is asked for, or the next free one.

        Parameters
        ----------
        token
            What a page that comes back brings, or the person before at the same machine left; None for a new one.
        outside_id
            Of the person, as a link names it; None for a code of ours.
        design_id
            Of the study that the page was built for.
        asked
            Number of a list; None for the next free one.

        Returns
        -------
        Place
            With a session of its own.
        str
            The token to come back with.

        Raises
        ------
        Refused
            If the page is of another design, the token is unknown, the list is taken, unknown or must be asked for,
            or all lists are taken.
        """
        with self._lock:
            if design_id != self.plan.design_id:
                raise Refused(409, "study_error", "the study was built anew; reload the page.")
            place = self._of_token(token) if token is not None else None
            if place and (asked not in (None, place.list) or outside_id not in (None, place.participant_id)):
                place, token = None, None
            place = place or (self._by_person.get(outside_id) if outside_id is not None else None)
            if place is None:
                place, token = self._new_place(outside_id, self._free_list(asked))
            elif token is None:
                token = secrets.token_urlsafe(24)
                self._note("token", place=place.number, token_hash=_hash(token))
            self._note("session", place=place.number, session=place.session + 1)
            return place, token

    def save(self, token: str, session: int, block: int, records: Sequence[Mapping[str, Any]]) -> bool:
        """Store a block.

        Parameters
        ----------
        token, session
            Of the place, and which of its sessions sends.
        block
            Number of the block in the place's list.
        records
            jsPsych's, ready for JSON.

        Returns
        -------
        bool
            False if the same block was stored before.

        Raises
        ------
        Refused
            If the token is unknown, another tab took over, the block is none of the list's, does not hold its
            answers, or was stored with others.
        """
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        with self._lock:
            place = self._newest(token, session)
            if block in place.blocks:
                if place.blocks[block] == _hash(text):
                    return False
                raise Refused(409, "study_error", f"block {block} was stored before with other answers.")
            try:
                self.plan.check(place.list, block, records)
            except ValueError as error:
                raise Refused(422, "study_error", str(error)) from None
            length = append_synced(self.file(place), text, place.length)
            self._note("block", place=place.number, block=block, hash=_hash(text), length=length)
            return True

    def finish(self, token: str, session: int) -> None:
        """Close a place.

        Raises
        ------
        Refused
            If the token is unknown, another tab took over, or a block is missing.
        """
        with self._lock:
            place = self._newest(token, session)
            missing = sorted(set(self.plan.blocks[place.list]) - set(place.blocks))
            if missing:
                raise Refused(409, "study_error", f"block {missing[0]} was not stored yet.")
            if not place.finished:
                self._note("finish", place=place.number)

    def file(self, place: Place) -> Path:
        """Return where a place's answers lie; the name says nothing about the person."""
        return self.folder / f"{self.plan.name}-{place.number:04d}.jsonl"

    def close(self) -> None:
        """Let another server have the folder."""
        self._guard.close()

    def _alone(self) -> IO[bytes]:
        guard = open(self.folder / LOG, "ab")  # noqa: SIM115 - held open: closing it lets go of the lock
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            guard.close()
            raise InputError(f"another server writes to {self.folder}: end it, or name another folder.") from None
        except OSError as error:
            guard.close()
            raise InputError(
                f"{guard.name} cannot be locked ({error.strerror}): name a folder on a disk of this machine."
            ) from error
        return guard

    def _of_token(self, token: str) -> Place:
        place = self._by_token.get(_hash(token))
        if place is None:
            raise Refused(403, "study_unknown", "this token belongs to no place.")
        return place

    def _newest(self, token: str, session: int) -> Place:
        place = self._of_token(token)
        if session != place.session:
            raise Refused(409, "other_tab", f"session {place.session} took over from session {session}.")
        return place

    def _free_list(self, asked: int | None) -> int:
        taken = {place.list for place in self.places}
        if asked is None and self.plan.personal_lists:
            raise Refused(403, "study_unknown", "each list of this study is one person's: use the link that names it.")
        if asked is not None and (asked in taken or asked not in self.plan.blocks):
            raise Refused(403, "study_unknown", f"list {asked} is taken or does not exist.")
        free = [number for number in sorted(self.plan.blocks) if number not in taken] or self._abandoned()
        if asked is None and not free:
            raise Refused(410, "study_full", f"all {len(taken)} lists are taken.")
        return free[0] if asked is None else asked

    def _abandoned(self) -> list[int]:
        """Return the lists that nobody finishes any more, the longest silent first."""
        seen: dict[int, float] = {}
        for place in self.places:
            seen[place.list] = max(seen.get(place.list, 0), float("inf") if place.finished else place.seen)
        latest = time.time() - self.idle_seconds
        return sorted((number for number, when in seen.items() if when < latest), key=seen.__getitem__)

    def _new_place(self, outside_id: str | None, chosen: int) -> tuple[Place, str]:
        token = secrets.token_urlsafe(24)
        number = len(self.places) + 1
        person = outside_id or f"code{secrets.token_hex(6)}"
        self._note("place", place=number, list=chosen, token_hash=_hash(token), participant_id=person)
        return self.places[-1], token

    def _note(self, event: str, **facts: int | str | float) -> None:
        """Write what happens to the log, and only then let it have happened."""
        facts["at"] = round(time.time(), 3)
        line = json.dumps({"event": event, **facts}) + "\n"
        self._log_length = append_synced(self.folder / LOG, line, self._log_length)
        self._apply(event, facts)

    def _apply(self, event: str, facts: Mapping[str, Any]) -> None:
        if event == "design":
            self._design_id = facts["design_id"]
            return
        if event == "place":
            place = Place(facts["place"], facts["list"], facts["token_hash"], facts["participant_id"])
            self.places.append(place)
            self._by_token[place.token_hash] = place
            self._by_person[place.participant_id] = place
        place = self.places[facts["place"] - 1]
        place.seen = facts["at"]
        if event == "token":
            self._by_token[facts["token_hash"]] = place
        elif event == "session":
            place.session = facts["session"]
        elif event == "block":
            place.blocks[facts["block"]] = facts["hash"]
            place.length = place.ends[facts["block"]] = facts["length"]
        elif event == "finish":
            place.finished = True

    def _replay(self) -> None:
        path = self.folder / LOG
        content = path.read_bytes() if path.exists() else b""
        # a last line without its end was never confirmed
        whole = content[: content.rfind(b"\n") + 1]
        self._log_length = len(whole)
        if not whole:
            self._note("design", design_id=self.plan.design_id)
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                facts = dict(json.loads(line))
                self._apply(facts.pop("event"), facts)
            except (ValueError, KeyError, IndexError, TypeError, RecursionError):
                raise InputError(
                    f"{path}, line {number}: cannot be read; the answers beside it are whole, move them to another "
                    "folder and start with an empty one."
                ) from None
        if self._design_id != self.plan.design_id:
            raise InputError(
                f"{self.folder} holds answers to another study (design {self._design_id}, this one is "
                f"{self.plan.design_id}): name another folder with --answers."
            )

    def _cut(self, place: Place) -> None:
        path = self.file(place)
        found = path.stat().st_size if path.exists() else 0
        if found < place.length:
            raise InputError(
                f"{path} has {found} bytes, {place.length} were confirmed: changed or lost since; bring it back, "
                "or start with another folder."
            )
        if found > place.length:
            os.truncate(path, place.length)
        _compare(path, place)


def _compare(path: Path, place: Place) -> None:
    """Refuse a file whose confirmed blocks are not what was stored."""
    content = path.read_bytes() if place.ends else b""
    begin = 0
    for block, end in place.ends.items():
        if hashlib.sha256(content[begin:end]).hexdigest() != place.blocks[block]:
            raise InputError(
                f"{path}, block {block}: not what was confirmed, changed or damaged since; bring it back, or start "
                "with another folder."
            )
        begin = end


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
