"""The benchmark's numbers as a table for people."""

from typing import Any

COLUMNS = {
    "accepted": "acceptance",
    "ambiguity": "bystander_ambiguity",
    "mean minimum": "bystander_minimum",
    "mass": "bystander_mass",
    "judge": "independent_judge",
    "precision": "precision",
    "copies": "copies",
    "diversity": "diversity",
    "gap, median": "gap_median",
    "gap, 95 %": "gap_q95",
}


def markdown_table(results: dict[str, Any]) -> str:
    """Write one row an arm, with 95 % intervals, and the ratios below."""
    head = ["stimuli", "sampler", "n", "a second", "evaluations", "GMACs", *COLUMNS]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    ratios = []
    for kind in ("uncertainty", "controversial", "individual"):
        for name, summary in results.get(kind, {}).get("classifiers", {}).items():
            label = kind if kind == "individual" else f"{kind}, {name}"
            lines += [_row(label, arm, numbers) for arm, numbers in summary["arms"].items()]
            ratio = summary["accepted_per_second_ratio"]
            ratios.append(
                f"- {label}: {ratio['value']:.1f} times ({ratio['low']:.1f} to {ratio['high']:.1f}) the accepted "
                f"stimuli a second of {summary['compared_with']}"
            )
    return "\n".join([*lines, "", *ratios, ""])


def _row(label: str, arm: str, numbers: dict[str, Any]) -> str:
    cost = numbers["per_accepted"]
    cells = [
        label,
        arm,
        str(numbers["n"]),
        f"{numbers['accepted_per_second']:.2f}",
        _plain(cost["evaluations"]),
        _plain(cost["macs"], 1e-9),
    ]
    return "| " + " | ".join([*cells, *(_cell(numbers.get(key)) for key in COLUMNS.values())]) + " |"


def _plain(value: float | None, scale: float = 1.0) -> str:
    return "none" if value is None else f"{value * scale:.0f}"


def _cell(number: dict[str, float] | None) -> str:
    if number is None:
        return ""
    return f"{number['value']:.3f} ({number['low']:.3f} to {number['high']:.3f})"
