"""What each named query has to answer, told once more in plain Python over the tables as lists of rows.

An oracle takes the tables and the parameters and returns the rows as tuples, in order.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from tests.queries.rowwise import EVENTS, Row, Tables, account, address, banned, by, cluster_of, last_word, members_of

Oracle = Callable[..., list[tuple]]
ACCUSED = ("distillation", "trial_abuse")


def clusters_ranked(t: Tables, verdict: str | None, min_accounts: int) -> list[tuple]:
    shown = [c for c in t["clusters"] if c["accounts"] >= min_accounts and verdict in {None, c["verdict"]}]
    shown.sort(
        key=lambda c: (
            c["verdict"] not in ACCUSED, c["verdict"] != "resale", -c["output_tokens"], c["cluster_uid"],
        )
    )  # fmt: skip
    return [
        (
            c["cluster_uid"], c["verdict"], c["confidence"], c["accounts"], banned(t, c["cluster_uid"]), c["requests"],
            c["output_tokens"], c["last_seen"], last_word(t, c["cluster_uid"]), next(iter(c["reasons"]), None),
        )
        for c in shown
    ]  # fmt: skip


def cluster_summary(t: Tables, cluster: str) -> list[tuple]:
    names = ("cluster_uid", "revision", "verdict", "confidence", "reasons", "counter_evidence", "fragility", "accounts")
    more = ("first_seen", "last_seen", "requests", "input_tokens", "output_tokens")
    members = [m for m in t["cluster_members"] if m["cluster_uid"] == cluster]
    paying = sum((account(t, m["account_id"]) or {"paid": 0})["paid"] > 0 for m in members)
    bridges = sum(m["is_bridge"] for m in members)
    return [
        (*(c[n] for n in names), banned(t, cluster), paying, bridges, *(c[n] for n in more), last_word(t, cluster))
        for c in t["clusters"]
        if c["cluster_uid"] == cluster
    ]


def cluster_members(t: Tables, cluster: str) -> list[tuple]:
    rows = []
    for m in t["cluster_members"]:
        if m["cluster_uid"] != cluster:
            continue
        a = account(t, m["account_id"]) or {}
        reasons = [
            e for e in t["member_evidence"] if e["account_id"] == m["account_id"] and e["cluster_uid"] == cluster
        ]
        strongest = max(reasons, key=lambda e: (e["weight"], e["signal"]), default={"explanation": None})
        told = (a.get(n) for n in ("standing", "program", "email_domain", "requests", "output_tokens"))
        rows.append((m["account_id"], m["confidence"], m["joined_at"], m["is_bridge"], *told, strongest["explanation"]))
    return sorted(rows, key=lambda r: (-r[1], r[0]))


def cluster_timeline(t: Tables, cluster: str) -> list[tuple]:
    members, rows = members_of(t, cluster), []
    own = {table: [e for e in t[table] if e["account_id"] in members] for table in EVENTS}
    for day in sorted({e["event_date"] for events in own.values() for e in events}):
        signup, payment, usage, action = ([e for e in own[table] if e["event_date"] == day] for table in EVENTS)
        rows.append(
            (
                day, len(signup), sum(e["outcome"] == "succeeded" for e in payment),
                len({e["account_id"] for e in usage}), len(usage), sum(e["output_tokens"] or 0 for e in usage),
                sum(e["stop_reason"] == "refusal" for e in usage), sum(e["status"] == 429 for e in usage),
                sum(e["action"] in {"banned", "suspended"} for e in action),
            )
        )  # fmt: skip
    return rows


def cluster_growth(t: Tables, cluster: str) -> list[tuple]:
    joined = [m["joined_at"].date() for m in t["cluster_members"] if m["cluster_uid"] == cluster]
    stopped = [a["banned_at"].date() for m in members_of(t, cluster) if (a := account(t, m)) and a["banned_at"]]
    days = sorted({*joined, *stopped})
    return [(day, joined.count(day), sum(d <= day for d in joined), stopped.count(day)) for day in days]


def extraction_ledger(t: Tables, cluster: str, since: dt.date | None) -> list[tuple]:
    names = ("day", "task", "model", "requests", "input_tokens", "output_tokens", "refusals")
    rows = [e for e in t["extraction_ledger"] if e["cluster_uid"] == cluster and (since is None or e["day"] >= since)]
    rows.sort(key=lambda e: (e["day"], -e["output_tokens"], e["task"], e["model"]))
    return [tuple(e[n] for n in names) for e in rows]


def shared_keys(t: Tables, cluster: str, kind: str | None) -> list[tuple]:
    members = members_of(t, cluster)
    own = [k for k in t["account_keys"] if k["account_id"] in members and kind in {None, k["kind"]}]
    rows = [
        (*key, len(held), held[0]["accounts"], len(held) / held[0]["accounts"],
         min(k["first_seen"] for k in held), max(k["last_seen"] for k in held))
        for key, held in by(own, "kind", "key").items()
        if len(held) >= 2
    ]  # fmt: skip
    return sorted(rows, key=lambda r: (-r[4], -r[2], r[0], r[1]))


def failovers(t: Tables, cluster: str, within_seconds: int) -> list[tuple]:
    members, rows = members_of(t, cluster), []
    own = [u for u in t["usage"] if u["account_id"] in members and u["conversation_prefix_hash"] is not None]
    for failed in sorted(own, key=lambda u: (u["event_time"], u["event_id"])):
        if failed["status"] not in {401, 403, 429}:
            continue
        later = [
            u
            for u in own
            if u["conversation_prefix_hash"] == failed["conversation_prefix_hash"]
            and u["fingerprint_version"] == failed["fingerprint_version"]
            and u["account_id"] != failed["account_id"]
            and 200 <= u["status"] <= 299
            and 0 <= (u["event_time"] - failed["event_time"]).total_seconds() <= within_seconds
        ]
        if later:
            took = min(later, key=lambda u: (u["event_time"], u["event_id"]))
            pause = (took["event_time"] - failed["event_time"]).total_seconds()
            rows.append(
                (failed["event_time"], failed["account_id"], failed["status"], took["account_id"], pause,
                 failed["conversation_prefix_hash"], address(failed), address(took))
            )  # fmt: skip
    return rows


def successors(t: Tables, cluster: str, within_days: int) -> list[tuple]:
    members, rows = members_of(t, cluster), []
    keys = {m: {(k["kind"], k["key"]) for k in t["account_keys"] if k["account_id"] == m} for m in members}
    weights = {(x["account_l"], x["account_r"]): x["weight"] / 1e6 for x in t["links"]}
    for old in members:
        stops = [
            e["event_time"] for e in t["action"] if e["account_id"] == old and e["action"] in {"banned", "suspended"}
        ]
        for new in members if stops else ():
            signed = (account(t, new) or {}).get("signed_up_at")
            pause = signed and signed - min(stops)
            if pause and dt.timedelta(0) < pause <= dt.timedelta(days=within_days):
                shared = sorted({kind for kind, _ in keys[old] & keys[new]})
                pair = (min(old, new), max(old, new))
                rows.append((min(stops), old, new, pause.total_seconds() / 3600, shared, weights.get(pair), signed))
    return [row[:-1] for row in sorted(rows, key=lambda r: (r[0], r[1], r[6], r[2]))]


def attribution(t: Tables, cluster: str) -> list[tuple]:
    members = members_of(t, cluster)
    own = [e for table in ("signup", "usage") for e in t[table] if e["account_id"] in members]
    classes = {n["asn"]: n["network_class"] for n in t["networks"]}
    rows = []
    for (country, asn, prefix), events in by(own, "ip_country", "asn", "ip_prefix").items():
        addresses = {e["ip_key"] for e in events} - {None}
        times = [e["event_time"] for e in events]
        rows.append(
            (country, asn, classes.get(asn), prefix, len({e["account_id"] for e in events}), len(addresses),
             len(events), len(events) / len(own), min(times), max(times))
        )  # fmt: skip
    return sorted(rows, key=lambda r: (-r[6], r[3], r[1] is None, r[1] or 0, r[0]))


def collateral(t: Tables, cluster: str, sure_at: float) -> list[tuple]:
    last = next((c["last_seen"] for c in t["clusters"] if c["cluster_uid"] == cluster), None)
    rows = []
    for m in t["cluster_members"]:
        a = account(t, m["account_id"])
        if m["cluster_uid"] != cluster or a is None or last is None:
            continue
        for_it = [e for e in t["member_evidence"] if e["cluster_uid"] == cluster and e["account_id"] == m["account_id"]]
        doubts = [
            doubt
            for doubt, holds in (
                ("membership is not sure", m["confidence"] < sure_at),
                ("verified by the provider", a["is_verified"]),
                ("lived a week or more before it joined", m["joined_at"] - a["first_seen"] >= dt.timedelta(days=7)),
                ("one signal alone speaks", len({e["signal"] for e in for_it if e["weight"] > 0}) == 1),
            )
            if holds
        ]
        paid: dict[str, int] = defaultdict(int)
        for p in t["payment"]:
            if p["account_id"] == m["account_id"] and p["outcome"] == "succeeded" and p["currency"]:
                paid[p["currency"]] += p["amount_minor"]
        if doubts:
            ages = ((moment - a["first_seen"]).total_seconds() / 86400 for moment in (last, m["joined_at"]))
            spend = [f"{currency} {amount}" for currency, amount in sorted(paid.items())]
            told = (a["paid"], spend, a["requests"], a["standing"])
            rows.append((m["account_id"], doubts, m["confidence"], *ages, *told))
    return sorted(rows, key=lambda r: (-len(r[1]), r[2], r[0]))


def lineage(t: Tables, cluster: str | None) -> list[tuple]:
    rows = [e for e in t["cluster_lineage"] if cluster in {None, e["cluster_uid"], e["other_uid"]}]
    rows.sort(key=lambda e: (e["cluster_uid"], e["event"], e["other_uid"] is None, e["other_uid"] or ""))
    return [(e["cluster_uid"], e["event"], e["other_uid"]) for e in rows]


def cluster_decisions(t: Tables, cluster: str) -> list[tuple]:
    rows = sorted((d for d in t["decisions"] if d["cluster_uid"] == cluster), key=lambda d: d["decided_at"])
    return [(d["decided_at"], d["disposition"], d["decided_by"], d["reason"]) for d in reversed(rows)]


def pivot(t: Tables, kind: str, value: str) -> list[tuple]:
    held = [k for k in t["account_keys"] if (k["kind"], k["key"]) == (kind, value)]
    rows = []
    for k in sorted(held, key=lambda k: (k["first_seen"], k["account_id"])):
        c, a = cluster_of(t, k["account_id"]) or {}, account(t, k["account_id"]) or {}
        told = (c.get("cluster_uid"), c.get("verdict"), a.get("standing"))
        rows.append((k["account_id"], *told, k["first_seen"], k["last_seen"], k["events"]))
    return rows


def blast_radius(t: Tables, value: str, kind: str | None) -> list[tuple]:
    held = [k for k in t["account_keys"] if k["key"] == value and kind in {None, k["kind"]}]
    groups: dict[tuple, list[Row]] = defaultdict(list)
    for k in held:
        groups[k["kind"], (cluster_of(t, k["account_id"]) or {}).get("verdict")].append(
            account(t, k["account_id"]) or {}
        )
    rows = [
        (kind, verdict, verdict in ACCUSED, len(a), sum(x.get("standing", "active") != "active" for x in a),
         sum(x.get("paid", 0) > 0 for x in a), sum(x.get("is_verified", False) for x in a),
         sum(x.get("requests", 0) for x in a))
        for (kind, verdict), a in groups.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda r: (r[0], not r[2], r[1] is None, r[1] or ""))


def why_member(t: Tables, account: str) -> list[tuple]:
    rows = []
    for m in t["cluster_members"]:
        if m["account_id"] != account:
            continue
        own = (m["cluster_uid"], account)
        reasons = [e for e in t["member_evidence"] if (e["cluster_uid"], e["account_id"]) == own]
        total = 0
        for e in sorted(reasons, key=lambda e: (-e["weight"], e["signal"], e["explanation"])):
            total += e["weight"]
            told = (e["signal"], e["weight"] / 1e6, total / 1e6, e["explanation"])
            rows.append((m["cluster_uid"], m["confidence"], *told))
    return rows


def addresses(t: Tables) -> dict[tuple[str, str], str]:
    return {(e["account_id"], e["event_id"]): address(e) for table in EVENTS for e in t[table]}


def cluster_links(t: Tables, cluster: str) -> list[tuple]:
    members, seen = members_of(t, cluster), addresses(t)
    links = {(x["account_l"], x["account_r"]): x for x in t["links"] if {x["account_l"], x["account_r"]} <= members}
    rows = [
        (*pair, links[pair]["weight"] / 1e6, links[pair]["expected_by_chance"], e["signal"], e["weight"] / 1e6,
         e["explanation"], e["key"], e["event_l"], seen.get((pair[0], e["event_l"])), e["event_r"],
         seen.get((pair[1], e["event_r"])))
        for e in t["link_evidence"]
        if (pair := (e["account_l"], e["account_r"])) in links
    ]  # fmt: skip
    return sorted(rows, key=lambda r: (-r[2], r[0], r[1], -r[5], r[4], r[7]))


def why_linked(t: Tables, a: str, b: str, max_hops: int, found: list[tuple]) -> list[tuple]:
    """Of chains that are equally good any may be `found`: it must be one of them, and is then told again."""
    weights = {(x["account_l"], x["account_r"]): x["weight"] for x in t["links"]}
    weights |= {(right, left): weight for (left, right), weight in weights.items()}
    chain = list(dict.fromkeys((row[1], row[2]) for row in found))
    best = [(a, b)] if (a, b) in weights else widest(weights, a, b, max_hops)
    is_path = chain and chain[-1][1] == b and [a, *(head for _, head in chain[:-1])] == [tail for tail, _ in chain]
    if not best or not is_path or weakest(weights, chain) < weakest(weights, best) or len(chain) > max_hops:
        chain = best
    seen, rows = addresses(t), []
    for step, (tail, head) in enumerate(chain, 1):
        pair = (min(tail, head), max(tail, head))
        reasons = [e for e in t["link_evidence"] if (e["account_l"], e["account_r"]) == pair]
        for e in sorted(reasons, key=lambda e: (-e["weight"], e["signal"], e["key"])):
            ends = {e["account_l"]: e["event_l"], e["account_r"]: e["event_r"]}
            holders = max((k["accounts"] for k in t["account_keys"] if k["key"] == e["key"]), default=None)
            told = (weights[pair] / 1e6, e["signal"], e["weight"] / 1e6, holders, e["explanation"])
            rows.append((step, tail, head, *told, seen.get((tail, ends[tail])), seen.get((head, ends[head]))))
    return rows


def weakest(weights: dict[tuple[str, str], int], chain: list[tuple[str, str]]) -> int:
    return min(weights[step] for step in chain)


def widest(weights: dict[tuple[str, str], int], a: str, b: str, max_hops: int) -> list[tuple[str, str]]:
    """Of all simple paths from a to b the one whose weakest link is heaviest (weights differ), by trying them all."""
    found: list[tuple[int, int, list[tuple[str, str]]]] = []

    def walk(path: list[tuple[str, str]], at: str) -> None:
        if at == b:
            found.append((weakest(weights, path), -len(path), list(path)))
        elif len(path) < max_hops:
            visited = {a, *(head for _, head in path)}
            for tail, head in weights:
                if tail == at and head not in visited:
                    walk([*path, (tail, head)], head)

    walk([], a)
    return max(found)[2] if found else []


def signup_bursts(t: Tables, min_surprise: float, since: dt.datetime | None) -> list[tuple]:
    rows = [b for b in t["signup_bursts"] if b["surprise"] >= min_surprise]
    rows = [b for b in rows if since is None or b["window_start"] >= since]
    rows.sort(key=lambda b: (-b["surprise"], b["window_start"], b["kind"], b["key"]))
    names = ("window_start", "kind", "key", "signups", "expected", "surprise")
    return [tuple(b[n] for n in names) for b in rows]


def rejected_summary(t: Tables, topic: str | None) -> list[tuple]:
    kept = [r for r in t["rejected"] if topic in {None, r["_topic"]}]
    rows = [
        (*key, len(bad), sum(r["size_bytes"] for r in bad), min(r["_landed_at"] for r in bad),
         max(r["_landed_at"] for r in bad))
        for key, bad in by(kept, "_topic", "reason", "path").items()
    ]  # fmt: skip
    return sorted(rows, key=lambda r: (-r[3], *r[:3]))


def _timed(t: Tables, accounts: Iterable[str]) -> list[tuple[Row, str]]:
    known = set(accounts)
    return [(e, table) for table in EVENTS for e in t[table] if e["account_id"] in known]


def cluster_events(t: Tables, cluster: str) -> list[tuple]:
    events = sorted(_timed(t, members_of(t, cluster)), key=lambda e: (e[0]["event_time"], address(e[0])))
    return [(e["event_time"], e["account_id"], table, what(e, table), e["event_id"], address(e)) for e, table in events]


def account_timeline(
    t: Tables, account: str, since: dt.datetime | None, until: dt.datetime | None, most: int
) -> list[tuple]:
    events = [
        (e, table)
        for e, table in _timed(t, [account])
        if (since is None or e["event_time"] >= since) and (until is None or e["event_time"] < until)
    ]
    events.sort(key=lambda e: (e[0]["event_time"], e[0]["event_id"]))
    return [(e["event_time"], table, what(e, table), e["event_id"], address(e)) for e, table in events[-most:]]


def what(e: Row, table: str) -> str:
    def unit(value: Any, after: str) -> str | None:
        return None if value is None else f"{value} {after}"

    words = {
        "signup": lambda: (e["program"], e["email_domain"], e["ip_prefix"], e["user_agent"]),
        "payment": lambda: (
            f"{e['payment_method']} {e['outcome']}",
            None if None in {e["amount_minor"], e["currency"]} else f"{e['amount_minor']} {e['currency']}",
            e["card_funding"],
            e["card_country"],
        ),
        "usage": lambda: (
            f"{e['status']} {e['model']}", e["task"], e["stop_reason"], unit(e["input_tokens"], "in"),
            unit(e["output_tokens"], "out"), e["ip_prefix"],
        ),
        "action": lambda: (e["action"], e["verdict"], e["reason"], e["actor"]),
    }[table]()  # fmt: skip
    return " · ".join(word for word in words if word is not None)


def live_matches(t: Tables, cluster: str | None, since: dt.datetime | None) -> list[tuple]:
    rows = []
    for (name, uid), touched in by(t["matches"], "account_id", "cluster_uid").items():
        first = min(m["event_time"] for m in touched)
        if cluster not in {None, uid} or (since is not None and first < since):
            continue
        verdict = next((c["verdict"] for c in t["clusters"] if c["cluster_uid"] == uid), None)
        rows.append(
            (first, name, uid, verdict, name in members_of(t, uid), (account(t, name) or {}).get("standing"),
             sorted({m["kind"] for m in touched}), len({m["event_id"] for m in touched}),
             max(m["weight"] for m in touched) / 1e6)
        )  # fmt: skip
    return sorted(rows, key=lambda r: (-r[0].timestamp(), r[1], r[2]))


ORACLES: dict[str, Oracle] = {
    oracle.__name__: oracle
    for oracle in (
        account_timeline, attribution, blast_radius, cluster_decisions, cluster_events, cluster_growth,
        cluster_links, cluster_members, cluster_summary, cluster_timeline, clusters_ranked, collateral,
        extraction_ledger, failovers, lineage, live_matches, pivot, rejected_summary, shared_keys,
        signup_bursts, successors, why_linked, why_member,
    )
}  # fmt: skip
