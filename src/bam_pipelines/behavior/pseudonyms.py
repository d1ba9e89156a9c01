"""Outside ids of people to pseudonyms."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pandas as pd

from bam_pipelines.compute.faults import InputError

_LENGTH = 16
_WORD = 3
_LARGEST_PATTERN = 20_000  # characters
LONG = 6  # shorter ids are replaced as whole words only: "17" must not turn 1700 into nonsense


@dataclass(frozen=True)
class Pseudonyms:
    """Names for people that only who has the salt can find again.

    Parameters
    ----------
    salt
        Secret text, or None where ids are published pseudonyms already and are kept as they are.

    Raises
    ------
    ValueError
        If the salt has fewer than 8 characters.
    """

    salt: str | None = field(repr=False)

    def __post_init__(self) -> None:
        if self.salt is not None and len(self.salt) < 8:
            raise InputError("the salt, BAM_SALT, has fewer than 8 characters; expected a longer secret text.")

    def of(self, outside_id: str) -> str:
        """Return ``p`` and 16 hex digits of the HMAC-SHA256 of an id; without a salt the id's letters and digits."""
        if self.salt is None:
            return re.sub("[^A-Za-z0-9]", "", outside_id)
        return "p" + hmac.new(self.salt.encode(), outside_id.encode(), hashlib.sha256).hexdigest()[:_LENGTH]

    def of_all(self, outside_ids: Iterable[str]) -> dict[str, str]:
        """Return the pseudonym of each id.

        Raises
        ------
        ValueError
            If published ids consist of neither letters nor digits, or are told apart by nothing else.
        """
        names = {one: self.of(one) for one in outside_ids}
        owners: dict[str, str] = {}
        for outside_id, name in names.items():
            if not name or owners.setdefault(name, outside_id) != outside_id:
                raise InputError(
                    f"published participant id {outside_id!r}: its letters and digits {name!r} name nobody or another "
                    "too; set participant_ids to outside and a salt in BAM_SALT to replace ids."
                )
        return names

    def hide_in_texts(self, texts: pd.Series, outside_ids: Iterable[str]) -> pd.Series:
        """Hide ids in a column of free texts.

        Ids that may as well be words or numbers (of fewer than six digits, or of three characters) are left alone.
        """
        telling = [one for one in outside_ids if len(one) >= LONG or (len(one) > _WORD and not one.isdecimal())]
        if self.salt is None or not telling:
            return texts
        found = pd.Series(False, index=texts.index)
        for part in _batches(telling):
            pattern = part[0] if len(part) == 1 else "|".join(map(re.escape, part))
            found |= texts.str.contains(pattern, regex=len(part) > 1).fillna(False).astype(bool)
        return texts.mask(found, texts[found].map(lambda text: self.hide(text, telling)))

    def hide(self, text: str, outside_ids: Iterable[str]) -> str:
        """Return a text in which outside ids are replaced by their pseudonyms; short ones as whole words only."""
        if self.salt is None:
            return text
        for outside_id in sorted({*outside_ids}, key=len, reverse=True):
            if outside_id in text:
                escaped = re.escape(outside_id)
                pattern = escaped if len(outside_id) >= LONG else rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])"
                text = re.sub(pattern, self.of(outside_id), text)
        return text


def _batches(ids: list[str]) -> Iterator[list[str]]:
    """Yield ids in parts that one pattern can hold; of all of a large study it would become too large to compile."""
    batch: list[str] = []
    size = 0
    for one in ids:
        if batch and size + len(one) > _LARGEST_PATTERN:
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += len(one)
    yield batch
