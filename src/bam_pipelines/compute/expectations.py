"""What an annotation expects, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Interval, Le, Len, Lt, MultipleOf

_NOUNS = {
    int: ("an integer", "integers"),
    float: ("a number", "numbers"),
    str: ("text", "texts"),
    bool: ("true or false", "true or false"),
}
_LONGEST = 60
# metadata that says whether a field stands in files, and what counts where it says nothing
IN_FILES = ("in_files", True)


@dataclass(frozen=True)
class Meaning:
    """Words for an annotation that says in no other way what it expects."""

    text: str


def shown(value: object) -> str:
    """Return a value as YAML has it, shortened."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return f"a mapping of {', '.join(map(str, value))}" if value else "an empty mapping"
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def plain_hint(hint: Any) -> Any:  # noqa: ANN401
    """Return an annotation without what it says of the range."""
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def words(hint: Any, many: bool = False) -> str:  # noqa: ANN401
    """Say what an annotation expects.

    Parameters
    ----------
    hint
        int, float, str, bool, Literal, Sequence, tuple, Mapping, a dataclass, or some of them, with
        :mod:`annotated_types`.
    many
        Whether several are meant.

    Returns
    -------
    str
        For example "an integer of at least 1", or with ``many`` "integers of at least 1".
    """
    plain, extra = plain_hint(hint), get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    meant = [one.text for one in extra if isinstance(one, Meaning)]
    if meant:
        return meant[0]
    if get_origin(plain) in (Union, UnionType):
        either = [words(one, many) for one in get_args(plain) if one is not NoneType]
        return " or ".join(either) + (", or null" if NoneType in get_args(plain) else "")
    if get_origin(plain) is Literal:
        *others, last = map(str, get_args(plain))
        return f"{', '.join(others)} or {last}" if others else last
    if get_origin(plain) in (Sequence, tuple):
        return _list_words(plain, extra, many)
    if is_dataclass(plain):
        names = (one.name for one in fields(plain) if one.metadata.get(*IN_FILES))
        return f"a mapping of {', '.join(names)}"
    if get_origin(plain) is Mapping:
        return "a mapping"
    steps = [one.multiple_of for one in extra if isinstance(one, MultipleOf)]
    if steps:
        return f"{'positive multiples' if many else 'a positive multiple'} of {steps[0]}"
    return " ".join([_NOUNS[plain][many], *_range_words(extra)])


def _list_words(plain: Any, extra: tuple[object, ...], many: bool) -> str:  # noqa: ANN401
    inside = [one for one in get_args(plain) if one is not Ellipsis]
    fixed = len(inside) if get_origin(plain) is tuple and Ellipsis not in get_args(plain) else None
    length = f"{fixed} " if fixed else ""
    for one in extra:
        if isinstance(one, Len) and one.min_length == one.max_length:
            length = f"{one.min_length} "
    some = any(isinstance(one, Len) and one.min_length for one in extra) and not length
    kind = ("lists", "non-empty lists") if many else ("a list", "a non-empty list")
    return f"{kind[some]} of {length}{words(inside[0], many=True)}"


def _range_words(extra: tuple[object, ...]) -> list[str]:
    """Say between which bounds a number lies."""
    bounds: dict[str, object] = {}
    for one in extra:
        if isinstance(one, Ge | Gt | Le | Lt | Interval):
            names = ("ge", "gt", "le", "lt")
            bounds |= {name: getattr(one, name) for name in names if getattr(one, name, None) is not None}
    low = {"ge": "of at least", "gt": "above"}
    high = {"le": "of at most", "lt": "below"}
    if set(bounds) & set(low) and set(bounds) & set(high):
        low, high = {"ge": "from", "gt": "above"}, {"le": "to", "lt": "to below" if "ge" in bounds else "and below"}
        if "gt" in bounds:
            high["le"] = "and at most"
    return [f"{word} {bounds[name]:g}" for name, word in (low | high).items() if name in bounds]
