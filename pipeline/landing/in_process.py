"""Runs one bounded pipeline on Beam's in-process runner."""

import re
from collections.abc import Mapping, Sequence

import apache_beam as beam
from apache_beam.metrics import MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from pipeline import errors
from pipeline.landing.transforms import NAMESPACE, LandBatches
from pipeline.sources.batch import Span

BEAMS_WORDS = " [while running"  # added to the text of what a worker raises
OUR_ERROR = re.compile(rf"pipeline\.errors\.(\w+): (.*?)(?:{re.escape(BEAMS_WORDS)}|\n|$)")


def run_bounded(spans: Sequence[Span], land: LandBatches, arguments: Sequence[str]) -> Mapping[str, int]:
    """Run `land` over `spans` and return its counters; raises what a worker raised, if it is ours."""
    pipeline = in_process(arguments)
    _ = pipeline | beam.Create(spans, reshuffle=False) | land
    return finish(pipeline)


def in_process(arguments: Sequence[str]) -> beam.Pipeline:
    """A pipeline for this process; the runner is named outright: Beam's default would try to download another one."""
    return beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions(list(arguments)))


def finish(pipeline: beam.Pipeline) -> Mapping[str, int]:
    """Run `pipeline` to its end and return our counters; raises what a worker raised, if it is ours."""
    try:
        result = pipeline.run()
        result.wait_until_finish()
    except errors.HydratraceError as error:
        raise type(error)(str(error).partition(BEAMS_WORDS)[0]) from None
    except Exception as error:
        ours = OUR_ERROR.search(str(error))
        if ours is None:
            raise
        # Beam hands a worker's exception over as text only.
        raise getattr(errors, ours.group(1))(ours.group(2)) from None
    counters = result.metrics().query(MetricsFilter().with_namespace(NAMESPACE))["counters"]
    return {counter.key.metric.name: counter.committed or 0 for counter in counters}
