from pipeline.landing.counting import LandedRows
from pipeline.landing.micro_batches import Tick
from tests.pipeline.landed import directory, drained, job
from tests.pipeline.records import event


def test_rows_that_others_land_are_counted_once(tmp_path):
    folder = tmp_path / "events"
    folder.mkdir()
    usage = folder / "api.usage.v1.jsonl"
    usage.write_bytes(event("usage") + b"\nbad\n")
    landing = job(tmp_path / "lake", directory(folder))
    drained(landing)
    counted = LandedRows(landing.lake)
    assert counted.look(landing.lake.positions(), 7) == Tick(0, 0, 7, idle=False)
    with usage.open("ab") as file:
        file.write((event("usage") + b"\n") * 3 + b"bad\nbad\n")
    drained(landing)
    assert counted.look(landing.lake.positions(), 0) == Tick(3, 2, 0, idle=False)
    assert counted.look(landing.lake.positions(), 0) == Tick(0, 0, 0, idle=True)
