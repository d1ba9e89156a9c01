"""Docstrings that fit what they describe: parameters as in the signature, results and errors named."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "bam_pipelines"
SCIENCE = ("adaptive", "alignment", "analysis", "behavior", "compute", "experiment", "guidance", "images", "networks")
FEW = 3  # parameters that a sentence can describe
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
HEADING = re.compile(r"^([A-Z][a-z ]+)\n-+\n", re.MULTILINE)
ELSEWHERE = re.compile(r":(func|class|meth|mod):")
SAYS_WHAT = re.compile(r"(Return|Yield|Build|Read|Draw|Tell|Say|Name|Find|Give|Turn)\b")


def sections(docstring):
    """Split a numpydoc docstring into the text before the first heading and what stands under each."""
    before, *rest = HEADING.split(docstring or "")
    return before, dict(zip(rest[::2], rest[1::2], strict=True))


def described(section):
    """The names that a section of parameters describes, several in one line too."""
    lines = [line for line in section.splitlines() if line and not line[0].isspace()]
    return [name.strip() for line in lines for name in line.split(",")]


def parameters(function, bound):
    arguments = function.args
    names = [one.arg for one in arguments.posonlyargs + arguments.args][bound:]
    names += [f"*{arguments.vararg.arg}"] if arguments.vararg else []
    names += [one.arg for one in arguments.kwonlyargs]
    return names + ([f"**{arguments.kwarg.arg}"] if arguments.kwarg else [])


def fields(node):
    """What a class is built from: the arguments of its ``__init__``, or the fields of a dataclass or named tuple."""
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and one.name == "__init__":
            return parameters(one, 1)
    built = [*map(ast.unparse, node.decorator_list), *map(ast.unparse, node.bases)]
    if not any(name.startswith(("dataclass", "NamedTuple")) for name in built):
        return []
    names = [one.target.id for one in node.body if isinstance(one, ast.AnnAssign)]
    return [name for name in names if not name.startswith("_")]


def public(body, inside=""):
    """Yield name, node and what is to be described of each public class and function."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            if not node.name.startswith("_"):
                yield f"{inside}{node.name}", node, fields(node)
                yield from public(node.body, f"{node.name}.")
        elif isinstance(node, FUNCTIONS) and not node.name.startswith("_"):
            static = any(ast.unparse(one) == "staticmethod" for one in node.decorator_list)
            yield f"{inside}{node.name}", node, parameters(node, bool(inside) and not static)


def raised(node):
    """Names of what a function raises itself, or a class while it is built; what is raised again is not among them."""
    if isinstance(node, ast.ClassDef):
        built = [one for one in node.body if getattr(one, "name", "") in ("__init__", "__post_init__")]
        return {name for one in built for name in raised(one)}
    inner = {part for one in ast.walk(node) if isinstance(one, FUNCTIONS) and one is not node for part in ast.walk(one)}
    calls = [one.exc for one in ast.walk(node) if isinstance(one, ast.Raise) and one not in inner]
    return {ast.unparse(one.func) for one in calls if isinstance(one, ast.Call)}


def problems(text, complete):
    """Yield what is wrong with the docstrings of a module; if they need not be complete, only what is false."""
    for name, node, wanted in public(ast.parse(text).body):
        before, found = sections(ast.get_docstring(node))
        if "Parameters" in found and described(found["Parameters"]) != wanted:
            yield f"{name} describes {described(found['Parameters'])}, and has {wanted}"
        if not complete:
            continue
        if "Parameters" not in found and len(wanted) > FEW and not ELSEWHERE.search(before):
            yield f"{name} describes none of {wanted}"
        returns = isinstance(node, ast.FunctionDef) and ast.unparse(node.returns or ast.Constant(None)) != "None"
        if returns and "Parameters" in found and not {"Returns", "Yields"} & set(found) and not SAYS_WHAT.match(before):
            yield f"{name} does not say what it returns"
        for error in sorted(raised(node)):
            # an InputError is a ValueError to who uses the science alone
            if error.replace("InputError", "ValueError") not in (ast.get_docstring(node) or ""):
                yield f"{name} does not say that it raises {error}"


FILES = sorted(PACKAGE.rglob("*.py"))


def test_docstrings_fit_what_they_describe():
    found = {}
    for file in FILES:
        place = file.relative_to(PACKAGE)
        wrong = list(problems(file.read_text(encoding="utf-8"), complete=place.parts[0] in SCIENCE))
        found |= {str(place): wrong} if wrong else {}
    assert found == {}
    assert len(FILES) > 250


def raising(name):
    return f"def f(a) -> None:\n    '''Do.'''\n    if a:\n        raise {name}('no')\n"


def function(docstring, signature="a, b"):
    return f'def f({signature}) -> int:\n    """Do.\n\n    {docstring}\n    """'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            function("Parameters\n    ----------\n    a\n        One.\n\n    Returns\n    -------\n    int"),
            "f describes ['a'], and has ['a', 'b']",
        ),
        (function("Parameters\n    ----------\n    a, b\n        Both."), "f does not say what it returns"),
        (function("No more.", "a, b, *c, d, **e"), "f describes none of ['a', 'b', '*c', 'd', '**e']"),
        (
            "@dataclass\nclass C:\n    '''A.\n\n    Parameters\n    ----------\n    b\n    '''\n    a: int",
            "C describes",
        ),
        (raising("KeyError"), "f does not say that it raises KeyError"),
    ],
)
def test_what_does_not_fit_is_found(text, complaint):
    (found,) = problems(text, complete=True)
    assert found.startswith(complaint)
