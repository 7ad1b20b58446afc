"""Records that can no longer be read: stop and say so, or, when told to go on, write the span down in `gaps`."""

from datetime import UTC, datetime

import pyarrow as pa
from deltalake import write_deltalake

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import BY_NAME
from pipeline.errors import SourceError
from pipeline.lake import Lake
from pipeline.landing.append import move_tip
from pipeline.sources.source import Loss


def settle(lake: Lake, losses: list[Loss], *, accept: bool) -> None:
    """Record the losses and step over them if `accept`, else raise SourceError saying what is gone."""
    if not losses:
        return
    if not accept:
        told = "; ".join(_describe(loss) for loss in losses)
        raise SourceError(told, remedy="to go on and record the gap: hydratrace land --accept-loss")
    now = datetime.now(UTC)
    rows = [
        {
            "_topic_id": loss.span.topic_id,
            "_topic": loss.span.topic,
            "_partition": loss.span.partition,
            "_offset": loss.span.start,
            "end_offset": loss.span.end if loss.end_known else None,
            "reason": loss.reason,
            "recorded_at": now,
        }
        for loss in losses
    ]
    write_deltalake(lake.table("gaps"), pa.Table.from_pylist(rows, schema=arrow_schema(BY_NAME["gaps"])), mode="append")
    for loss in losses:
        if loss.end_known:
            move_tip(lake, loss.span)


def _describe(loss: Loss) -> str:
    span = loss.span
    if loss.end_known:
        return (
            f"{span.topic}/{span.partition}: {span.end - span.start} offsets are gone "
            f"(landed up to {span.start}, the log starts at {span.end}: {loss.reason})"
        )
    return f"{span.topic} is another topic than the one that landed before (id {span.topic_id}): {loss.reason}"
