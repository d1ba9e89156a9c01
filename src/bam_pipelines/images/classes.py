"""What images show: the names of the classes, in the order of their labels."""

from collections.abc import Sequence
from typing import Annotated

from annotated_types import Len

from bam_pipelines.compute.expectations import Meaning

# labels and answers are stored as int8
MOST_CLASSES = 127
ClassNames = Annotated[Sequence[str], Len(2, MOST_CLASSES), Meaning(f"a list of 2 to {MOST_CLASSES} names in quotes")]


def class_noun(names: Sequence[str] | None) -> str:
    """Return what one of the classes is: a ``digit`` where their names are digits or missing, else a ``class``."""
    return "digit" if names is None or all(name.isdecimal() and len(name) == 1 for name in names) else "class"


def class_name(label: int, names: Sequence[str] | None) -> str:
    """Return what a class is called: its name, or its label if there are no names."""
    return str(label) if names is None else names[label]
