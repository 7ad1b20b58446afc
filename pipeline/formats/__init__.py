"""Records that people already have, mapped to our events: one file a format, its mapping as data."""

from pipeline.formats import envoy, kong, litellm, otel_genai, stripe
from pipeline.formats.mapping import Format

FORMATS: dict[str, Format] = {
    "litellm": litellm.FORMAT,
    "envoy": envoy.FORMAT,
    "kong": kong.FORMAT,
    "otel-genai": otel_genai.FORMAT,
    "stripe": stripe.FORMAT,
}
