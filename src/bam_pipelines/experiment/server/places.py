"""A participant's place in a study, and why a request may be refused."""

from dataclasses import dataclass, field


class Refused(Exception):
    """A request that the store does not fulfil.

    Parameters
    ----------
    status
        Of HTTP.
    word
        The text of the interface that the page shows.
    detail
        One sentence for whoever looks closer.
    """

    def __init__(self, status: int, word: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.word, self.detail = status, word, detail


@dataclass
class Place:
    """One participant's place in the study.

    Parameters
    ----------
    number
        From 1, in order of arrival.
    list
        Which list is shown.
    token_hash
        SHA-256 of the token that this place answers to.
    participant_id
        What its records say: an outside id, or a code made here.
    session
        How often the page was opened; only the newest may send.
    blocks
        SHA-256 of each stored block's records, by block number.
    ends
        Where each stored block ends in the place's file, bytes, by block number, in the order in which they came.
    length
        Confirmed bytes of the place's file.
    finished
        Whether everything was answered.
    seen
        When it was last heard of, seconds since 1970.
    """

    number: int
    list: int
    token_hash: str
    participant_id: str
    session: int = 0
    blocks: dict[int, str] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)
    length: int = 0
    finished: bool = False
    seen: float = 0.0
