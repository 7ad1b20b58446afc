"""Records that can no longer be read: stop and say so, or, when told to go on, write the span down in `gaps`."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME
from pipeline.errors import SourceError
from pipeline.lake import Lake
from pipeline.landing.append import commit, move_tip, unwritable
from pipeline.sources.source import Loss

FOR_EVER = 2**63 - 1  # where a gap ends whose end is not known
GAPS = arrow_schema(BY_NAME["gaps"])


def settle(lake: Lake, losses: Sequence[Loss], *, accept: bool) -> bool:
    """Record the losses that are not recorded yet, and step over them; False if there are none.

    The transactions of `gaps` say how far a partition's losses are recorded: so each is recorded once, whatever is
    killed and whoever runs beside.

    Raises SourceError saying what is gone unless `accept`, LakeError if the lake cannot be written.
    """
    if not losses:
        return False
    try:
        gaps = lake.table("gaps")
        pending = [loss for loss in losses if loss.end_known or _recorded(gaps, loss) < FOR_EVER]
        if pending and not accept:
            told = "; ".join(_describe(loss) for loss in pending)
            raise SourceError(told, remedy="to go on and record the gap: hydratrace land --accept-loss")
        _record(gaps, pending)
        for loss in pending:
            if loss.end_known:
                move_tip(lake, loss.span)
    except CommitFailedError:
        pass  # another job was faster: the next tick looks again
    except (DeltaError, OSError) as error:
        raise unwritable(lake, "gaps", error) from None
    return bool(pending)


def _recorded(gaps: DeltaTable, loss: Loss) -> int:
    return gaps.transaction_version(loss.span.application) or 0


def _record(gaps: DeltaTable, losses: Sequence[Loss]) -> None:
    now = datetime.now(UTC)
    rows: list[dict[str, object]] = []
    tips: dict[str, int] = {}
    for span, reason, end_known in losses:
        start = max(span.start, gaps.transaction_version(span.application) or 0)
        end = span.end if end_known else FOR_EVER
        if start >= end:
            continue
        tips[span.application] = end
        rows.append(
            {
                "_topic_id": span.topic_id,
                "_topic": span.topic,
                "_partition": span.partition,
                "_offset": start,
                "end_offset": end if end_known else None,
                "reason": reason,
                "recorded_at": now,
            }
        )
    if rows:
        commit(gaps, pa.Table.from_pylist(rows, schema=GAPS), tips)


def _describe(loss: Loss) -> str:
    span = loss.span
    if loss.end_known:
        return (
            f"{span.topic}/{span.partition}: {span.end - span.start} offsets are gone "
            f"(landed up to {span.start}, the log starts at {span.end}: {loss.reason})"
        )
    return f"{span.topic}/{span.partition} (id {span.topic_id}, landed up to {span.start}) is gone: {loss.reason}"
