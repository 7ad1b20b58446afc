from collections import Counter
from random import Random
from statistics import mean, pvariance

from pipeline.simulator import rhythms
from pipeline.simulator.clock import DAY, HOUR, MINUTE


def counts(rhythm, per_day, days=28, seed=1):
    rng = Random(seed)
    return [rhythm.arrivals(rng, day, per_day) for day in range(days)]


def test_arrivals_are_ascending_within_the_day_and_as_many_as_asked():
    for make in (lambda: rhythms.person(Random(3), 2), lambda: rhythms.measured(Random(3)), rhythms.Queue):
        days = counts(make(), 40)
        for times in days:
            assert times == sorted(times)
            assert all(0 <= time < DAY for time in times)
        assert 30 < mean(map(len, days)) < 48


def test_people_sleep_by_their_own_clock():
    for hours in (-6, 0, 8):
        times = [time for day in counts(rhythms.person(Random(1), hours), 200) for time in day]
        local = Counter((time // HOUR + hours) % 24 for time in times)
        assert sum(local[hour] for hour in range(9, 23)) > 5 * sum(local[hour] for hour in range(8))


def test_people_at_work_rest_at_the_weekend():
    days = counts(rhythms.person(Random(1), 0, working=True), 50)
    weekday = mean(len(times) for day, times in enumerate(days) if day % 7 < 5)
    weekend = mean(len(times) for day, times in enumerate(days) if day % 7 >= 5)
    assert weekend < 0.5 * weekday


def test_a_job_queue_is_smoother_than_people():
    def dispersion(rhythm):
        hours = [0] * 24 * 28
        for day, times in enumerate(counts(rhythm, 480)):
            for time in times:
                hours[day * 24 + time // HOUR] += 1
        return pvariance(hours) / mean(hours)

    assert dispersion(rhythms.Queue()) < 0.2
    assert dispersion(rhythms.person(Random(1), 0)) > 3


def test_cron_jobs_keep_their_minute():
    for times in counts(rhythms.Scheduled(2 * HOUR, 30 * MINUTE), 0):
        assert {time % (2 * HOUR) // MINUTE for time in times} == {30}
        assert len(times) >= 11


def test_the_measured_clients_are_many_and_whole():
    clients = rhythms.clients()
    assert len(clients) > 300
    for client in clients:
        assert len(client.loads) == 168
        assert len(client.input_tokens) == len(client.output_tokens) == 21
        assert list(client.output_tokens) == sorted(client.output_tokens)
        assert 0.5 <= client.burst <= 12
