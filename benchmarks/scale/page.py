"""``docs/scale.md`` and its figure, made of the results' file alone."""

from typing import Any

from benchmarks.scale import extrapolation as far
from benchmarks.scale.outlook import NOT_YET, breaks_text, hours_text, storage_text, table
from benchmarks.scale.picture import BAR, LIMIT, draw_scaling
from benchmarks.scale.store import RESULT, read
from benchmarks.scale.watch import PROJECT

PAGE, PICTURE = PROJECT / "docs" / "scale.md", PROJECT / "docs" / "images" / "scaling.png"
GPU, ALIGNMENT = RESULT.with_name("gpu.json"), RESULT.with_name("alignment.json")


def write_page() -> None:
    """Draw the figure and write the page from what is stored."""
    results = read()
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    draw_scaling(results).savefig(PICTURE, dpi=100)
    PAGE.write_text(page_text(results, read(GPU), read(ALIGNMENT)), encoding="utf-8")


def page_text(results: dict[str, Any], gpu: dict[str, Any], alignment: dict[str, Any]) -> str:
    """Return the page.

    Parameters
    ----------
    results
        ``benchmarks/results/scale.json``; sections that are absent are said to be.
    gpu, alignment
        ``gpu.json`` and ``alignment.json`` beside it; either may be empty.
    """
    sections = [
        "# Scale\n\nMade by `make bench-scale` from `benchmarks/results/scale.json`; edit "
        "`benchmarks/scale/page.py` instead of this page.",
        "![Two workers against one; seconds and memory by trials; memory by stage](images/scaling.png)",
        "## Workers\n\n" + _workers(results),
        "## Rows\n\n" + _rows(results),
        "## Memory\n\n" + _memory(results),
        f"## {far.STIMULI:,} stimuli and {far.PEOPLE:,} participants\n\n"
        + "\n\n".join((hours_text(results, gpu, alignment), storage_text(results))),
        "## What breaks first\n\n" + breaks_text(results),
    ]
    return "\n\n".join(sections) + "\n"


def _machine(found: dict[str, Any]) -> str:
    about = found["machine"]
    return (
        f"{about['cores']} cores of {about['processor']}, torch {about['torch']}; load average before it "
        f"{about['load_before']:g}."
    )


def _workers(results: dict[str, Any]) -> str:
    parts = {name: results[name] for name in ("sampling", "alignment") if name in results}
    if not parts:
        return NOT_YET
    rows = []
    for name, part in parts.items():
        rate = part.get("stimuli_per_second") or part["participants_per_second"]
        found = part["speedup"]
        ends = "" if found["low"] is None else f" [{found['low']:.2f}, {found['high']:.2f}]"
        what = f"{part['stimuli']} stimuli" if name == "sampling" else f"{part['participants']} people's networks"
        rows.append(
            [
                f"{name}, {what}",
                f"{rate['1']:g}",
                f"{rate['2']:g}",
                f"{found['value']:.2f}{ends}",
                f"{found['efficiency']:.0%}",
            ]
        )
    text = table(["", "a second, one worker", "two workers", "times as fast", "efficiency"], rows)
    text += (
        "\n\nWorkers of one thread each, passes in turn, the interval over pairs of passes (95 %). Sampling is "
        "the default sampler on the uncertainty stimuli of five classifiers, alignment the paper's fine-tuning of "
        f"{parts.get('alignment', {}).get('classifier', 'a classifier').upper()}. The bar is {BAR} for sampling."
    )
    if "sampling" in parts:
        lost = parts["sampling"]["lost"]
        text += (
            f" What is lost there: {lost['serial_seconds']:g} s of a pass are serial, a pass takes "
            f"{lost['slower_beside_another']:g} times as long while another process samples, and starting two workers "
            f"takes {lost['start_seconds']:g} s once a run, which is not in the number."
        )
    return text + "\n\n" + "\n\n".join(f"{name.capitalize()}: {_machine(part)}" for name, part in parts.items())


def _rows(results: dict[str, Any]) -> str:
    if "rows" not in results:
        return NOT_YET
    sizes = results["rows"]["sizes"]
    stages = ("behavior", "behavior_csv", "reporting")
    rows = [
        [f"{size['trials']:,}", f"{size['people']:,}", f"{size['stimuli']:,}"]
        + [f"{size['stages'][name]['seconds']:.0f} s, {size['stages'][name]['peak_gib']:.2f} GiB" for name in stages]
        + [f"{size['bytes']['report'] / 1e6:.1f} MB"]
        for size in sizes
    ]
    text = table(
        ["trials", "people", "stimuli", "behavior, a file a person", "behavior, one CSV", "reporting", "report"], rows
    )
    text += (
        "\n\nWhole runs of a stage (`kedro run --pipelines behavior`), imports included: made-up answers in the "
        "paper's proportions, read as the study's server stores them, or from one CSV without images; then all figures "
        "and the report, of made-up models' scores."
    )
    if len(sizes) > 1:
        exponents = {
            name: far.growth([size["trials"] for size in sizes], [size["stages"][name]["seconds"] for size in sizes])
            for name in stages
        }
        text += (
            " From the second largest to the largest, time grows with the power "
            + ", ".join(f"{value:.2f} ({name})" for name, value in exponents.items())
            + " of the trials."
        )
    about = results["rows"]["machine"]
    if about["load_before"] > about["cores"]:
        text += " Other work ran beside it: seconds are too many, memory is as it is."
    return text + "\n\n" + _machine(results["rows"])


def _memory(results: dict[str, Any]) -> str:
    found = results.get("memory", {})
    if not found:
        return NOT_YET
    rows = [
        [name, f"{stage['peak_gib']:.2f}", f"{stage['seconds']:.0f}", stage.get("note", "")]
        for name, stage in found.items()
    ]
    return (
        table(["stage", "peak GiB", "seconds", "not as in conf/paper"], rows)
        + "\n\nconf/paper with the official digits, on the processor: resident memory of the run and its workers "
        f"together, looked at ten times a second; pages that they share count twice. The bar is {LIMIT:g} GiB. Steps "
        "and epochs are cut where only time depends on them, so that seconds are no measure of a whole run."
    )


def stored_text() -> str:
    """Return the page as the stored results make it."""
    return page_text(read(), read(GPU), read(ALIGNMENT))
