"""Tables of columns in docs/data.md, made from the schemas; ``python -m tools.column_tables`` writes them anew."""

import re
from pathlib import Path

from bam_pipelines.behavior import schemas

PAGE = Path(__file__).parents[1] / "docs" / "data.md"
_TABLE = re.compile(r"(<!-- columns: (\w+) -->\n).*?(\n<!-- end of columns -->)", re.DOTALL)


def with_tables(page: str) -> str:
    """Return a page with each table between its marks as the schemas have it now."""
    return _TABLE.sub(lambda mark: f"{mark.group(1)}\n{column_table(mark.group(2))}\n{mark.group(3)}", page)


def column_table(name: str) -> str:
    """Return a table of a schema's columns, in Markdown.

    Parameters
    ----------
    name
        Of a schema in :mod:`bam_pipelines.behavior.schemas`, in small letters.
    """
    schema = getattr(schemas, name.upper())
    lines = ["| column | type | rule | meaning |", "|---|---|---|---|"]
    for column, kind in schema.kinds.items():
        described = schema.schema.columns[column]
        of_rows = [check.error for check in schema.schema.checks if check.name == column]
        choices = ["one of " + ", ".join(kind)] if isinstance(kind, tuple) else []
        rules = "; ".join([*choices, *(check.error for check in described.checks), *of_rows])
        shown = "category" if isinstance(kind, tuple) else kind
        may_be_empty = " or empty" if kind == "str" and described.nullable else ""
        cells = (f"`{column}`", shown + may_be_empty, rules, described.description)
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
