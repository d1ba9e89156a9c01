"""Docstrings refer to objects by Sphinx's roles, ``:func:`~package.name```; MkDocs gets links instead."""

import re

import griffe

_ROLE = re.compile(r":(?:func|class|meth|data|mod|attr|exc|obj):`(~?)([\w.]+)`")
_OURS = "bam_pipelines"


class Docstrings(griffe.Extension):
    """Turn roles into links before anything is rendered; what has no entry of its own is shown without one."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is not None:
            obj.docstring.value = linked(obj.docstring.value, obj)
            if any(str(base) == "NamedTuple" for base in getattr(obj, "bases", [])):
                # griffe does not see the parameters that its fields become
                obj.docstring.parser_options = {"warn_unknown_params": False, "warn_missing_types": False}


def linked(text: str, scope: griffe.Object | None = None) -> str:
    """Return a docstring with its roles as links that may lead nowhere; names of other packages are code.

    Parameters
    ----------
    text
        The docstring.
    scope
        Whose it is; names are looked up from there. Without it only whole names become links.
    """
    return _ROLE.sub(lambda role: _link(*role.groups(), scope), text)


def _link(short: str, target: str, scope: griffe.Object | None) -> str:
    shown = f"<code>{target.rpartition('.')[2] if short else target}</code>"
    name = target if target.startswith(f"{_OURS}.") else _found(target, scope)
    return shown if name is None else f'<autoref identifier="{name}" optional>{shown}</autoref>'


def _found(target: str, scope: griffe.Object | None) -> str | None:
    first, dot, rest = target.partition(".")
    try:
        return None if scope is None else scope.resolve(first) + dot + rest
    except griffe.NameResolutionError:
        return None
