import pytest

from pipeline.formats import readers

HUGE = "9" * 5000


@pytest.mark.parametrize(
    ("read", "value", "made"),
    [
        (readers.text, 7, "7"),
        (readers.text, True, True),
        (readers.text, {"id": "a", "object": "customer"}, "a"),
        (readers.whole, 15.0, 15),
        (readers.whole, 15.5, 15.5),
        (readers.whole, "308", 308),
        (readers.whole, HUGE, HUGE),
        (readers.whole, "-1", "-1"),
        (readers.seconds, 0.25, "1970-01-01T00:00:00.250000+00:00"),
        (readers.seconds, 1e300, 1e300),
        (readers.seconds, float("inf"), float("inf")),
        (readers.seconds, True, True),
        (readers.milliseconds, 1781481597250, "2026-06-14T23:59:57.250000+00:00"),
        (readers.nanoseconds, "1781481597250000999", "2026-06-14T23:59:57.250000+00:00"),
        (readers.nanoseconds, "0", None),
        (readers.nanoseconds, "soon", "soon"),
        (readers.utc, "2026-06-14 23:59:57.250", "2026-06-14 23:59:57.250Z"),
        (readers.utc, "2026-06-14T23:59:57", "2026-06-14T23:59:57Z"),
        (readers.utc, "2026-06-14T23:59:57Z", "2026-06-14T23:59:57Z"),
        (readers.utc, "2026-06-14T23:59:57-02:00", "2026-06-14T23:59:57-02:00"),
        (readers.utc, "2026-06-14T23:59:57+02:00", "2026-06-14T23:59:57+02:00"),
        (readers.utc, "2026", "2026"),
        (readers.path, "/v1/models?key=a?b", "/v1/models"),
        (readers.host, "198.51.100.7:443", "198.51.100.7"),
        (readers.host, "198.51.100.7", "198.51.100.7"),
        (readers.host, "[2001:db8::1]:443", "2001:db8::1"),
        (readers.host, "2001:db8::1", "2001:db8::1"),
        (readers.stop_reason, ["tool_calls", "stop"], "tool_use"),
        (readers.stop_reason, "end_turn", "end_turn"),
        (readers.stop_reason, [], None),
        (readers.chat, '[{"role": "user", "content": "hi"}]', [{"role": "user", "content": "hi"}]),
        (readers.chat, "[brackets] are text", "[brackets] are text"),
        (readers.chat, ["a", "b"], None),
        (readers.chat, [{"role": "user", "content": None}], [{"role": "user", "content": []}]),
        (
            readers.request_body,
            {"system": "s", "messages": [{"role": "user", "content": "u"}], "tools": [1]},
            [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
        ),
        (
            readers.request_body,
            '{"instructions": "s", "input": "u"}',
            [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
        ),
        (readers.request_body, {"prompt": "u"}, "u"),
        (readers.request_body, {"messages": 7}, None),
        (readers.request_body, "{truncated", None),
        (readers.opened, "[" * 5000, "[" * 5000),
        (readers.opened, "[" * 65 + "]" * 65, "[" * 65 + "]" * 65),
        (readers.opened, "[" * 3 + "]" * 3, [[[]]]),
        (readers.upper, 7, 7),
    ],
)
def test_what_is_understood_becomes_ours_and_the_rest_stays(read, value, made):
    assert repr(read(value)) == repr(made)
