"""Settings: flags over HYDRATRACE_* environment over hydratrace.toml; everything wrong is named at once."""

import difflib
import tomllib
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from pipeline.contract.events import TOPIC_OF_TABLE
from pipeline.errors import UsageError
from pipeline.sources.client_settings import NAMES

FILE = "hydratrace.toml"
RETAINED = (*TOPIC_OF_TABLE, "rejected", "matches", "signup_bursts", "alerts", "runs", "holds")
# Clusters keep their names by what the runs of the last week saw, and hooks are told by those names.
LEAST_DAYS = {"runs": 8, "alerts": 8}
PREFIX = "HYDRATRACE_"
# What names files: in the settings file, from the folder that it lies in; elsewhere, from the working directory.
PATHS = ("lake", "key_file", "files", "asn_database", "country_database")
HOOK_PATHS = ("path", "url_file", "secret_file", "ca_file")
KAFKA_PATHS = tuple(name for name in NAMES if name.endswith((".location", ".file")))


def _about(text: str, **limits: Any) -> msgspec.Meta:
    return msgspec.Meta(description=text, **limits)


class Hook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A receiver of alerts: `[[hooks]]` in the settings file."""

    name: Annotated[
        str,
        _about(
            "Name shown in `alerts`; unique. Letters, digits, - and _: it names a lock file too.",
            pattern=r"\A[A-Za-z0-9_-]{1,64}\Z",
        ),
    ]
    type: Annotated[
        typing.Literal["jsonl", "webhook", "slack", "pagerduty", "ocsf", "stix", "kafka"],
        _about("What speaks to the receiver: one of the files in pipeline/alerts/hooks."),
    ]
    verdicts: Annotated[
        tuple[typing.Literal["distillation", "trial_abuse", "resale", "organisation", "undetermined"], ...],
        _about("Verdicts that it hears of."),
    ] = ("distillation", "trial_abuse", "resale")
    path: Annotated[str, _about("jsonl, ocsf: file to append to; stix: folder to write to.")] = ""
    url_file: Annotated[str, _about("File that holds the URL, a secret of its own with Slack.")] = ""
    secret_file: Annotated[
        str, _about("webhook, ocsf, stix: file of whsec_… secrets, one a line; pagerduty: of the routing key.")
    ] = ""
    ca_file: Annotated[str, _about("PEM file of the authorities that sign the receiver's certificate.")] = ""
    allow_insecure: Annotated[bool, _about("Allow http and private addresses (for your own machines).")] = False
    timeout_seconds: Annotated[float, _about("Longest that one try may take.", gt=0, le=30)] = 20.0
    topic: Annotated[str, _about("kafka: topic to write to.", min_length=1)] = "hydratrace.finding.v1"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting, its meaning and its default."""

    lake: Annotated[str, _about("Folder of the lake.")] = "lake"
    key_file: Annotated[
        str, _about("Key that tokens are made with, made by the first land; else $XDG_CONFIG_HOME/hydratrace/key.")
    ] = ""
    files: Annotated[str, _about("Folder of JSONL files to land from.")] = ""
    bootstrap_servers: Annotated[str, _about("Kafka brokers, host:port,…")] = ""
    topics: Annotated[dict[str, str], _about("Topic of each event table, where it is not the default.")] = {}
    input_format: Annotated[
        str, _about("Foreign formats, by commas: litellm, envoy, kong, otel-genai (usage), stripe (payment).")
    ] = ""
    input_fields: Annotated[
        dict[str, dict[str, str]], _about("Format → field of ours → JSON pointer, where it is not the usual place.")
    ] = {}
    asn_database: Annotated[str, _about("File in MaxMind's format that fills asn; needs the [geo] extra.")] = ""
    country_database: Annotated[str, _about("File in MaxMind's format that fills ip_country.")] = ""
    kafka: Annotated[dict[str, str], _about("Kafka client settings by Kafka's own names (security.protocol, …).")] = {}
    fetcher: Annotated[
        typing.Literal["kafka-python", "confluent"], _about("Kafka client; confluent needs the [fast] extra.")
    ] = "kafka-python"
    poll_records: Annotated[int, _about("Most records in one polled batch.", ge=1, le=1_000_000)] = 10_000
    commit_records: Annotated[int, _about("Most records in one commit.", ge=1, le=10_000_000)] = 50_000
    commit_bytes: Annotated[int, _about("Most bytes of records in one commit.", ge=1)] = 64 * 2**20
    tick_seconds: Annotated[float, _about("Least time between two ticks of land --follow.", ge=0.05, le=3600)] = 1.0
    processes: Annotated[int, _about("Processes that land side by side.", ge=1, le=64)] = 1
    recycle_minutes: Annotated[
        float, _about("Age at which the job on Flink is ended and submitted again.", gt=0, le=10_080)
    ] = 60.0
    stall_seconds: Annotated[
        float, _about("Longest that nothing lands from Flink though records wait; then it is submitted again.", ge=10)
    ] = 90.0
    link_minutes: Annotated[
        float, _about("Longest that what has landed waits for a link run of run.", gt=0, le=10_080)
    ] = 10.0
    link_events: Annotated[int, _about("Events landed that make a link run of run due sooner.", ge=1)] = 250_000
    listen: Annotated[str, _about("host:port where run answers /healthz and /metrics.")] = "127.0.0.1:9400"
    retention: Annotated[
        dict[str, Annotated[int, msgspec.Meta(ge=1)]],
        _about(
            "Days that rows are kept, by table (signup, payment, usage, action, rejected, matches, signup_bursts; at "
            "least 8: alerts, runs); else for ever. holds: days that a decision keeps its accounts, else for ever."
        ),
    ] = {}
    hooks: Annotated[list[Hook], _about("Receivers of alerts.")] = []

    def topic_names(self) -> dict[str, str]:
        """Table → name of its topic."""
        return {table: self.topics.get(table, topic.name) for table, topic in TOPIC_OF_TABLE.items()}


def load(flags: Mapping[str, Any], environment: Mapping[str, str], file: Path | None = None) -> Settings:
    """Settings from the three sources; `file` is hydratrace.toml of the working directory unless named.

    Raises UsageError naming every wrong setting, where it came from and what was expected.
    """
    values, problems = _from_file(file)
    values |= _from_environment(environment, values.get("kafka", ({}, ""))[0])
    values |= {name: (value, "flag --" + name.replace("_", "-")) for name, value in flags.items() if value is not None}
    good: dict[str, Any] = {}
    hints = typing.get_type_hints(Settings, include_extras=True)
    for name, (value, origin) in values.items():
        if name not in hints:
            near = difflib.get_close_matches(name, hints, 1)
            problems.append(f"unknown setting {name!r} ({origin}){f', did you mean {near[0]}?' if near else ''}")
            continue
        try:
            good[name] = msgspec.convert(value, hints[name], strict=False)
        except msgspec.ValidationError as error:
            problems.append(f"{name} ({origin}): {error}")
    problems.extend(f"topics: no table {table!r}" for table in good.get("topics", {}) if table not in TOPIC_OF_TABLE)
    problems.extend(_shared_topics(good.get("topics", {})))
    retention = good.get("retention", {})
    problems.extend(
        f"retention: {name!r} is none of {', '.join(RETAINED)}" for name in retention.keys() - set(RETAINED)
    )
    problems.extend(
        f"retention: {name} are kept for at least {least} days"
        for name, least in LEAST_DAYS.items()
        if retention.get(name, least) < least
    )
    if problems:
        raise UsageError("wrong settings: " + "; ".join(problems))
    return Settings(**good)


def _shared_topics(topics: Mapping[str, str]) -> list[str]:
    tables = Settings(topics=dict(topics)).topic_names()
    names = list(tables.values())
    return [f"topics: {name!r} is named for two tables" for name in dict.fromkeys(names) if names.count(name) > 1]


def _from_file(file: Path | None) -> tuple[dict[str, tuple[Any, str]], list[str]]:
    path = file or Path(FILE)
    if file is None and not path.exists():
        return {}, []
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return {}, [f"cannot read {path}: {error.strerror}"]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return {}, [f"{path}: {error}"]
    if isinstance(content.get("kafka"), dict):
        content["kafka"] = _dotted(content["kafka"])
    _place(path.parent, content)
    return {name: (value, str(path)) for name, value in content.items()}, []


def _place(folder: Path, content: dict[str, Any]) -> None:
    """Let relative paths begin at `folder`."""
    hooks, kafka = content.get("hooks"), content.get("kafka")
    tables = [(hook, HOOK_PATHS) for hook in hooks] if isinstance(hooks, list) else []
    for table, names in ((content, PATHS), (kafka, KAFKA_PATHS), *tables):
        for name in names if isinstance(table, dict) else ():
            named = table.get(name)
            if isinstance(named, str) and named:
                table[name] = str(folder / Path(named).expanduser())


def _dotted(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            flat |= _dotted(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return flat


def _from_environment(environment: Mapping[str, str], kafka_of_file: Any) -> dict[str, tuple[Any, str]]:
    values: dict[str, tuple[Any, str]] = {}
    kafka: dict[str, str] = {}
    for variable, value in environment.items():
        name = variable.removeprefix(PREFIX)
        if name == variable:
            continue
        if name.startswith("KAFKA_"):
            kafka[name.removeprefix("KAFKA_").lower().replace("_", ".")] = value
        else:
            values[name.lower()] = (value, variable)
    if kafka and isinstance(kafka_of_file, dict):  # single names win over the file's, whose other names stand
        values["kafka"] = ({**kafka_of_file, **kafka}, PREFIX + "KAFKA_*")
    return values
