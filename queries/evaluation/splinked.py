"""Splink as a rival: unsupervised record linkage (Fellegi and Sunter 1969) on the same keys; extra `bench`."""

import contextlib
import io
import logging
import warnings

import duckdb

KINDS = ("card", "device", "email_local", "email_domain", "ip", "template")
# A domain is compared but not blocked on: at a big provider it alone would make all pairs.
BLOCKED = tuple(kind for kind in KINDS if kind != "email_domain")
# Each comparison is trained on pairs that agree in something else.
TRAINED_ON = ("device", "ip")
# The certainty of Splink's own tutorials.
CERTAIN = 0.95

# A record per account: of its keys of a kind the one it uses most, since Splink compares columns.
RECORDS = """
    SELECT account_id AS unique_id, {columns} FROM (
        SELECT account_id, kind, arg_max(key, (events, key)) AS key FROM ({keys}) GROUP BY ALL)
    GROUP BY account_id"""


def records_sql(keys: str) -> str:
    """SQL of a row per account with a column per kind, of `keys` (account_id, kind, key, events)."""
    columns = ", ".join(f"any_value(key) FILTER (kind = '{kind}') AS {kind}" for kind in KINDS)
    return RECORDS.format(columns=columns, keys=keys)


def cluster_records(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """(unique_id, cluster_id) of the table `records` of `con`.

    Raises ImportError if Splink is not installed.
    """
    logging.getLogger("splink").setLevel(logging.ERROR)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return con.sql(f"SELECT unique_id, cluster_id FROM {_clustered(con)}")


def _clustered(con: duckdb.DuckDBPyConnection) -> str:
    """Name of the table that Splink makes of `records`."""
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink import comparison_library as compare

    wanted = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[compare.ExactMatch(kind) for kind in KINDS],
        blocking_rules_to_generate_predictions=[block_on(kind) for kind in BLOCKED],
        retain_matching_columns=False,
    )
    linker = Linker(DuckDBAPI(connection=con).register("records"), wanted, log_level=logging.ERROR)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for kind in TRAINED_ON:
        with contextlib.suppress(ValueError):  # too few pairs: Splink goes on with its defaults
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(kind))
    pairs = linker.inference.predict(threshold_match_probability=CERTAIN)
    found = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_probability=CERTAIN)
    return str(found.physical_name)
