"""Milliseconds of the lookups that an investigator waits for, as JSON: {case: [ms, …]}.

Usage: python -m tests.bench.lookups LAKE ACCOUNTS SAMPLES        hot: one open connection, another account each time
       python -m tests.bench.lookups LAKE ACCOUNTS SAMPLES CASE   cold: opened for the one lookup, number SAMPLES
"""

import hashlib
import json
import sys
import time
from pathlib import Path

from queries.catalogue import named_query
from queries.limited import rows
from queries.parameters import bind
from queries.sandbox import Limits, open_case
from queries.subjects import sql_for

ACCOUNT = "FROM accounts WHERE account_id = $account"


def lookup(case: str, accounts: int, number: int) -> tuple[str, dict[str, str]]:
    """SQL and parameters of the `number`th lookup of a case: every second one is of an operator's account."""
    member = number * accounts // 2500 // 10 * 10 % (accounts * 2 // 5)
    operator = member * 100 // accounts
    ring = list(range(-(-operator * accounts // 100 // 10) * 10, (operator + 1) * accounts // 100, 10))
    place = ring.index(member)
    anybody = member if number % 2 else (number * 7919 + 1) % accounts
    either = {"a": account_id(member)}
    match case:
        case "account lookup" | "account_timeline":
            return case, {"account": account_id(anybody)}
        case "cluster_summary":
            return case, {"cluster": f"op_{operator}"}
        case "why_linked, direct":
            return "why_linked", {**either, "b": account_id(ring[(place + 1) % len(ring)])}
        case "why_linked, chain":
            return "why_linked", {**either, "b": account_id(ring[(place + 11) % len(ring)])}
        case "pivot, an operator's address":
            return "pivot", {"kind": "ip", "value": md5(f"ipop{operator}/{member // 10 % 50}")}
        case "pivot, a household's address":
            return "pivot", {"kind": "ip", "value": md5(f"ip{anybody // 2}")}
    raise KeyError(case)


CASES = (
    "account lookup",
    "account_timeline",
    "cluster_summary",
    "why_linked, direct",
    "why_linked, chain",
    "pivot, an operator's address",
    "pivot, a household's address",
)


def account_id(number: int) -> str:
    """As population.sql makes it."""
    return "acct_" + md5(f"account{number}")[:12]


def md5(text: str) -> str:
    """As DuckDB's."""
    return hashlib.md5(text.encode()).hexdigest()


def main() -> None:
    """Look up what the arguments say."""
    root, accounts, samples = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    limits = Limits()
    if len(sys.argv) > 4:
        started = time.perf_counter()
        connection = open_case(root, limits, _reach(sys.argv[4], accounts, samples))
        opened = time.perf_counter()
        _run(connection, sys.argv[4], accounts, samples, limits)
        ended = time.perf_counter()
        print(json.dumps({"open": [1000 * (opened - started)], sys.argv[4]: [1000 * (ended - started)]}))
        return
    connection = open_case(root, limits)
    found: dict[str, list[float]] = {}
    for case in CASES:
        _run(connection, case, accounts, samples, limits)
        found[case] = []
        for number in range(samples):
            started = time.perf_counter()
            _run(connection, case, accounts, number, limits)
            found[case].append(1000 * (time.perf_counter() - started))
    print(json.dumps(found))


def _reach(case: str, accounts: int, number: int) -> list[str]:
    """Whose events `hydratrace query` opens for it."""
    name, given = lookup(case, accounts, number)
    return [] if name == "account lookup" else [given[parameter] for parameter in named_query(name).reach]


def _run(connection, case: str, accounts: int, number: int, limits: Limits) -> int:
    name, given = lookup(case, accounts, number)
    if name == "account lookup":
        return rows(connection, ACCOUNT, given, limits).read_all().num_rows
    query = named_query(name)
    values = bind(name, query.parameters, given)
    found = rows(connection, sql_for(connection, query, values), values, limits).read_all().num_rows
    if not found:
        raise SystemExit(f"{case} found nothing for {given}: the bench is wrong")
    return found


if __name__ == "__main__":
    main()
