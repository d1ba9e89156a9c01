"""Docstrings refer to objects by Sphinx's roles, ``:func:`~package.name```; MkDocs gets links instead."""

import re

import griffe

_ROLE = re.compile(r":(?:func|class|meth|data|mod|attr|exc|obj):`(~?)([\w.]+)`")
_OURS = "bam_pipelines"


class SphinxRoles(griffe.Extension):
    """Turn roles into cross-references of mkdocstrings, before anything is rendered."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is not None:
            obj.docstring.value = linked(obj.docstring.value)


def linked(text: str) -> str:
    """Return a docstring with its roles as links; names of other packages are shown as code."""
    return _ROLE.sub(_link, text)


def _link(role: re.Match[str]) -> str:
    short, target = role.groups()
    shown = target.rpartition(".")[2] if short else target
    if "." in target and not target.startswith(f"{_OURS}.") and target[0].islower():
        return f"`{shown}`"
    return f"[`{shown}`][{target}]"
