"""The metrics of the service, in Prometheus' text format 0.0.4."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from queries.service.health import trouble
from queries.service.service import Service

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[Mapping[str, str], float]


@dataclass(frozen=True)
class Metric:
    """One metric: its samples are drawn from the service; no sample where there is nothing to say yet."""

    name: str
    kind: str
    about: str
    labels: tuple[str, ...]
    draw: Callable[[Service], Iterable[Sample]]


def _healthy(service: Service) -> Iterator[Sample]:
    yield {}, float(not trouble(service, time.monotonic()))


def _leading(service: Service) -> Iterator[Sample]:
    yield {}, float(not service.standing_by)


def _lag(unit: str) -> Callable[[Service], Iterator[Sample]]:
    def draw(service: Service) -> Iterator[Sample]:
        if service.watch.unit == unit and service.watch.lag is not None:
            yield {}, service.watch.lag

    return draw


def _landed(service: Service) -> Iterator[Sample]:
    yield from (({"table": table}, rows) for table, rows in sorted(service.watch.landed.items()))


def _rejected(service: Service) -> Iterator[Sample]:
    if seen := service.watch.figures:
        yield from (({"reason": reason}, rows) for reason, rows in sorted(seen.rejected.items()))


def _rows_of(table: str) -> Callable[[Service], Iterator[Sample]]:
    def draw(service: Service) -> Iterator[Sample]:
        if seen := service.watch.figures:
            yield {}, seen.rows(table)

    return draw


def _sizes(field: str) -> Callable[[Service], Iterator[Sample]]:
    def draw(service: Service) -> Iterator[Sample]:
        if seen := service.watch.figures:
            yield from (({"table": table}, getattr(size, field)) for table, size in seen.sizes.items())

    return draw


def _last_link(service: Service) -> Iterator[Sample]:
    if (seen := service.watch.figures) and seen.run:
        yield {}, seen.run.started_at.timestamp()


def _verdicts(service: Service) -> Iterator[Sample]:
    if seen := service.watch.figures:
        yield from (({"verdict": verdict}, clusters) for verdict, clusters in sorted(seen.verdicts.items()))


def _alerts(service: Service) -> Iterator[Sample]:
    if seen := service.watch.figures:
        yield from (({"hook": owed.hook, "state": owed.state}, owed.alerts) for owed in seen.alerts)


def _failures(service: Service) -> Iterator[Sample]:
    yield from (({"step": step.name}, step.failures) for step in service.steps.values())


def _seconds(service: Service) -> Iterator[Sample]:
    yield from (({"step": step.name}, step.seconds) for step in service.steps.values() if step.seconds)


METRICS = (
    Metric("hydratrace_healthy", "gauge", "1 while /healthz answers 200.", (), _healthy),
    Metric("hydratrace_leading", "gauge", "1 while this process serves the lake, 0 while it stands by.", (), _leading),
    Metric("hydratrace_lag_offsets", "gauge", "Offsets that have not landed, lost ones too.", (), _lag("offsets")),
    Metric("hydratrace_lag_bytes", "gauge", "Bytes of the files that have not landed.", (), _lag("bytes")),
    Metric("hydratrace_landed_events_total", "counter", "Events landed since the start.", ("table",), _landed),
    Metric("hydratrace_rejected_records", "gauge", "Records in the table rejected.", ("reason",), _rejected),
    Metric("hydratrace_gaps", "gauge", "Lost spans of offsets.", (), _rows_of("gaps")),
    Metric("hydratrace_clashes", "gauge", "Event ids that came with two contents.", (), _rows_of("clashes")),
    Metric("hydratrace_table_rows", "gauge", "Rows of a Delta table.", ("table",), _sizes("rows")),
    Metric("hydratrace_table_files", "gauge", "Live files of a Delta table.", ("table",), _sizes("files")),
    Metric("hydratrace_table_bytes", "gauge", "Size of a Delta table's live files.", ("table",), _sizes("bytes")),
    Metric("hydratrace_step_duration_seconds", "gauge", "Of the last one that went well.", ("step",), _seconds),
    Metric("hydratrace_step_failures_total", "counter", "Failures since the start.", ("step",), _failures),
    Metric("hydratrace_last_link_timestamp_seconds", "gauge", "Start of the current run, Unix time.", (), _last_link),
    Metric("hydratrace_clusters", "gauge", "Clusters of the current run.", ("verdict",), _verdicts),
    Metric("hydratrace_alerts", "gauge", "Deliveries by the state they are in.", ("hook", "state"), _alerts),
)  # fmt: skip


def exposition(service: Service) -> str:
    """Every metric, with its help and type; source: Prometheus, exposition formats, text format."""
    lines: list[str] = []
    for metric in METRICS:
        samples = list(metric.draw(service))
        if samples:
            lines += [f"# HELP {metric.name} {_escaped(metric.about)}", f"# TYPE {metric.name} {metric.kind}"]
            lines += [f"{metric.name}{_labels(labels)} {_number(value)}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    pairs = [f'{name}="{_escaped(value, quotes=True)}"' for name, value in labels.items()]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _escaped(text: str, *, quotes: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quotes else text


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
