"""No file and no function grows beyond what a reader takes in at once."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
FOLDERS = ("src", "tests", "benchmarks", "tools")
LINES_OF_A_FILE, LINES_OF_A_BODY = 300, 40


def body_length(function):
    """Lines of a function's body, from the first to the last of its statements, without the docstring."""
    statements = function.body[1:] if ast.get_docstring(function, clean=False) else function.body
    return statements[-1].end_lineno - statements[0].lineno + 1 if statements else 0


def functions(text):
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.fixture(scope="module")
def texts():
    files = [file for folder in FOLDERS for file in sorted((PROJECT / folder).rglob("*.py"))]
    return {str(file.relative_to(PROJECT)): file.read_text(encoding="utf-8") for file in files}


def test_no_file_is_too_long(texts):
    lengths = {name: text.count("\n") for name, text in texts.items()}
    assert {name: lines for name, lines in lengths.items() if lines > LINES_OF_A_FILE} == {}
    assert len(lengths) > 500


def test_no_body_is_too_long(texts):
    lengths = {
        f"{name}:{one.lineno} {one.name}": body_length(one) for name, text in texts.items() for one in functions(text)
    }
    assert {place: lines for place, lines in lengths.items() if lines > LINES_OF_A_BODY} == {}


DOCUMENTED = '''
def nothing():
    """One.

    Two.
    """

def three():
    "One."
    a = (
    )
    b = 1
'''


def test_a_body_is_counted_without_its_docstring():
    assert [body_length(one) for one in functions(DOCUMENTED)] == [0, 3]
