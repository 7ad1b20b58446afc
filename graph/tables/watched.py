"""`watched_keys`: the rare keys of each cluster, which the landing floor looks out for until the next run."""

import duckdb
import pyarrow as pa

from graph.signals.signal import CIRCUMSTANTIAL

# What a single event that landing sees can show: all that a sign-up and a payment carry, and a conversation that goes
# on. Prompts and phrases are left out: they are judged in the mass, never one by one.
KINDS = (
    "card", "billing", "device", "email", "email_local", "email_domain", "ip", "ip_prefix", "client", "conversation",
)  # fmt: skip

# A key is rare where, of ten accounts that show it next, nine or more are expected to be the cluster's.
LEAST_ODDS = 9

# Of the accounts that show a key next, the cluster's own are expected in proportion to its members who have it, and
# strangers to the others who have it plus the chance that a key which one account shows is shown by a second one. That
# is measured on all keys of the kind by absolute discounting, 1 - δ = 2 n₂ / (n₁ + 2 n₂) with n_i the keys that i
# accounts have (Ney, Essen and Kneser 1994, "On structuring probabilistic dependences in stochastic language
# modelling"); one is added to n₂ so that kinds never seen shared stay finite.
WATCHED = """
    WITH again AS (
        SELECT kind, 2 * (twice + 1) / (once + 2 * (twice + 1)) AS chance FROM seldom
    ), owned AS (
        SELECT m.c, s.kind, s.key, s.account_id, d.accounts, count(*) OVER (PARTITION BY m.c, s.kind, s.key) AS members
        FROM showed s JOIN account USING (account_id) JOIN member m USING (a) JOIN degrees d USING (kind, key)
        WHERE list_contains($kinds, s.kind)
    ), weighed AS (
        SELECT *, members / (accounts - members + chance) AS odds FROM owned JOIN again USING (kind)
    )
    SELECT $run_id AS run_id, cluster_uid, account_id, kind, key, family,
           list_contains($circumstantial, family) AS is_circumstantial, accounts,
           floor(1e6 * ln(odds))::BIGINT AS weight
    FROM weighed JOIN named USING (c) JOIN signals USING (kind)
    WHERE odds >= $least ORDER BY kind, key, account_id"""


def watched_keys(con: duckdb.DuckDBPyConnection, run_id: str) -> pa.Table:
    """Rows of `watched_keys`."""
    bound = {"run_id": run_id, "kinds": list(KINDS), "least": LEAST_ODDS, "circumstantial": sorted(CIRCUMSTANTIAL)}
    return con.sql(WATCHED, params=bound).to_arrow_table()
