"""Where result rows go: a file that appears whole, or standard output."""

import shutil
import sys
from pathlib import Path

import pyarrow as pa

from pipeline.errors import UsageError
from queries.casefile.atomic import written_whole
from queries.formats import WRITERS


def write(reader: pa.RecordBatchReader, form: str, output: Path | None) -> None:
    """Write the rows in the format `form` to `output`, or to standard output.

    Raises UsageError if the file cannot be written, or lies in a lake.
    """
    if output is None:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        WRITERS[form](reader, sys.stdout.buffer, width)
        sys.stdout.flush()
        return
    _refuse_lakes(output)
    try:
        with written_whole(output.absolute(), mode=0o644) as unfinished, unfinished.open("wb") as file:
            WRITERS[form](reader, file, None)
    except OSError as error:
        raise UsageError(f"cannot write {output}: {error.strerror}") from None


def _refuse_lakes(output: Path) -> None:
    """A lake's files are replaced by those who own them only: rows took the case file's place, read-only or not."""
    from pipeline.lake import MARKER

    for folder in output.resolve().parents:
        if (folder / MARKER).exists():
            raise UsageError(f"cannot write {output}: {folder} is a lake", expected="a file outside of it")
