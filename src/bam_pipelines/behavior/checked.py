"""Parameters to typed settings, with errors that name them."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

Settings = TypeVar("Settings")


def settings_group(kind: type[Settings], name: str, parameters: Mapping[str, Any]) -> Settings:
    """Build settings from the parameters of their names.

    Parameters
    ----------
    kind
        A dataclass.
    name
        Where the parameters stand, for errors.
    parameters
        One for each field of the class.

    Raises
    ------
    ValueError
        If one is missing, unknown or out of range.
    """
    check_names(kind, name, parameters)
    try:
        return kind(**parameters)
    except ValueError as error:
        raise ValueError(f"{name}.{error}") from None


def check_names(kind: type, name: str, parameters: Mapping[str, Any]) -> None:
    """Raise a ValueError if parameters are not exactly the fields of a dataclass."""
    expected = {field.name for field in fields(kind)}
    missing, unknown = sorted(expected - set(parameters)), sorted(set(parameters) - expected)
    if missing:
        stage = name.split(".")[0]
        raise ValueError(f"parameter {name}.{missing[0]} is missing; set it in conf/base/{stage}/parameters.yml.")
    if unknown:
        raise ValueError(f"parameter {name}.{unknown[0]} is unknown; expected {', '.join(sorted(expected))}.")


def check(settings: object, name: str, fulfilled: bool, expected: str) -> None:
    """Raise a ValueError that names a setting and what was expected, unless that is fulfilled."""
    if not fulfilled:
        raise ValueError(f"{name} is {getattr(settings, name)}, expected a number {expected}.")
