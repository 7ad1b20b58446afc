"""How what was found compares with a simulated provider's truth. Only demo and evaluation read a truth file."""

from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

ACCUSED = ("distillation", "trial_abuse")


class Score(NamedTuple):
    """Figures over accounts; a share of nothing is None."""

    accused: int
    guilty: int
    precision: float | None
    recall: float | None
    honest: int
    honest_accused: int
    operators: pa.Table
    by_kind: pa.Table


GUILTY = "t.label IN ('distillation', 'trial_abuse')"
ACCOUNTS = f"""
    CREATE TEMP TABLE judged AS
    SELECT t.account_id, t.label, t.operator, t.kind, c.cluster_uid, c.verdict,
           coalesce(c.verdict IN {ACCUSED}, false) AS accused, {GUILTY} AS guilty
    FROM truth t LEFT JOIN cluster_members m USING (account_id) LEFT JOIN clusters c USING (cluster_uid)
"""
FIGURES = """
    SELECT count(*) FILTER (accused), count(*) FILTER (guilty), count(*) FILTER (accused AND guilty),
           count(*) FILTER (label = 'honest'), count(*) FILTER (label = 'honest' AND accused) FROM judged
"""
OPERATORS = """
    WITH sizes AS (SELECT operator, count(*) AS size FROM judged WHERE operator <> '' GROUP BY operator),
    shares AS (
        SELECT cluster_uid, operator, kind, count(*) AS shared FROM judged WHERE cluster_uid IS NOT NULL
        GROUP BY cluster_uid, operator, kind
    ),
    pairs AS (
        SELECT * FROM shares
        QUALIFY row_number() OVER (PARTITION BY cluster_uid ORDER BY shared DESC, operator, kind) = 1
    )
    SELECT p.cluster_uid, c.verdict, round(c.confidence, 2) AS confidence, c.accounts, c.requests, c.output_tokens,
           coalesce(nullif(p.operator, ''), p.kind) AS truth, p.kind AS kind,
           p.shared AS right_accounts, s.size AS true_accounts
    FROM pairs p JOIN clusters c USING (cluster_uid) LEFT JOIN sizes s USING (operator)
    ORDER BY list_position(['distillation', 'trial_abuse', 'resale', 'organisation', 'undetermined'], c.verdict),
             c.accounts DESC, p.cluster_uid
"""
BY_KIND = """
    SELECT kind, label, count(*) AS accounts, count(*) FILTER (accused) AS accused,
           count(*) FILTER (cluster_uid IS NOT NULL) AS clustered
    FROM judged GROUP BY kind, label ORDER BY label, kind
"""


def score(truth: Path, clusters: Path, members: Path) -> Score:
    """Score one run's tables (Parquet) against truth.csv: account_id, label, operator, kind."""
    connection = duckdb.connect()
    connection.execute("CREATE TEMP VIEW clusters AS SELECT * FROM read_parquet('" + _sql(clusters) + "')")
    connection.execute("CREATE TEMP VIEW cluster_members AS SELECT * FROM read_parquet('" + _sql(members) + "')")
    connection.execute(
        "CREATE TEMP VIEW truth AS SELECT * REPLACE (coalesce(operator, '') AS operator) "
        "FROM read_csv('" + _sql(truth) + "', header = true, all_varchar = true)"
    )
    connection.execute(ACCOUNTS)
    ((accused, guilty, right, honest, honest_accused),) = connection.execute(FIGURES).fetchall()
    return Score(
        accused,
        guilty,
        right / accused if accused else None,
        right / guilty if guilty else None,
        honest,
        honest_accused,
        connection.sql(OPERATORS).to_arrow_table(),
        connection.sql(BY_KIND).to_arrow_table(),
    )


def _sql(path: Path) -> str:
    return str(path).replace("'", "''")
