"""Parameters to typed settings: every value is checked against its annotation, all problems are told at once."""

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Interval
from pydantic import ConfigDict, Strict, TypeAdapter, ValidationError

from bam_pipelines.compute.expectations import IN_FILES, plain_hint, shown, words

Count = Annotated[int, Ge(1)]
WholeNumber = Annotated[int, Ge(0)]
Share = Annotated[float, Interval(ge=0, le=1)]
Positive = Annotated[float, Gt(0)]
NotNegative = Annotated[float, Ge(0)]
# bootstrap samples or permutations
Resamples = Annotated[int, Ge(100)]
# a tuple in Python, a list in YAML
FromList = Strict(False)
# metadata of a field that is set by code and stands in no file
NO_PARAMETER = {IN_FILES[0]: False}

# strict: no text for a number, no 1.0 for an integer, no true for either; neither infinite nor not a number
_STRICT = ConfigDict(strict=True, allow_inf_nan=False, arbitrary_types_allowed=True)


class Problem(NamedTuple):
    """What is wrong with one parameter: its dotted name, and the rest of the sentence."""

    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.name} {self.text}"


class SettingsError(ValueError):
    """Parameters that cannot be used, a sentence each.

    Parameters
    ----------
    problems
        At least one.
    """

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


@dataclass(frozen=True)
class CheckedSettings:
    """Base of settings: a frozen dataclass whose values are what its annotations say.

    Raises
    ------
    SettingsError
        With every field that is of another type or out of range, or else with every conflict.
    """

    def __post_init__(self) -> None:
        hints = field_hints(type(self))
        problems = [found for name, hint in hints.items() for found in problems_of(name, getattr(self, name), hint)]
        problems = problems or list(self.conflicts())
        if problems:
            raise SettingsError(problems)

    def conflicts(self) -> Iterable[Problem]:
        """Give what fields say against one another; asked once all of them are right by themselves."""
        return ()


Settings = TypeVar("Settings", bound=CheckedSettings)


def field_hints(kind: Any, parameters_only: bool = False) -> dict[str, Any]:  # noqa: ANN401  a dataclass
    """Return the annotation of each field of a dataclass, or of each that is a parameter."""
    return _field_hints(kind, parameters_only)


@cache
def _field_hints(kind: Any, parameters_only: bool) -> dict[str, Any]:  # noqa: ANN401
    hints = get_type_hints(kind, include_extras=True)
    names = (one.name for one in fields(kind) if not parameters_only or one.metadata.get(*IN_FILES))
    return {name: hints[name] for name in names}


def read_settings(kind: type[Settings], name: str, parameters: object) -> Settings:
    """Build settings, and those inside them, from the nested parameters of their names.

    Parameters
    ----------
    kind
        What to build.
    name
        Where the parameters stand, for errors; empty for all parameters of a project.
    parameters
        A mapping with one entry for each field.

    Raises
    ------
    SettingsError
        With every parameter that is missing, unknown, of another type or out of range.
    """
    problems: list[Problem] = []
    built = _read(kind, name, parameters, problems)
    if problems or built is None:
        raise SettingsError(problems)
    return built


def _read(kind: type[Settings], name: str, parameters: object, problems: list[Problem]) -> Settings | None:
    hints = field_hints(kind, parameters_only=True)
    if not isinstance(parameters, Mapping):
        problems.append(wrong(name, parameters, words(kind)))
        return None
    found = [unknown(within(name, key), hints) for key in parameters if key not in hints]
    values: dict[str, Any] = {}
    for key, hint in hints.items():
        if key not in parameters:
            found.append(missing(within(name, key), hint))
        else:
            values[key] = _read_field(within(name, key), parameters[key], hint, found)
    if not found:
        try:
            return kind(**values)
        except SettingsError as error:
            found = [Problem(within(name, one.name), one.text) for one in error.problems]
    problems += found
    return None


def _read_field(name: str, value: object, hint: Any, problems: list[Problem]) -> object:  # noqa: ANN401
    if is_settings(hint):
        return _read(hint, name, value, problems)
    if get_origin(hint) is Mapping and is_settings(get_args(hint)[1]):
        names, kind = get_args(hint)
        return _read_each(dict.fromkeys(get_args(names), kind), name, value, problems)
    problems += problems_of(name, value, hint)
    return tuple(value) if get_origin(plain_hint(hint)) is tuple and isinstance(value, list) else value


def _read_each(
    kinds: Mapping[str, type[CheckedSettings]], name: str, parameters: object, problems: list[Problem]
) -> dict[str, CheckedSettings | None]:
    """Build settings of several names, all of them needed."""
    if not isinstance(parameters, Mapping):
        problems.append(wrong(name, parameters, f"a mapping of {', '.join(kinds)}"))
        return {}
    problems += [unknown(within(name, key), kinds) for key in parameters if key not in kinds]
    problems += [missing(within(name, key), kind) for key, kind in kinds.items() if key not in parameters]
    own = {key: kind for key, kind in kinds.items() if key in parameters}
    return {key: _read(kind, within(name, key), parameters[key], problems) for key, kind in own.items()}


def within(name: str, key: object) -> str:
    """Return the dotted name of what stands under a key."""
    return f"{name}.{key}" if name else str(key)


def is_settings(hint: object) -> bool:
    """Tell whether an annotation is a class of settings."""
    return isinstance(hint, type) and issubclass(hint, CheckedSettings)


def problems_of(name: str, value: object, hint: Any) -> list[Problem]:  # noqa: ANN401  an annotation has no type
    """Check one value against an annotation; the values of a mapping have names of their own."""
    if get_origin(hint) is Mapping and isinstance(value, Mapping):
        keys, values = get_args(hint)
        known = get_args(keys) if get_origin(keys) is Literal else value
        unknowns = [unknown(within(name, key), known) for key in value if key not in known]
        inside = [one for key in value if key in known for one in problems_of(within(name, key), value[key], values)]
        return unknowns + inside
    if is_settings(hint):
        return [] if isinstance(value, hint) else [wrong(name, value, words(hint))]
    try:
        _adapter(hint).validate_python(value)
    except ValidationError:
        return [wrong(name, value, words(hint))]
    return []


@cache
def _adapter(hint: Any) -> TypeAdapter[Any]:  # noqa: ANN401
    return TypeAdapter(hint, config=_STRICT)


def wrong(name: str, value: object, expected: str) -> Problem:
    """Say that a parameter has a value that it cannot have."""
    return Problem(name, f"is {shown(value)}, expected {expected}.")


def missing(name: str, hint: object) -> Problem:
    """Say that a parameter is not there."""
    return Problem(name, f"is missing, expected {words(hint)}.")


def unknown(name: str, known: Collection[str]) -> Problem:
    """Say that there is no parameter of a dotted name, and which one may have been meant.

    Parameters
    ----------
    name
        As it was written.
    known
        The names that its last part may have.
    """
    place, _, key = name.rpartition(".")
    near = difflib.get_close_matches(key, list(known), n=1)
    if near:
        return Problem(name, f"is unknown; did you mean {f'{place}.' if place else ''}{near[0]}?")
    return Problem(name, f"is unknown; expected one of {', '.join(known)}.")
