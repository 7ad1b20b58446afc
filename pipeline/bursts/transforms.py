"""The Beam transforms of sign-up bursts: event-time windows of five minutes over the days that are drawn anew."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import AsList, AsSingleton
from apache_beam.transforms.window import FixedWindows, GlobalWindows, TimestampedValue

from pipeline.bursts import signups
from pipeline.bursts.past import HOURS, WINDOW_SECONDS, Tally
from pipeline.bursts.signups import Day
from pipeline.bursts.table import CROWDED, Plan, replace_days, scored, whole

# One sign-up is no burst.
LEAST_SIGNUPS = 2


class FindBursts(beam.PTransform):
    """Count the sign-ups of each key in windows of event time, weigh them against the past, replace the days' rows."""

    def __init__(self, lake: Path, plan: Plan) -> None:
        super().__init__()
        self._lake, self._plan = lake, plan

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[None]:
        """Nothing → PCollection that stays empty: what was found is in the table."""
        crowded = (
            begin
            | "Days" >> beam.Create(self._plan.targets, reshuffle=False)
            | "Read" >> beam.ParDo(ReadFn())
            | "Windows" >> beam.WindowInto(FixedWindows(WINDOW_SECONDS))
            | "Gather" >> beam.GroupByKey()
            | "Count" >> beam.ParDo(CountFn())
            | "All" >> beam.WindowInto(GlobalWindows())
            | "List" >> beam.combiners.ToList()
            | "Table" >> beam.Map(whole)
        )
        tallies = (
            begin
            | "Past" >> beam.Create(self._plan.past, reshuffle=False)
            | "Tally" >> beam.ParDo(TallyFn(), AsSingleton(crowded))
        )
        return (
            begin
            | "Once" >> beam.Create([self._plan], reshuffle=False)
            | "Replace" >> beam.ParDo(ReplaceFn(self._lake), AsSingleton(crowded), AsList(tallies))
        )


# Kind → keys, one for each sign-up that shows one.
Keys = dict[str, pa.Array]


class ReadFn(beam.DoFn):
    """Day → keys of its sign-ups at their windows: one element per window, never one per sign-up.

    Elements are keyed by the window's start as well: what the runner does for the windows of one key is quadratic.
    """

    def process(self, day: Day) -> Iterator[tuple[int, Keys]]:
        """Read one day; what no window can be crowded with, for want of a second sign-up, is left out at once."""
        rows = signups.read(day)
        windows: dict[int, Keys] = {}
        for kind in signups.KINDS:
            for start, keys in _by_window(signups.shown(rows, kind)):
                windows.setdefault(start, {})[kind] = keys
        for start, shown in windows.items():
            yield TimestampedValue((start, shown), start)


class CountFn(beam.DoFn):
    """Keys of the sign-ups of one window → those with several."""

    def process(self, element: tuple[int, Iterable[Keys]], window: Any = beam.DoFn.WindowParam) -> Iterator[pa.Table]:
        """Count one window."""
        shown, start = list(element[1]), pa.scalar(window.start.micros, pa.timestamp("us", "UTC"))
        parts = []
        for kind in signups.KINDS:
            arrays = [keys[kind] for keys in shown if kind in keys]
            counts = pa.chunked_array(arrays, pa.string()).value_counts()
            crowded = counts.filter(pc.greater_equal(counts.field("counts"), LEAST_SIGNUPS))
            fixed = pa.repeat(kind, len(crowded)), pa.repeat(start, len(crowded))
            columns = [fixed[0], crowded.field("values"), fixed[1], crowded.field("counts")]
            parts.append(pa.Table.from_arrays(columns, schema=CROWDED))
        if (several := pa.concat_tables(parts)).num_rows:
            yield several


def _by_window(shown: pa.Table) -> Iterator[tuple[int, pa.Array]]:
    """(start in seconds, keys) of each window with several sign-ups whose keys show several times in the day."""
    coded = shown["key"].combine_chunks().dictionary_encode()
    places = coded.indices.to_numpy()
    kept = np.flatnonzero(np.bincount(places, minlength=len(coded.dictionary))[places] >= LEAST_SIGNUPS)
    start = pc.cast(shown["event_time"], pa.int64()).to_numpy()[kept] // (WINDOW_SECONDS * 1_000_000) * WINDOW_SECONDS
    order = np.argsort(start, kind="stable")
    places = places[kept[order]]
    starts, firsts = np.unique(start[order], return_index=True)
    for at, (first, end) in zip(starts.tolist(), pairwise([*firsts.tolist(), len(places)]), strict=True):
        if end - first >= LEAST_SIGNUPS:
            # Taken, not sliced: a slice travels with the buffers of the whole day.
            yield at, coded.dictionary.take(pa.array(places[first:end]))


class TallyFn(beam.DoFn):
    """Day → its tally, of the keys that some window is crowded with."""

    def process(self, day: Day, crowded: pa.Table) -> Iterator[Tally]:
        """Tally one day."""
        rows = signups.read(day)
        hours = np.bincount(pc.hour(rows["event_time"]).to_numpy(), minlength=HOURS).tolist()
        kinds: dict[str, tuple[int, int]] = {}
        keys: dict[tuple[str, str], int] = {}
        for kind in signups.KINDS:
            counts = signups.shown(rows, kind)["key"].value_counts()
            kinds[kind] = (pc.sum(counts.field("counts")).as_py() or 0, len(counts))
            ours = crowded.filter(pc.field("kind") == kind)["key"]
            found = counts.filter(pc.is_in(counts.field("values"), value_set=ours))
            keys |= {(kind, pair["values"]): pair["counts"] for pair in found.to_pylist()}
        yield Tally(day.day, tuple(hours), kinds, keys)


class ReplaceFn(beam.DoFn):
    """Plan, crowded windows and tallies → committed rows."""

    def __init__(self, lake: Path) -> None:
        self._root = lake

    def process(self, plan: Plan, crowded: pa.Table, tallies: list[Tally]) -> None:
        """Weigh all windows and replace the days' rows, in one commit."""
        replace_days(self._root, plan, scored(crowded, tallies))
