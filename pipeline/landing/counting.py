"""Counts what others land, from the tables' logs: Beam's counters end with the job that holds them."""

import logging
from collections import Counter
from collections.abc import Mapping

import pyarrow as pa
from deltalake.exceptions import DeltaError

from pipeline.contract.tables import EVENT_TABLES
from pipeline.lake import Lake
from pipeline.landing.micro_batches import Tick

log = logging.getLogger(__name__)

TABLES = (*(table.name for table in EVENT_TABLES), "rejected")


class LandedRows:
    """Rows that have come since the last look."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._positions: Mapping[str, int] = {}
        self._before = self._rows()

    def look(self, positions: Mapping[str, int], lag: int) -> Tick:
        """Count again if the positions have moved."""
        if positions == self._positions:
            return Tick(0, 0, lag, idle=not lag)
        try:
            before, self._before = self._before, self._rows()
        except (DeltaError, OSError) as error:  # counted at the next look
            log.warning("cannot count what has landed: %s", str(error).partition("\n")[0])
            return Tick(0, 0, lag, idle=False)
        self._positions = positions
        came = self._before - before  # a table that shrank (retention, erasure) counts as nothing
        return Tick(came.total() - came["rejected"], came["rejected"], lag, idle=False)

    def _rows(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for name in TABLES:
            if self._lake.path(name).is_dir():
                files = pa.table(self._lake.table(name).get_add_actions(flatten=True))
                found[name] = sum(files["num_records"].to_pylist())
        return found
