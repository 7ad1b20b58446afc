"""Figures over all that was judged: each a table drawn by one statement.

`judged`: a row per account of each world and variant; `cluster` is null for who is in none, `verdict` its cluster's,
`requests` how many it had sent when judged, `rings` whether the world has operators.
"""

from datetime import timedelta

import duckdb
import pyarrow as pa

from queries.evaluation.variants import WHOLE, Found
from queries.evaluation.world import START, World

TABLE = """
    CREATE TABLE judged (
        world INTEGER, rings BOOLEAN, variant VARCHAR, days INTEGER, account_id VARCHAR, label VARCHAR,
        operator VARCHAR, kind VARCHAR, cluster VARCHAR, verdict VARCHAR, requests BIGINT, accused BOOLEAN,
        guilty BOOLEAN)"""

JUDGE = """
    INSERT INTO judged
    SELECT $world, $rings, $variant, $days, t.account_id, t.label, $world || '/' || t.operator, t.kind,
           $world || '/' || f.cluster, f.verdict, coalesce(u.requests, 0),
           coalesce(f.verdict IN ('distillation', 'trial_abuse'), false), t.label IN ('distillation', 'trial_abuse')
    FROM read_csv($truth, header = true, all_varchar = true) t
    LEFT JOIN found f USING (account_id) LEFT JOIN sent u USING (account_id)"""

SENT = """
    SELECT account_id, count(DISTINCT event_id) AS requests FROM ({usage}) WHERE event_time < $until
    GROUP BY account_id"""

# Precision, recall, F1 of counts named hit, said and due.
RATES = """round(hit / nullif(said, 0), 4) AS precision, round(hit / nullif(due, 0), 4) AS recall,
           round(2 * hit / nullif(said + due, 0), 4) AS f1"""

VERDICTS = f"""
    SELECT label AS verdict, due AS accounts, said AS judged, {RATES} FROM (
        SELECT l.label, count(*) FILTER (j.label = l.label) AS due, count(*) FILTER (j.verdict = l.label) AS said,
               count(*) FILTER (j.label = l.label AND j.verdict = l.label) AS hit
        FROM judged j, (SELECT unnest(['distillation', 'trial_abuse', 'resale']) AS label) l
        WHERE variant = '{WHOLE}' AND rings GROUP BY l.label)
    ORDER BY list_position(['distillation', 'trial_abuse', 'resale'], verdict)"""

# A cluster is of the level that most of its members are of.
LEVELS = f"""
    WITH j AS (FROM judged WHERE variant = '{WHOLE}' AND rings),
    mostly AS (SELECT cluster, mode(kind ORDER BY kind) AS kind FROM j WHERE cluster IS NOT NULL GROUP BY cluster),
    said AS (
        SELECT m.kind, count(*) AS said FROM j JOIN mostly m USING (cluster)
        WHERE j.verdict = (SELECT any_value(label) FROM j k WHERE k.kind = m.kind) GROUP BY m.kind
    ),
    due AS (
        SELECT kind, any_value(label) AS label, count(*) AS due, count(DISTINCT operator) AS operators,
               count(*) FILTER (verdict = label) AS found
        FROM j WHERE label <> 'honest' GROUP BY kind
    ),
    hits AS (
        SELECT m.kind, count(*) AS hit FROM j JOIN mostly m USING (cluster)
        WHERE j.verdict = j.label AND j.kind = m.kind GROUP BY m.kind
    )
    SELECT kind AS level, label, operators, due AS accounts, found, round(hit / nullif(said, 0), 4) AS precision,
           round(found / due, 4) AS recall,
           round(2 * precision * recall / nullif(precision + recall, 0), 4) AS f1
    FROM due LEFT JOIN said USING (kind) LEFT JOIN hits USING (kind) ORDER BY label, level"""

HONEST = f"""
    SELECT kind, count(*) AS accounts, count(*) FILTER (accused) AS accused,
           round(10000 * count(*) FILTER (accused) / count(*), 1) AS per_10000,
           count(*) FILTER (verdict = 'resale') AS called_resale, count(*) FILTER (NOT rings) AS in_world_without_rings,
           count(*) FILTER (accused AND NOT rings) AS accused_there
    FROM judged WHERE label = 'honest' AND variant = '{WHOLE}' GROUP BY kind ORDER BY accused DESC, kind"""

# B-cubed (Bagga and Baldwin 1998) over accounts that have an operator; who is in no cluster is a cluster of its own.
B_CUBED = """
    WITH j AS (
        SELECT variant, operator, coalesce(cluster, account_id) AS cluster FROM judged WHERE rings
    ), cells AS (SELECT variant, cluster, operator, count(*) AS n FROM j GROUP BY ALL),
    sizes AS (SELECT variant, cluster, sum(n) AS size FROM cells GROUP BY ALL),
    operators AS (SELECT variant, operator, sum(n) AS accounts FROM cells WHERE operator IS NOT NULL GROUP BY ALL)
    SELECT variant, sum(n * n / size) / sum(n) AS p, sum(n * n / accounts) / sum(n) AS r, 2 * p * r / (p + r) AS f
    FROM cells JOIN sizes USING (variant, cluster) JOIN operators USING (variant, operator) GROUP BY variant"""

SUMMARY = f"""
    WITH counts AS (
        SELECT variant, min(rowid) AS place, count(*) FILTER (accused) AS said, count(*) FILTER (guilty) AS due,
               count(*) FILTER (accused AND guilty) AS hit, count(*) FILTER (label = 'honest') AS honest,
               count(*) FILTER (accused AND label = 'honest') AS wronged,
               count(*) FILTER (label = 'trial_abuse' AND verdict = label) AS trial,
               count(*) FILTER (verdict = 'trial_abuse') + count(*) FILTER (label = 'trial_abuse') AS trials,
               count(*) FILTER (label = 'resale' AND verdict = label) AS resale,
               count(*) FILTER (verdict = 'resale') + count(*) FILTER (label = 'resale') AS resales
        FROM judged WHERE rings GROUP BY variant
    )
    SELECT place, variant, {RATES}, round(10000 * wronged / honest, 1) AS honest_accused_per_10000,
           round(p, 4) AS b3_precision, round(r, 4) AS b3_recall, round(f, 4) AS b3_f1,
           round(2 * trial / nullif(trials, 0), 4) AS trial_f1, round(2 * resale / nullif(resales, 0), 4) AS resale_f1
    FROM counts LEFT JOIN ({B_CUBED}) USING (variant)"""

FAMILIES = f"""
    SELECT * EXCLUDE (place) FROM ({SUMMARY})
    WHERE variant = '{WHOLE}' OR starts_with(variant, 'without ') ORDER BY place"""

# Rivals judge nothing: what they group is all there is to score.
RIVALS = f"""
    SELECT * EXCLUDE (place, trial_f1, resale_f1) FROM ({SUMMARY})
    WHERE regexp_extract(variant, '^\\w+ ') NOT IN ('without ', 'after ', 'day ') ORDER BY place"""

RECALL_BY_LEVEL = f"""
    SELECT * EXCLUDE (place) FROM (PIVOT (
        SELECT variant, kind, min(min(rowid)) OVER (PARTITION BY variant) AS place,
               round(count(*) FILTER (verdict = label) / count(*), 3) AS recall
        FROM judged WHERE rings AND label <> 'honest' AND (variant = '{WHOLE}' OR starts_with(variant, 'without '))
        GROUP BY variant, kind
    ) ON kind USING any_value(recall) GROUP BY variant, place) ORDER BY place"""

# Accounts that had sent something by then; those found among them.
SOONER = f"""
    SELECT kind AS level, days, count(*) AS active_accounts, round(avg(requests), 1) AS requests_per_account,
           round(count(*) FILTER (verdict = label) / count(*), 4) AS recall
    FROM judged
    WHERE rings AND label <> 'honest' AND requests > 0 AND (variant = '{WHOLE}' OR starts_with(variant, 'after '))
    GROUP BY kind, days ORDER BY kind, days"""

# An operator's id is that of the cluster which holds most of its accounts and hardly others'.
IDS = """
    WITH j AS (FROM judged WHERE starts_with(variant, 'day ') AND cluster IS NOT NULL),
    sizes AS (SELECT days, cluster, count(*) AS size FROM j GROUP BY ALL),
    held AS (SELECT days, operator, kind, cluster, count(*) AS n FROM j WHERE operator IS NOT NULL GROUP BY ALL),
    named AS (
        SELECT * FROM held JOIN sizes USING (days, cluster) WHERE 2 * n > size
        QUALIFY row_number() OVER (PARTITION BY days, operator ORDER BY n DESC, cluster) = 1
    )
    SELECT kind AS level, count(DISTINCT operator) AS operators, count(*) AS operators_times_runs,
           count(DISTINCT cluster) AS ids, round(ids / operators, 3) AS ids_per_operator
    FROM named GROUP BY kind ORDER BY kind"""

# Found: half of the accounts that have sent anything, and three of them, are in clusters with the right verdict.
DETECTION = """
    WITH days AS (
        SELECT operator, kind, days, sum(requests) AS requests, count(*) FILTER (requests > 0) AS active,
               count(*) FILTER (verdict = label AND requests > 0) AS hit
        FROM judged WHERE starts_with(variant, 'day ') AND label <> 'honest' GROUP BY operator, kind, days
    ), operators AS (
        SELECT operator, kind, min(days) FILTER (active > 0) AS began,
               min(days) FILTER (2 * hit >= active AND hit >= 3) AS found,
               min(requests) FILTER (2 * hit >= active AND hit >= 3) AS sent, max(requests) AS all_sent
        FROM days GROUP BY operator, kind
    )
    SELECT kind AS level, count(*) AS operators, count(found) AS found, median(found - began + 1) AS days_until_found,
           median(sent)::BIGINT AS requests_until_found, round(median(sent / all_sent), 3) AS share_of_all_requests
    FROM operators GROUP BY kind ORDER BY kind"""

CALM = f"""
    SELECT world AS seed, count(*) AS accounts, count(DISTINCT cluster) AS clusters,
           count(*) FILTER (accused) AS accounts_accused,
           count(DISTINCT cluster) FILTER (verdict = 'distillation') AS distillation_verdicts,
           count(DISTINCT cluster) FILTER (verdict = 'trial_abuse') AS trial_verdicts,
           count(DISTINCT cluster) FILTER (verdict = 'resale') AS resale_verdicts
    FROM judged WHERE NOT rings AND variant = '{WHOLE}' GROUP BY world ORDER BY world"""


class Figures:
    """Gathers what was found and draws figures from it."""

    def __init__(self) -> None:
        self._con = duckdb.connect()
        self._con.execute(TABLE)

    def add(self, world: World, found: Found) -> None:
        """Set one variant's finding beside the truth of its world."""
        with_usage = SENT.format(usage=world.lake.select("usage"))
        until = START + timedelta(days=found.days)
        self._con.execute("CREATE OR REPLACE TEMP TABLE sent AS " + with_usage, {"until": until})
        self._con.register("found", found.rows)
        self._con.execute(
            JUDGE,
            {
                "world": world.plan.seed,
                "rings": world.plan.operators > 0,
                "variant": found.variant,
                "days": found.days,
                "truth": str(world.truth),
            },
        )
        self._con.unregister("found")

    def table(self, sql: str) -> pa.Table:
        """One figure: a statement over `judged`."""
        return self._con.sql(sql).to_arrow_table()
