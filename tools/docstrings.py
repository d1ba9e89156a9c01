"""Docstrings as MkDocs reads them: Sphinx roles become links, and References no heading."""

import re

import griffe

_ROLE = re.compile(r":(?:func|class|meth|data|mod|attr|exc|obj):`(~?)([\w.]+)`")
# numpydoc sections that griffe does not know, and Markdown would take for headings
_SECTION = re.compile(r"^(References|Notes)\n-+$", re.MULTILINE)
_OURS = "bam_pipelines"


class Docstrings(griffe.Extension):
    """Turn roles into links before anything is rendered; what has no entry of its own is shown without one."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is not None:
            obj.docstring.value = without_headings(linked(obj.docstring.value, obj))


def without_headings(text: str) -> str:
    """Return a docstring whose sections of text begin with bold words."""
    return _SECTION.sub(r"**\1**\n", text)


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
