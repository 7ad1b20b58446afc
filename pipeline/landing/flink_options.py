"""Options of the streaming job on Flink: what we set, what may be chosen, and what would lose or stall records."""

from collections.abc import Mapping, Sequence

from pipeline.errors import UsageError
from pipeline.settings import Settings

RUNNER = "PortableRunner"

# Set by us. Without finish_bundle_before_checkpointing a checkpoint in a job's first second leaves it reading nothing.
FIXED: Mapping[str, str] = {"streaming": "", "finish_bundle_before_checkpointing": ""}

# Set by us unless named. Checkpoints hold nothing that the lake does not know, so they may be rare; a restart begins
# at the last one. Bundles of half a second keep an event on its way for little longer than the reader's pause.
DEFAULTS: Mapping[str, str] = {
    "checkpointing_interval": "5000",  # milliseconds
    "max_bundle_time_mills": "500",
    "environment_type": "EXTERNAL",
    "environment_config": "localhost:50000",  # the pool of Python workers
    "job_server_timeout": "60",  # seconds
}
LEAST_CHECKPOINTING_MS = 1000

# What must not be named, and why.
REFUSED: Mapping[str, str] = {
    "job_name": "hydratrace finds its job again by the name that it gives",
    "save_main_session": "workers import hydratrace",
    "shutdown_sources_after_idle_ms": "the job would end when nothing comes",
    "flink_submit_uber_jar": "the job server submits the job",
}


def wants_flink(arguments: Sequence[str]) -> bool:
    """Whether the options name Flink's runner; raises UsageError if they name another one."""
    runner = named(arguments).get("runner")
    if runner not in (None, RUNNER):
        raise UsageError(f"--runner={runner} is not supported", expected=f"--runner={RUNNER}, or none")
    return runner is not None


def check_job(settings: Settings, arguments: Sequence[str], *, follow: bool) -> None:
    """Raise UsageError naming all that cannot be had on Flink, and every option that contradicts ours."""
    given = named(arguments)
    problems = [] if follow else ["it reads for ever: --follow is missing"]
    problems += ["it reads Kafka, not --files"] if settings.files else []
    problems += ["--processes is for landing without Flink: here it is --parallelism"] if settings.processes > 1 else []
    problems += [f"--{name}: {why}" for name, why in REFUSED.items() if name in given]
    problems += [f"--{name} must be set" for name in FIXED if given.get(name, "true").lower() not in ("", "true")]
    if not given.get("job_endpoint"):
        problems.append("--job_endpoint=HOST:PORT of Beam's job server is missing")
    if given.get("environment_type", "EXTERNAL") != "EXTERNAL":
        problems.append(f"--environment_type={given['environment_type']}: only EXTERNAL, a pool of workers, was tested")
    interval = given.get("checkpointing_interval", DEFAULTS["checkpointing_interval"])
    if not interval.isdecimal() or int(interval) < LEAST_CHECKPOINTING_MS:
        problems.append(f"--checkpointing_interval={interval}: it is in milliseconds, {LEAST_CHECKPOINTING_MS} or more")
    if problems:
        raise UsageError(f"the job on Flink: {'; '.join(problems)}")


def flink_options(arguments: Sequence[str], job_name: str) -> list[str]:
    """Beam's options for the streaming job: the user's, ours, and the defaults for what is not named."""
    given = named(arguments)
    ours = {**DEFAULTS, **FIXED, "job_name": job_name}
    return [
        *arguments,
        *(f"--{name}={value}" if value else f"--{name}" for name, value in ours.items() if name not in given),
    ]


def named(arguments: Sequence[str]) -> dict[str, str]:
    """Option → value, "" for a flag; `--name value` and `--name=value` are the same."""
    found: dict[str, str] = {}
    last = ""
    for word in arguments:
        if word.startswith("--"):
            name, _, value = word.removeprefix("--").partition("=")
            last = name.replace("-", "_")
            found[last] = value
        elif last and not found[last]:
            found[last] = word
        else:
            raise UsageError(f"{word!r} is no option", expected="--name=value")
    return found
