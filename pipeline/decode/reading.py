"""How the records of a source are read: in which formats, and with which databases of places."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.contract.events import TOPIC_OF_TABLE
from pipeline.contract.schema import event_fields
from pipeline.decode.decoder import Decoder
from pipeline.errors import UsageError
from pipeline.formats import FORMATS
from pipeline.formats.mapping import keys
from pipeline.formats.translate import Translator
from pipeline.privacy.places import Places
from pipeline.privacy.tokens import Tokens
from pipeline.settings import Settings


@dataclass(frozen=True)
class Reading:
    """What a decoder is made with, as plain values: it is pickled into Beam's workers.

    `formats` is table → foreign format, `moved` format → field → pointer.
    """

    formats: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    asn_database: str = ""
    country_database: str = ""

    def decoder(self, table: str, tokens: Tokens) -> Decoder:
        """Make the decoder of a table. Raises UsageError if a database cannot be read."""
        name = self.formats.get(table)
        translator = Translator(FORMATS[name], self.moved.get(name, {})) if name else None
        return Decoder(table, tokens, translator, self.places())

    def places(self) -> Places | None:
        """Open the databases, if any is named."""
        named = self.asn_database or self.country_database
        return Places(self.asn_database, self.country_database) if named else None


def reading_of(settings: Settings) -> Reading:
    """Take the reading from the settings. Raises UsageError naming all that is wrong."""
    formats: dict[str, str] = {}
    problems: list[str] = []
    for name in filter(None, map(str.strip, settings.input_format.split(","))):
        if name not in FORMATS:
            problems.append(f"no input format {name!r}")
        elif formats.setdefault(FORMATS[name].table, name) != name:
            problems.append(f"{name} and {formats[FORMATS[name].table]} are both for {FORMATS[name].table}")
    for name, moved in settings.input_fields.items():
        problems.extend(_wrong(name, moved))
    if problems:
        raise UsageError("; ".join(problems), expected=f"{', '.join(FORMATS)}, and pointers as in /metadata/user")
    reading = Reading(formats, settings.input_fields, settings.asn_database, settings.country_database)
    places = reading.places()
    if places:
        places.check()
    return reading


def _wrong(name: str, moved: Mapping[str, str]) -> list[str]:
    """Say what is wrong with the fields named for one format."""
    if name not in FORMATS:
        return [f"input_fields: no input format {name!r}"]
    table = FORMATS[name].table
    fields = {each for each, _, _ in event_fields(TOPIC_OF_TABLE[table].record)}
    wrong = [f"input_fields.{name}: {table} has no field {each!r}" for each in moved if each not in fields]
    for each, pointer in moved.items():
        try:
            keys(pointer)
        except ValueError:
            wrong.append(f"input_fields.{name}.{each}: {pointer!r} is no JSON pointer")
    return wrong
