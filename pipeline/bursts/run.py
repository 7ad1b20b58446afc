"""Runs the pipeline of sign-up bursts: in this process, or where the options of Beam say."""

from collections.abc import Sequence
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.bursts.table import Plan
from pipeline.bursts.transforms import FindBursts
from pipeline.landing.flink_options import DEFAULTS, named, wants_flink
from pipeline.landing.in_process import finish, in_process

# Of a job on Flink, where the options do not name them.
ENVIRONMENT = ("environment_type", "environment_config", "job_server_timeout")


def run(lake: Path, plan: Plan, arguments: Sequence[str]) -> None:
    """Carry out `plan`; raises what a worker raised, if it is ours."""
    if wants_flink(arguments):
        missing = [name for name in ENVIRONMENT if name not in named(arguments)]
        options = [*arguments, *(f"--{name}={DEFAULTS[name]}" for name in missing)]
        pipeline = beam.Pipeline(options=PipelineOptions(options))
    else:
        pipeline = in_process(arguments)
    _ = pipeline | FindBursts(lake, plan)
    finish(pipeline)
