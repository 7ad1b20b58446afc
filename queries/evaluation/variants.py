"""The ways in which a world is linked: with everything, with a family of evidence left out, early, and as rivals do."""

from collections.abc import Iterator
from typing import NamedTuple

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from graph.baselines import USUAL_CAP, Groups, by_shared_keys, louvain_on_addresses
from graph.keys.days import update_days
from graph.link import Stages, compute
from graph.signals.signal import Family
from queries.evaluation.splinked import cluster_records, records_sql
from queries.evaluation.world import World

WHOLE = "hydratrace"
SPLINK = "Splink"
# From so many accounts on a baseline's group counts as accused, as a cluster's of `link` may be.
LEAST_ACCOUNTS = 3
# Shares of the simulated days after which a world is linked to see how soon operators are found.
EARLY = (0.2, 0.4, 0.7)


class Found(NamedTuple):
    """What one way of linking found: rows (account_id, cluster, verdict); `days` passed of the simulated ones."""

    variant: str
    days: int
    rows: pa.Table


def whole(world: World) -> Found:
    """What the world's own run found."""
    tables = {name: _read(world, name) for name in ("clusters", "cluster_members")}
    return Found(WHOLE, world.plan.days, found_in(tables))


def without_families(world: World) -> Iterator[Found]:
    """The world linked again, each family of evidence left out in turn."""
    for family in Family:
        with duckdb.connect() as con:
            _, days = update_days(con, world.lake)
            tables = compute(con, world.lake, world.run, days, Stages(unheard), family)
        yield Found(f"without {family}", world.plan.days, found_in(tables))


def early(world: World) -> Iterator[Found]:
    """The world linked as of some days before its end."""
    for passed in sorted({max(1, round(share * world.plan.days)) for share in EARLY}):
        run = msgspec.structs.replace(world.run, as_of=world.after(passed))
        with duckdb.connect() as con:
            tables = compute(con, world.lake, run, "", Stages(unheard))
        yield Found(f"after {passed} days", passed, found_in(tables))


def baselines(world: World) -> Iterator[Found]:
    """What others would find, by the keys of the world's own run."""
    keys = _read(world, "account_keys")
    yield _grouped(world, "components over shared keys", by_shared_keys(keys))
    yield _grouped(world, f"components, keys of {USUAL_CAP} at most", by_shared_keys(keys, USUAL_CAP))
    yield _grouped(world, "Louvain on shared IPs", louvain_on_addresses(keys))


def splink(world: World) -> Iterator[Found]:
    """What Splink finds by the keys of the world's own run; nothing where it is not installed."""
    with duckdb.connect() as con:
        con.register("account_keys", _read(world, "account_keys"))
        con.execute(f"CREATE TABLE records AS {records_sql('FROM account_keys')}")
        try:
            rows = dict(cluster_records(con).fetchall())
        except ImportError:
            return
    yield _grouped(world, SPLINK, {account: str(cluster) for account, cluster in rows.items()})


def _grouped(world: World, variant: str, groups: Groups) -> Found:
    rows = pa.table({"account_id": list(groups), "cluster": list(groups.values())})
    sql = f"""SELECT account_id, cluster,
        CASE WHEN count(*) OVER (PARTITION BY cluster) >= {LEAST_ACCOUNTS} THEN 'distillation' END AS verdict
        FROM rows ORDER BY account_id"""
    with duckdb.connect() as con:
        return Found(variant, world.plan.days, con.register("rows", rows).sql(sql).to_arrow_table())


def found_in(tables: dict[str, pa.Table]) -> pa.Table:
    """Rows (account_id, cluster, verdict) of a run's tables."""
    with duckdb.connect() as con:
        for name in ("clusters", "cluster_members"):
            con.register(name, tables[name])
        return con.sql(
            """SELECT account_id, cluster_uid AS cluster, verdict
            FROM cluster_members JOIN clusters USING (cluster_uid) ORDER BY account_id"""
        ).to_arrow_table()


def _read(world: World, name: str) -> pa.Table:
    table: pa.Table = pq.read_table(world.lake.run_file(world.run.run_id, name))
    return table


def unheard(line: str) -> None:
    """Progress that nobody reads."""
    del line
