"""`links` and `link_evidence`: linked pairs, and the reasons that add up to each weight."""

import duckdb
import pyarrow as pa

from graph.signals import SIGNALS

# Reasons shown per pair and family; the family's weight is shared out among them by their rarity.
MOST_REASONS = 6

LINKS = """
    SELECT $run_id AS run_id, x.account_id AS account_l, y.account_id AS account_r, weight,
           expected AS expected_by_chance
    FROM linked JOIN account x ON x.a = l JOIN account y ON y.a = r ORDER BY account_l, account_r"""

# One reason per vote: the rarest key of each unit. The first reason takes what integer division leaves.
EVIDENCE = """
    WITH voted AS (
        SELECT l, r, f.family, f.weight AS total, p.k, p.rarity
        FROM linked_family f JOIN slices USING (family) JOIN pair_keys p ON p.pair = f.pair AND p.slice = slices.slice
        QUALIFY row_number() OVER (PARTITION BY l, r, f.family, unit_l ORDER BY p.rarity DESC, p.k) = 1
    ), best AS (
        SELECT *, row_number() OVER (PARTITION BY l, r, family ORDER BY rarity DESC, k) AS place FROM voted
        QUALIFY place <= $most
    ), shares AS (
        SELECT *, ((total::HUGEINT * rarity) // sum(rarity) OVER (PARTITION BY l, r, family))::BIGINT AS part FROM best
    ), split AS (
        SELECT *, CASE WHEN place = 1 THEN total - (sum(part) OVER others)::BIGINT + part ELSE part END AS weight
        FROM shares WINDOW others AS (PARTITION BY l, r, family)
    )
    SELECT $run_id AS run_id, x.account_id AS account_l, y.account_id AS account_r, s.kind AS signal, s.key, weight,
           replace(e.sentence, '{holders}', s.degree::VARCHAR) AS explanation,
           el.first_event AS event_l, er.first_event AS event_r
    FROM split JOIN shared s USING (k) JOIN sentences e USING (kind)
    JOIN account x ON x.a = l JOIN account y ON y.a = r
    JOIN held el ON el.a = l AND el.k = split.k JOIN held er ON er.a = r AND er.k = split.k
    ORDER BY account_l, account_r, weight DESC, signal, s.key"""


def links(con: duckdb.DuckDBPyConnection, run_id: str) -> pa.Table:
    """Rows of `links`."""
    return con.sql(LINKS, params={"run_id": run_id}).to_arrow_table()


def link_evidence(con: duckdb.DuckDBPyConnection, run_id: str) -> pa.Table:
    """Rows of `link_evidence`; those of a pair add up to its weight."""
    con.execute("CREATE OR REPLACE TEMP TABLE sentences (kind VARCHAR, sentence VARCHAR)")
    con.executemany("INSERT INTO sentences VALUES (?, ?)", [(s.kind, s.sentence) for s in SIGNALS])
    return con.sql(EVIDENCE, params={"run_id": run_id, "most": MOST_REASONS}).to_arrow_table()
