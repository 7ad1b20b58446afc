"""The facts of each cluster, and of the accounts outside all clusters, that verdicts are drawn from."""

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np

from graph.null import Floats
from graph.signals import slot
from graph.signals.signal import CONTENT, Family
from graph.verdict.chances import ACT_CHANCE, reaches
from graph.verdict.public_mail import PUBLIC_MAIL
from graph.verdict.tasks import capability_sql, told_sql

# What is said that ties members together: prompts, phrases, and the conversations that they pass on to each other.
SAID = CONTENT | {Family.FAILOVER}
# An account with fewer requests shows no habits to compare with.
LEAST_REQUESTS = 5
# An account hops when it comes from more address blocks than nine in ten ordinary accounts do.
HOPPING_SHARE = 0.1
# A block that more of the other members than this use is their own network (an office, one program's servers), which
# all have in common however many blocks it takes: who hides behind proxies has blocks of his own. Since most of a
# group's people come through its networks, one in ten is many.
COMMON_SHARE = 0.1


# One person has a second account on his device at times, and one more where the first was closed; so many are a farm's.
MANY = 3


@dataclass(frozen=True)
class Facts:
    """What the pooled events of one cluster show. Counts are of members unless named otherwise.

    `carried`: requests that carry what the members share; `core`: those of them that carry what most members share;
    `untold`: those without a task in known words. `crowd`: the members with one device or card, the commonest;
    `payer`: with one card, or one name and address on the bill; `devices`: with a known device, `crowded`: with one
    that MANY members have; `office`: who mostly come through networks that most members use.
    """

    c: int
    accounts: int
    first_seen: object
    last_seen: object
    requests: int
    input_tokens: int
    output_tokens: int
    refusals: int
    carried: int
    core: int
    untold: int
    carried_capability: int
    carried_output: float
    trial: int
    paid: int
    prepaid: int
    banned: int
    denying: int
    attested: int
    own_domain: int
    org: int
    crowd: int
    payer: int
    devices: int
    crowded: int
    office: int
    hopping: int


@dataclass(frozen=True)
class Outside:
    """Accounts in no cluster: per account its capability share and mean output; and shares over all of them.

    `hopping`: over those with LEAST_REQUESTS. `tasks`, `payments`, `programs`: whether the provider tells what is asked
    for in known words, who paid, and who is on a free trial: if nobody at all shows it, it is unknown, not absent.
    `lengths`: whether it tells how long answers are.
    """

    capability: Floats
    output: Floats
    trial: float
    unpaid: float
    prepaid: float
    banned: float
    hopping: float
    tasks: bool
    payments: bool
    programs: bool
    lengths: bool


# Per account: what its sign-up, payments and the provider's actions say.
PERSONS = f"""
    SELECT a.a, m.c, any_value(s.org_id) AS org_id,
           any_value(s.email_domain) FILTER (NOT list_contains($public, s.email_domain)) AS domain,
           coalesce(bool_or(s.program = 'free_trial'), false) AS trial,
           coalesce(bool_or(s.program = 'enterprise' OR e.action = 'verified'), false) AS attested,
           coalesce(bool_or(e.outcome = 'succeeded'), false) AS paid,
           coalesce(bool_or(e.outcome = 'succeeded' AND e.card_funding = 'prepaid'), false) AS prepaid,
           coalesce(bool_or(e.action IN ('banned', 'suspended')), false) AS banned,
           coalesce(any_value(b.blocks), 0) AS blocks, count(*) FILTER (e.src = 'usage') AS requests,
           count(*) FILTER (e.src = 'usage' AND {told_sql("e.task")}) AS told,
           count(*) FILTER (e.src = 'usage' AND {capability_sql("e.task")}) AS capability,
           sum(e.output_tokens) FILTER (e.src = 'usage') AS output
    FROM account a
    LEFT JOIN member m USING (a)
    LEFT JOIN (FROM events WHERE src = 'signup') s USING (account_id)
    LEFT JOIN (FROM events WHERE src <> 'signup') e USING (account_id)
    LEFT JOIN blocks b USING (a)
    GROUP BY a.a, m.c ORDER BY a.a"""

# How many address blocks each account comes from that are not its group's.
BLOCKS = """
    WITH seen AS (
        SELECT DISTINCT a, m.c, ip_prefix FROM events JOIN account USING (account_id) LEFT JOIN member m USING (a)
        WHERE src <> 'signup' AND ip_prefix IS NOT NULL
    ), counted AS (
        SELECT a, c, count(*) OVER (PARTITION BY c, ip_prefix) - 1 AS others FROM seen
    )
    SELECT a, count(*) AS blocks
    FROM counted LEFT JOIN (SELECT c, count(*) - 1 AS most FROM member GROUP BY c) USING (c)
    WHERE c IS NULL OR others <= $common * most GROUP BY a"""

# What the members did: read once, for facts and figures of the cluster.
DONE = """
    SELECT m.c, seq, src, event_time, event_date, model, task, stop_reason, input_tokens, output_tokens,
           system_hash, prompt_template_hash, conversation_prefix_hash, prompt_minhash
    FROM events JOIN account USING (account_id) JOIN member m USING (a)"""

# Requests that carry what the members share: a shared prompt key, a rare phrase of one, or a conversation passed on
# among them.
CARRIED = f"""
    WITH words AS (
        SELECT v.c, CASE WHEN v.family = 'failover' THEN 'conversation' ELSE s.kind END AS kind, s.key,
               2 * v.n > m.accounts AS core
        FROM vocabulary v JOIN shared s USING (k)
        JOIN (SELECT c, count(*) AS accounts FROM member GROUP BY c) m USING (c)
        WHERE list_contains($said, v.family)
    ), spoken AS (
        SELECT c, seq, 'system' AS kind, system_hash AS key FROM done
        UNION ALL SELECT c, seq, 'template', prompt_template_hash FROM done
        UNION ALL SELECT c, seq, 'conversation', conversation_prefix_hash FROM done
        UNION ALL SELECT c, seq, 'slot', {slot.SIGNAL.key} FROM done
    )
    SELECT c, seq, bool_or(core) AS core FROM spoken JOIN words USING (c, kind, key) GROUP BY c, seq"""

# From how many blocks nine in ten ordinary accounts come at most, and the share of those who come from more.
USUAL = """
    WITH ordinary AS (
        SELECT blocks FROM persons WHERE c IS NULL AND requests >= $least
    ), bound AS (
        SELECT coalesce(quantile_disc(blocks, $share), 0) AS usual FROM ordinary
    )
    SELECT any_value(usual), (count(blocks) FILTER (blocks > usual) + 1) / (count(blocks) + 2)
    FROM bound LEFT JOIN ordinary ON true"""

# What members have of their own: devices, cards that paid, and who is on the bill.
POSSESSED = """
    CREATE OR REPLACE TEMP TABLE possessed AS
    WITH theirs AS (
        SELECT c, a, e.* FROM events e JOIN account USING (account_id) JOIN member USING (a)
        WHERE src = 'signup' OR (src = 'payment' AND outcome = 'succeeded')
    )
    SELECT c, a, 'device' AS kind, device_key AS key FROM theirs WHERE src = 'signup' AND device_key IS NOT NULL
    UNION ALL SELECT c, a, 'card', card_key FROM theirs WHERE card_key IS NOT NULL
    UNION ALL SELECT c, a, 'bill', billing_name_key || '@' || billing_postcode_key FROM theirs
    WHERE billing_name_key IS NOT NULL AND billing_postcode_key IS NOT NULL"""

# How often each member came through which network.
CAME = """
    CREATE OR REPLACE TEMP TABLE came AS
    SELECT c, a, ip_prefix, count(*) AS n FROM events JOIN account USING (account_id) JOIN member USING (a)
    WHERE ip_prefix IS NOT NULL GROUP BY ALL"""

FACTS = f"""
    WITH people AS (
        SELECT c, count(*) AS accounts, count(*) FILTER (trial) AS trial, count(*) FILTER (paid) AS paid,
               count(*) FILTER (prepaid) AS prepaid, count(*) FILTER (banned) AS banned,
               count(*) FILTER (banned OR prepaid) AS denying,
               count(*) FILTER (attested) AS attested, count(*) FILTER (blocks > $usual) AS hopping
        FROM persons WHERE c IS NOT NULL GROUP BY c
    ), domains AS (
        SELECT c, max(n) AS own_domain, arg_max(coalesce(strangers, 0), n) AS strangers
        FROM (SELECT c, domain, count(*) AS n FROM persons WHERE domain IS NOT NULL AND c IS NOT NULL GROUP BY ALL)
        LEFT JOIN (SELECT domain, count(*) AS strangers FROM persons WHERE c IS NULL GROUP BY domain) USING (domain)
        GROUP BY c
    ), orgs AS (
        SELECT c, max(n) AS org FROM (SELECT c, org_id, count(*) AS n FROM persons
            WHERE org_id IS NOT NULL AND c IS NOT NULL GROUP BY ALL) GROUP BY c
    ), crowds AS (
        SELECT c, max(n) FILTER (kind <> 'bill') AS crowd, max(n) FILTER (kind <> 'device') AS payer,
               sum(n) FILTER (kind = 'device') AS devices, sum(n) FILTER (kind = 'device' AND n >= $many) AS crowded
        FROM (SELECT c, kind, key, count(DISTINCT a) AS n FROM possessed GROUP BY ALL) GROUP BY c
    ), common AS (
        SELECT c, ip_prefix FROM came JOIN people USING (c)
        GROUP BY c, ip_prefix, accounts HAVING 2 * count(*) > accounts
    ), offices AS (
        SELECT c, count(*) AS office FROM (
            SELECT c, a FROM came LEFT JOIN (SELECT *, true AS shared FROM common) USING (c, ip_prefix)
            GROUP BY c, a HAVING 2 * coalesce(sum(n) FILTER (shared), 0) > sum(n))
        GROUP BY c
    ), pooled AS (
        SELECT e.c, min(event_time) AS first_seen, max(event_time) AS last_seen,
               count(*) FILTER (src = 'usage') AS requests,
               coalesce(sum(input_tokens), 0)::BIGINT AS input_tokens,
               coalesce(sum(output_tokens), 0)::BIGINT AS output_tokens,
               count(*) FILTER (stop_reason = 'refusal') AS refusals,
               count(k.seq) AS carried, count(*) FILTER (k.core) AS core,
               count(k.seq) FILTER (NOT {told_sql("task")}) AS untold,
               count(k.seq) FILTER ({capability_sql("task")}) AS carried_capability,
               coalesce(sum(output_tokens) FILTER (k.seq IS NOT NULL) / nullif(count(k.seq), 0), 0) AS carried_output
        FROM done e LEFT JOIN carried k ON k.seq = e.seq AND k.c = e.c
        GROUP BY e.c
    )
    SELECT c, accounts, first_seen, last_seen, requests, input_tokens, output_tokens, refusals, carried,
           core, untold, carried_capability, carried_output, trial, paid, prepaid, banned, denying, attested,
           coalesce(own_domain, 0) AS own_domain, coalesce(strangers, 0) AS strangers,
           coalesce(org, 0) AS org, coalesce(crowd, 0) AS crowd, coalesce(payer, 0) AS payer,
           coalesce(devices, 0)::BIGINT AS devices, coalesce(crowded, 0)::BIGINT AS crowded,
           coalesce(office, 0) AS office, hopping
    FROM people JOIN pooled USING (c) LEFT JOIN domains USING (c) LEFT JOIN orgs USING (c)
    LEFT JOIN crowds USING (c) LEFT JOIN offices USING (c) ORDER BY c"""


CONDUCT = """
    SELECT a, bool_or(action IN ('banned', 'suspended')) IS TRUE AS banned,
           bool_or(outcome = 'succeeded' AND card_funding = 'prepaid') IS TRUE AS prepaid
    FROM account LEFT JOIN (FROM events WHERE src IN ('action', 'payment')) USING (account_id) GROUP BY a ORDER BY a"""


def conduct(con: duckdb.DuckDBPyConnection) -> Floats:
    """Per account, the surprise in nats of its having been banned and of its paying with prepaid cards."""
    rows = con.sql(CONDUCT).fetchnumpy()
    nats = np.zeros(len(rows["a"]))
    for name in ("banned", "prepaid"):
        shown = rows[name].astype(np.float64)
        nats += shown * -np.log((shown.sum() + 1.0) / (len(shown) + 2.0))
    return nats


def gather(con: duckdb.DuckDBPyConnection) -> tuple[list[Facts], Outside]:
    """Facts of the clusters in `member`, by cluster, and of the accounts outside; makes the table `done` of events."""
    con.execute("CREATE OR REPLACE TEMP TABLE blocks AS " + BLOCKS, {"common": COMMON_SHARE})
    con.execute("CREATE OR REPLACE TEMP TABLE persons AS " + PERSONS, {"public": sorted(PUBLIC_MAIL)})
    con.execute("CREATE OR REPLACE TEMP TABLE done AS " + DONE)
    con.execute("CREATE OR REPLACE TEMP TABLE carried AS " + CARRIED, {"said": sorted(SAID)})
    con.execute(POSSESSED)
    con.execute(CAME)
    bound = {"share": 1.0 - HOPPING_SHARE, "least": LEAST_REQUESTS}
    usual, hopping = con.execute(USUAL, bound).fetchall()[0]
    rows = con.sql(FACTS, params={"usual": usual, "many": MANY}).to_arrow_table().to_pylist()
    outsiders = con.sql("SELECT greatest(count(*), 1) FROM persons WHERE c IS NULL").fetchall()[0][0]
    return [_facts(row, row.pop("strangers") / outsiders) for row in rows], _outside(con, hopping)


def _facts(row: dict[str, Any], elsewhere: float) -> Facts:
    """Facts of a cluster; its domain is nobody's own if it is so common `elsewhere` that any group has it in common."""
    own = reaches(row["own_domain"], row["accounts"], elsewhere) < ACT_CHANCE
    return Facts(**(row | {"own_domain": row["own_domain"] * own}))


def _outside(con: duckdb.DuckDBPyConnection, hopping: float) -> Outside:
    habits = con.execute(
        """SELECT capability / nullif(told, 0) AS capability, coalesce(output, 0) / requests AS output
        FROM persons WHERE c IS NULL AND requests >= $least ORDER BY a""",
        {"least": LEAST_REQUESTS},
    ).fetchnumpy()
    shares = con.sql(
        """SELECT count(*) + 2, count(*) FILTER (trial) + 1, count(*) FILTER (NOT paid) + 1,
        count(*) FILTER (prepaid) + 1, count(*) FILTER (banned) + 1 FROM persons WHERE c IS NULL"""
    ).fetchall()[0]
    told = con.sql("SELECT bool_or(capability > 0), bool_or(paid), bool_or(trial) FROM persons").fetchall()[0]
    trial, unpaid, prepaid, banned = (count / shares[0] for count in shares[1:])
    capability, output = np.sort(np.ma.compressed(habits["capability"])), np.sort(habits["output"])
    tasks, payments, programs = (bool(known) for known in told)
    lengths = bool(output.max(initial=0) > 0)
    return Outside(capability, output, trial, unpaid, prepaid, banned, hopping, tasks, payments, programs, lengths)
