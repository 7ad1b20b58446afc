"""Posts each alert to a Slack incoming webhook, as blocks; its URL is the secret."""

from typing import Any

import msgspec

from pipeline.alerts.findings import Finding, Touch, percent
from pipeline.alerts.receiver import Message, Receiver
from pipeline.alerts.transports import Posted, target_of
from pipeline.settings import Hook, Settings

# Slack takes about one message a second from a webhook.
PAUSE_SECONDS = 1.0
# 400 is Slack's word for a payload it will never take.
REFUSED = (400,)
HEADER_CHARACTERS, SECTION_CHARACTERS = 150, 3000

Block = dict[str, Any]


def build(hook: Hook, settings: Settings) -> Receiver:
    """The receiver that `hook` names."""
    return Posted(target_of(hook), [], render, pause=PAUSE_SECONDS, refused=REFUSED)


def render(message: Message) -> str:
    """The alert as Block Kit. What attackers may have written is plain_text, in which Slack reads no markup."""
    finding = message.envelope.data
    blocks = [
        {"type": "header", "text": _plain(finding.summary, HEADER_CHARACTERS)},
        {"type": "section", "fields": [_plain(field, SECTION_CHARACTERS) for field in _figures(finding)]},
        *_list("Touched by, newest first", [_touch(touch) for touch in finding.touches]),
        *_list("Why", finding.reasons),
        *_list("What speaks against it", finding.counter_evidence),
        *_list("Other clusters", finding.other_clusters),
        {"type": "context", "elements": [_plain(_footer(finding), SECTION_CHARACTERS)]},
    ]
    return msgspec.json.encode({"text": _escaped(finding.summary), "blocks": blocks}).decode()


def _figures(finding: Finding) -> list[str]:
    return [
        f"Verdict: {finding.verdict.replace('_', ' ')}",
        f"Confidence: {percent(finding.confidence)} %",
        f"Accounts: {finding.accounts:,}",
        f"Requests: {finding.requests:,}",
        f"Tokens read: {finding.input_tokens:,}",
        f"Tokens written: {finding.output_tokens:,}",
        f"First seen: {finding.first_seen:%Y-%m-%d %H:%M} UTC",
        f"Last seen: {finding.last_seen:%Y-%m-%d %H:%M} UTC",
    ]


def _list(title: str, lines: list[str]) -> list[Block]:
    if not lines:
        return []
    text = "\n".join([f"{title}:", *(f"• {line}" for line in lines)])
    return [{"type": "section", "text": _plain(text, SECTION_CHARACTERS)}]


def _touch(touch: Touch) -> str:
    return f"{touch.account_id} ({', '.join(touch.kinds)}) at {touch.at:%Y-%m-%d %H:%M:%S} UTC, event {touch.event_id}"


def _footer(finding: Finding) -> str:
    tags = " ".join((*finding.atlas, *finding.f3))
    return f"{finding.next_query}\ncluster {finding.cluster_uid}, revision {finding.revision}\n{tags}".strip()


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": text[:limit], "emoji": False}


def _escaped(text: str) -> str:
    """The fallback text is read as markup: Slack's three escapes take links and mentions out of it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
