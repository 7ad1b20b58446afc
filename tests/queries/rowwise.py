"""The tables as lists of rows, and what oracles ask of them again and again."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

Row = dict[str, Any]
Tables = dict[str, list[Row]]
EVENTS = ("signup", "payment", "usage", "action")


def address(event: Row) -> str:
    return f"{event['_topic']}/{event['_partition']}@{event['_offset']}"


def members_of(t: Tables, cluster: str) -> set[str]:
    return {m["account_id"] for m in t["cluster_members"] if m["cluster_uid"] == cluster}


def by(rows: Iterable[Row], *names: str) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[n] for n in names) if len(names) > 1 else row[names[0]]].append(row)
    return found


def account(t: Tables, name: str) -> Row | None:
    """The account's own events, summed up."""
    signup, payment, usage, action = ([e for e in t[table] if e["account_id"] == name] for table in EVENTS)
    every = [*signup, *payment, *usage, *action]
    if not every:
        return None
    first = min(signup, key=lambda e: (e["event_time"], e["event_id"]), default=None)
    words = [e for e in action if e["action"] in {"banned", "suspended", "reinstated"}]
    word = max(words, key=lambda e: (e["event_time"], e["event_id"]), default={"action": ""})["action"]
    return {
        "first_seen": min(e["event_time"] for e in every),
        "signed_up_at": first and first["event_time"],
        "program": first and first["program"],
        "email_domain": first and first["email_domain"],
        "standing": word if word in {"banned", "suspended"} else "active",
        "banned_at": min((e["event_time"] for e in action if e["action"] == "banned"), default=None),
        "is_verified": any(e["action"] == "verified" for e in action),
        "requests": len(usage),
        "output_tokens": sum(e["output_tokens"] or 0 for e in usage),
        "paid": sum(e["outcome"] == "succeeded" for e in payment),
    }


def cluster_of(t: Tables, name: str) -> Row | None:
    uid = next((m["cluster_uid"] for m in t["cluster_members"] if m["account_id"] == name), None)
    return next((c for c in t["clusters"] if c["cluster_uid"] == uid), None)


def last_word(t: Tables, cluster: str) -> str | None:
    said = [d for d in t["decisions"] if d["cluster_uid"] == cluster]
    return max(said, key=lambda d: d["decided_at"])["disposition"] if said else None


def banned(t: Tables, cluster: str) -> int:
    return sum((account(t, m) or {}).get("standing") == "banned" for m in members_of(t, cluster))
