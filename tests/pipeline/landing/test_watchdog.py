from pipeline.landing.watchdog import Watchdog


def test_seconds_count_while_records_wait_and_nothing_moves():
    watchdog = Watchdog(0.0)
    assert watchdog.look({"a/0": 5}, 10, 3.0) == 0.0
    assert watchdog.look({"a/0": 5}, 10, 60.0) == 57.0
    assert watchdog.look({"a/0": 6}, 9, 61.0) == 0.0


def test_no_seconds_count_when_nothing_waits_or_kafka_is_silent():
    watchdog = Watchdog(0.0)
    watchdog.look({"a/0": 5}, 10, 0.0)
    assert watchdog.look({"a/0": 5}, 0, 100.0) == 0.0
    assert watchdog.look({"a/0": 5}, None, 200.0) == 0.0
    assert watchdog.look({"a/0": 5}, 1, 230.0) == 30.0


def test_a_job_that_was_just_submitted_has_all_its_time():
    watchdog = Watchdog(0.0)
    watchdog.look({}, 10, 0.0)
    watchdog.begin(90.0)
    assert watchdog.look({}, 10, 100.0) == 10.0
