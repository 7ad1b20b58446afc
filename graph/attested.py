"""Organisations that the provider itself has attested."""

import duckdb
import numpy as np

from graph.null import Ints

# Anybody may write the id of an organisation into a sign-up: what is attested is the account, by contract or by check.
ORGANISATIONS = """
    WITH attested AS (
        SELECT a, min(org_id) AS org_id FROM account JOIN events USING (account_id)
        WHERE src IN ('signup', 'action') GROUP BY a
        HAVING bool_or(program = 'enterprise' OR action = 'verified')
    )
    SELECT coalesce(dense_rank() OVER (ORDER BY org_id NULLS LAST) - 1, -1) AS place, org_id
    FROM account LEFT JOIN attested USING (a) ORDER BY a"""


def attested_organisations(con: duckdb.DuckDBPyConnection) -> Ints:
    """Every account's organisation, numbered from 0, or -1 where it has none or the account is not attested.

    Needs the table `account` and the view `events`.
    """
    rows = con.sql(ORGANISATIONS).fetchnumpy()
    named = ~np.ma.getmaskarray(np.ma.asarray(rows["org_id"]))
    return np.where(named, rows["place"], -1).astype(np.int64)
