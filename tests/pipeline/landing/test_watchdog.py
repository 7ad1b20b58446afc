from pipeline.landing.watchdog import LONGEST_SECONDS, Watchdog


def test_it_barks_when_records_wait_and_nothing_moves():
    watchdog = Watchdog(30, 0.0)
    assert watchdog.look({"a/0": 5}, 10, 3.0) == 0
    assert watchdog.look({"a/0": 6}, 10, 4.0) == 0
    assert watchdog.look({"a/0": 6}, 10, 34.0) == 0
    assert watchdog.look({"a/0": 6}, 10, 35.0) == 31
    assert watchdog.look({"a/0": 7}, 9, 36.0) == 0


def test_no_seconds_count_when_nothing_waits_or_kafka_is_silent():
    watchdog = Watchdog(30, 0.0)
    watchdog.look({"a/0": 5}, 10, 0.0)
    assert watchdog.look({"a/0": 5}, 0, 100.0) == 0
    assert watchdog.look({"a/0": 5}, None, 200.0) == 0
    assert watchdog.look({"a/0": 5}, 1, 231.0) == 31


def test_a_job_that_was_just_submitted_has_ever_more_time_until_something_lands():
    watchdog = Watchdog(30, 0.0)
    watchdog.look({}, 10, 0.0)
    watchdog.begin(0.0)
    assert watchdog.look({"a/0": 0}, 10, 60.0) == 0
    assert watchdog.look({"a/0": 0}, 10, 61.0) == 61
    watchdog.begin(100.0)
    assert watchdog.look({"a/0": 0}, 10, 220.0) == 0
    watchdog.look({"a/0": 1}, 9, 230.0)
    assert watchdog.look({"a/0": 1}, 9, 261.0) == 31
    for _ in range(20):
        watchdog.begin(300.0)
    assert watchdog.look({"a/0": 1}, 9, 301.0 + LONGEST_SECONDS) > LONGEST_SECONDS
