"""What retention took: the log that it leaves in the lake."""

from datetime import UTC, datetime

import duckdb

from pipeline.lake import Lake

EVER = datetime(1970, 1, 1, tzinfo=UTC)


def cuts(lake: Lake, since: datetime = EVER) -> dict[str, datetime]:
    """Table → before when its rows have left, by what retention did since an instant."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        rows = con.sql(
            f'SELECT "table", max(before) AS before FROM ({lake.select("retentions")}) '
            'WHERE retained_at >= $since GROUP BY "table"',
            params={"since": since},
        ).to_arrow_table()
    return {row["table"]: row["before"] for row in rows.to_pylist()}
