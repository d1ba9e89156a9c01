"""The report's tables of a second round: tests, disagreement that lasts, naturalness, who was left out."""

from collections.abc import Mapping
from typing import Any

from bam_pipelines.analysis.figures.manipulation import SOURCE_TITLES
from bam_pipelines.analysis.pair_measures import NET
from bam_pipelines.analysis.pair_tests import CUSTOMISED
from bam_pipelines.analysis.report_tables import UNDEFINED, ReportTable, estimate_text, p_value

_MEASURE_TITLES = {NET: "net directed success", "success": "success"}


def comparison_table(summary: Mapping[str, Any]) -> ReportTable:
    """Write each source's net directed success, and customised stimuli against it, with every test."""
    columns = [
        *(
            "source",
            "stimuli",
            "net directed success [95 %]",
            "direction, p",
            "compared by",
            "customised less it [95 %]",
        ),
        *("p", "p, Holm", "odds ratio", "groups of people", "their p", "smallest possible"),
    ]
    rows = []
    for source in _in_order(summary["sources"]):
        described = summary["sources"][source]
        alone, compared = summary["directions"].get(source), summary["comparisons"].get(source)
        # a source without a direction has no interval over people: that over these people's stimuli
        net = described[NET] if alone is None or alone["interval"]["low"] is None else alone["interval"]
        rows.append(
            [
                SOURCE_TITLES[source],
                f"{described['n']:,}",
                estimate_text(net, "+.1%"),
                "—" if alone is None else p_value(alone["p"]),
                *(["—"] * 8 if compared is None else _compared(compared)),
            ]
        )
    return ReportTable("Manipulation: tests", columns, rows)


def _compared(compared: Mapping[str, Any]) -> list[str]:
    people, odds = compared["people"], compared["odds_ratio"]
    return [
        _MEASURE_TITLES[compared["measure"]],
        estimate_text(compared, "+.1%"),
        p_value(compared["p"]),
        "primary" if compared["family"] == "primary" else p_value(compared["p_holm"]),
        UNDEFINED if odds is None else f"{odds:.2f}",
        str(people["n_groups"]),
        p_value(people["p"]),
        p_value(people["smallest_p"]),
    ]


def stable_table(stable: Mapping[str, Mapping[str, Any]]) -> list[ReportTable]:
    """Write what remains of net directed success across showings; no table if nothing was shown twice."""
    columns = ["source", "stimuli seen twice by both", "first showings [95 %]", "across showings [95 %]"]
    rows = [
        [
            SOURCE_TITLES[source],
            f"{found['n']:,}",
            estimate_text(found["first"], "+.1%"),
            estimate_text(found["crossed"], "+.1%"),
            f"{estimate_text(found['flips'])} of {found['n_repeats']:,}",
        ]
        for source in _in_order(stable)
        for found in [stable[source]]
        if found["n_repeats"]
    ]
    title = "Manipulation: disagreement that lasts"
    return [ReportTable(title, [*columns, "answers changed by a person [95 %]"], rows)] if rows else []


def naturalness_table(naturalness: Mapping[str, Any]) -> ReportTable:
    """Write what an independent judge accepts of each source."""
    columns = ["source", "stimuli", "accepted", "score", "customised less it, accepted [95 %]", "score [95 %]"]
    rows = []
    for source in _in_order(naturalness["sources"]):
        found, contrast = naturalness["sources"][source], naturalness["contrasts"].get(source)
        rest = (
            ["—", "—"]
            if contrast is None
            else [estimate_text(contrast["accepted"], "+.1%"), estimate_text(contrast["score"], "+.3f")]
        )
        rows.append(
            [SOURCE_TITLES[source], f"{found['n']:,}", f"{found['accepted']:.1%}", f"{found['score']:.3f}", *rest]
        )
    return ReportTable("Manipulation: naturalness to the independent judge", columns, rows)


def left_out_table(left_out: Mapping[str, str]) -> list[ReportTable]:
    """Write which pairs could not be analysed; no table if all could."""
    rows = [[pair, reason] for pair, reason in left_out.items()]
    return [ReportTable("Manipulation: pairs left out", ["pair", "reason"], rows)] if rows else []


def power_sizes_table(summary: Mapping[str, Any]) -> ReportTable:
    """Write the smallest second round that finds each effect."""
    columns = [
        "difference in net directed success",
        "claim about",
        "groups",
        "pairs",
        "stimuli a pair",
        "power (± error)",
    ]
    rows = [
        [
            effect,
            "these people" if test == "randomisation" else "people in general",
            *(
                ["none of the grid"] * 3
                if size is None
                else [str(size[name]) for name in ("groups", "pairs", "images")]
            ),
            "—" if size is None else f"{size['power']:.2f} ± {size['error']:.2f}",
        ]
        for effect, tests in summary["smallest"].items()
        for test, size in sorted(tests.items(), reverse=True)
    ]
    return ReportTable(f"Power: smallest second round that reaches {summary['wanted']:g}", columns, rows)


def _in_order(sources: Mapping[str, Any]) -> list[str]:
    return sorted(sources, key=lambda source: (source != CUSTOMISED, list(SOURCE_TITLES).index(source)))
