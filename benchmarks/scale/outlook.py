"""The page's outlook: hours, storage and limits far above what was measured."""

from collections.abc import Sequence
from typing import Any

from benchmarks.scale import extrapolation as far
from benchmarks.scale.picture import LIMIT

NOT_YET = "*Not measured yet.*"
_TRIALS_A_PERSON = 547  # 474, 47 repeats and 26 catch trials
# bytes of what is a person's own, by alignment.method; see the README
_HIERARCHICAL_BYTES, _NETWORK_BYTES = 300, (30_000, 7_000_000)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table in Markdown."""
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows))


def hours_text(results: dict[str, Any], gpu: dict[str, Any], alignment: dict[str, Any]) -> str:
    """Write the hours; see :func:`benchmarks.scale.page.page_text`."""
    rows = []
    if "sampling" in results:
        rate, efficiency = (results["sampling"][key] for key in ("stimuli_per_second", "speedup"))
        shares = [far.sampling_hours(rate["1"], min(1.0, efficiency["efficiency"]), cores) for cores in (2, 64)]
        rows.append(["sampling, `fast`", *(f"{share:.1f}" for share in shares), _gpu_hours(gpu)])
    if alignment:
        for method, key, most in (("hierarchical", "ours", far.CLASSIFIERS), ("paper", "paper", float("inf"))):
            seconds = alignment["seconds"][key]
            shares = [far.alignment_hours(seconds, cores, most) for cores in (2, 64)]
            rows.append([f"individual models, `{method}`", *(f"{share:.1f}" for share in shares), "not measured"])
    if "rows" in results and len(results["rows"]["sizes"]) > 1:
        sizes = results["rows"]["sizes"]
        trials = far.PEOPLE * _TRIALS_A_PERSON
        for name in ("behavior", "reporting"):
            seconds = far.linear(
                [size["trials"] for size in sizes], [size["stages"][name]["seconds"] for size in sizes], trials
            )
            rows.append([f"{name}, {trials / 1e6:.1f} million trials", f"{far.hours(seconds):.1f}", "the same", ""])
    if not rows:
        return NOT_YET
    return (
        table(["hours", "2 cores", "64 cores", "a GPU"], rows)
        + "\n\nSampling in proportion to what one worker does, each of several as efficient as each of two. "
        "Hierarchical models of a classifier are one shard: five workers at most have work. Several GPUs "
        "share sampling as workers do (`compute.workers: auto` takes one a GPU)."
    )


def _gpu_hours(gpu: dict[str, Any]) -> str:
    found = [one for one in gpu.get("sampling", []) if one["device"] == "cuda"]
    if not found:
        return "not measured yet"
    best = max(found, key=lambda one: one["stimuli_per_second"])
    seconds = far.STIMULI / best["stimuli_per_second"]
    return f"{far.hours(seconds):.1f} ({gpu['gpu']}, {best['precision']}, batches of {best['batch_size']:,})"


def storage_text(results: dict[str, Any]) -> str:
    """Write what is stored of each and of all."""
    if "rows" not in results:
        return NOT_YET
    each = far.per_row(results["rows"]["sizes"][-1])
    trials = far.PEOPLE * _TRIALS_A_PERSON
    models = far.CLASSIFIERS * far.PEOPLE
    counted = (
        ("a stimulus: image, targets, probabilities", each["stimulus"], far.STIMULI),
        ("a trial, as the study's page sends it", each["sent"], trials),
        ("a trial in the trial table", each["trials"], trials),
        ("a trial in the Psych-DS folder", each["psych_ds"], trials),
        ("a model of a person, `hierarchical`", _HIERARCHICAL_BYTES, models),
        ("a model of a person, `paper`, LRM", _NETWORK_BYTES[0], far.PEOPLE),
        ("a model of a person, `paper`, VGG", _NETWORK_BYTES[1], far.PEOPLE),
        ("scores of a person's model on a person's trials", each["swap"], far.swap_rows()),
    )
    rows = [
        [what, f"{size:,.0f}" if size >= 10 else f"{size:.1f}", f"{number:,}", _gigabytes(size * number)]
        for what, size, number in counted
    ]
    return table(["stored", "bytes each", "how many", "together"], rows) + (
        "\n\nEach output is versioned, and older versions stay: every further run of a stage adds its own."
    )


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.0f} MB"


def breaks_text(results: dict[str, Any]) -> str:
    """Say what breaks first, and what to do."""
    crossed = far.crossed_bytes(far.PEOPLE, far.STIMULI) / 1e9
    points = [
        "Stage alignment, scoring everyone's model on everyone's test trials: probabilities of each model for each "
        f"test image, and four numbers for each model and trial, grow with the square of people. {LIMIT:g} GiB are "
        f"full at about {far.most_people():,} people; {far.PEOPLE:,} people and {far.STIMULI:,} stimuli would take "
        f"{crossed:,.0f} GB. Align in groups of some hundred people each.",
        f"The table of these scores, `alignment_swaps`: {far.swap_rows():,} rows.",
        *_table_memory(results),
        f"Images as networks take them, float32: {far.image_bytes() / 1e9:.1f} GB for all stimuli, in each process "
        "that holds them. Sampling does not: its shards are `batch_size` images, whatever is asked for.",
        "Time: with `alignment.method: paper` fine-tuning is what takes longest; `hierarchical` is made for many "
        "people. Sampling is cut into shards: more cores, a dask cluster or GPUs shorten it in proportion.",
    ]
    return "\n".join(f"{number}. {point}" for number, point in enumerate(points, start=1))


def _table_memory(results: dict[str, Any]) -> list[str]:
    sizes, trials = results.get("rows", {}).get("sizes", []), far.PEOPLE * _TRIALS_A_PERSON
    if len(sizes) < 2:
        return []
    peaks = [size["stages"]["behavior"]["peak_gib"] for size in sizes]
    expected = far.linear([size["trials"] for size in sizes], peaks, trials)
    return [
        f"The trial table: reading {trials / 1e6:.1f} million trials would take about {expected:.0f} GiB. Read them by "
        "site or month as data sets of their own, or on a machine with that memory."
    ]
