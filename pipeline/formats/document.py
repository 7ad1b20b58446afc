"""The foreign formats as a document: what each needs, and where every field of ours is found."""

from collections.abc import Mapping

from pipeline.contract.events import TOPIC_OF_TABLE
from pipeline.formats.mapping import Fields, Format, Source, as_it_is
from pipeline.markdown import code, table

INTRODUCTION = """\
# Input formats

`hydratrace land --input-format NAMES` (setting `input_format`) reads records that you already have and makes our events
of them, before anything else happens to them. A format belongs to one table: the topic of that table then carries
foreign records, the topics of the others carry [our events](contract.md). So `litellm,stripe` reads usage from LiteLLM
and payments from Stripe; sign-ups stay ours. Topic names are the setting `topics`.

What a record cannot tell is not guessed. Without a field that is required it goes to `rejected` as `unmappable`, with
the place where the field was looked for; what holds no event of ours goes there as `irrelevant`. Where your records
have a field elsewhere, say where, by a JSON pointer (RFC 6901) from the record, or from the item it holds:

```toml
input_format = "litellm"

[input_fields.litellm]
account_id = "/metadata/user_api_key_team_id"
```

Name accounts alike in all sources: usage and payments meet by `account_id` alone, and it is stored in clear, so it must
be your own internal id, not an e-mail address. Prompts are fingerprinted and dropped as those of our own events;
of a rejected record only the fields below are kept, sensitive ones as tokens.

A record may hold several events (an OTLP export, a batch of Kong). Its address is then that of several rows, which land
together or not at all; address and `event_id` together name one row. An item that is bad is rejected with its path in
the record and hides none of its neighbours. Retries are recognised by the record's own id.

An empty text, `null` and `-` are no value. Of several places the first that has a value counts.
"""


def formats_document(formats: Mapping[str, Format]) -> str:
    """Markdown of all formats."""
    return INTRODUCTION + "".join(_format(name, foreign) for name, foreign in formats.items())


def _format(name: str, foreign: Format) -> str:
    topic = TOPIC_OF_TABLE[foreign.table].name
    parts = [f"\n## {name}\n\nMakes `{topic}`.\n\n{foreign.about}\n\nDocumented at {', '.join(foreign.documents)}.\n"]
    parts += [f"\n### {name}: {shape}\n\n{_fields(fields)}" for shape, fields in foreign.shapes.items()]
    return "".join(parts)


def _fields(fields: Fields) -> str:
    return table(
        ["field", "from", "read"], [(code(name), _places(source), _how(source)) for name, source in fields.items()]
    )


def _places(source: Source) -> str:
    return "" if source.pointers == ("",) else ", ".join(map(code, source.pointers))


def _how(source: Source) -> str:
    return "" if source.read is as_it_is else str(source.read.__doc__).rstrip(".")
