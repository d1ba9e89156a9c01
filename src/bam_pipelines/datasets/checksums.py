"""What a version's files were when they were written: SHA-256 sums beside them, as ``sha256sum`` writes them."""

from pathlib import Path

from bam_pipelines.compute.durable import digest


def sums_path(content: Path) -> Path:
    """Return where the sums of a version lie: beside its file, or its folder of files."""
    return content.with_name(f"{content.name}.sha256")


def write_sums(content: Path) -> None:
    """Write the sums of a file, or of every file of a folder, so that ``sha256sum -c`` in the version checks them."""
    files = sorted(path for path in content.rglob("*") if path.is_file()) if content.is_dir() else [content]
    lines = [f"{digest(file)}  {file.relative_to(content.parent).as_posix()}\n" for file in files]
    sums_path(content).write_text("".join(lines), encoding="utf-8")


def problem(content: Path) -> str | None:
    """Say which file of a version is not what was written, and why; None if all are.

    A version without sums was put there by hand, and is taken as it is.
    """
    sums = sums_path(content)
    if not sums.exists():
        return None
    try:
        named = [line.split("  ", 1) for line in sums.read_text(encoding="utf-8").splitlines()]
        expected = {content.parent / name: checksum for checksum, name in named}
    except (UnicodeDecodeError, ValueError):
        return f"{sums} is damaged: it does not name files and their SHA-256 sums"
    for file, checksum in expected.items():
        if not file.is_file():
            return f"{file} is missing, but {sums.name} names it"
        if digest(file) != checksum:
            return f"{file} is damaged: its SHA-256 is not the one in {sums.name}"
    # an empty folder has no sums; a file always has
    return None if expected or content.is_dir() else f"{sums} is damaged: it is empty"
