from datetime import UTC, datetime

import pytest

from pipeline.privacy.fingerprint import VERSION
from tests.pipeline.formats.samples import LOG_RECORD, OTHER_LOG_RECORD, attributes, decode, otlp


def with_attributes(*without, **more):
    kept = [pair for pair in LOG_RECORD["attributes"] if pair["key"] not in without]
    return LOG_RECORD | {"attributes": kept + attributes(**more)}


def only(log):
    (row,), rejected = decode("otel-genai", otlp(log))
    assert rejected == []
    return row


def test_an_inference_event_among_other_log_records():
    (row,), rejected = decode("otel-genai", otlp(OTHER_LOG_RECORD, LOG_RECORD))
    assert rejected == []
    expected = {
        "event_id": "chatcmpl-1",
        "event_time": datetime(2026, 6, 14, 23, 59, 57, 250000, UTC),
        "account_id": "user-1",
        "ip_prefix": "198.51.100.0/24",
        "model": "atlas-large-2",
        "endpoint": "/v1/chat/completions",
        "status": 200,
        "user_agent": "curl/8.7.1",
        "input_tokens": 20,
        "output_tokens": 10,
        "max_tokens": 100,
        "temperature": 0.5,
        "stop_reason": "end_turn",
        "fingerprint_version": VERSION,
    }
    assert expected.items() <= row.items()
    assert None not in (row["prompt_minhash"], row["system_hash"], row["conversation_prefix_hash"])


def test_a_prompt_hashes_as_the_same_prompt_of_another_format():
    from tests.pipeline.formats.samples import LITELLM, SECRET, changed

    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": SECRET}]
    (row,), _ = decode("litellm", changed(LITELLM, "/messages", messages))
    for name in ("prompt_minhash", "system_hash", "conversation_prefix_hash"):
        assert only(LOG_RECORD)[name] == row[name]


def test_the_event_name_of_older_sdks_is_an_attribute():
    name = LOG_RECORD["eventName"]
    older = with_attributes(event__name={"stringValue": name}) | {"eventName": ""}
    assert only(older)["event_id"] == "chatcmpl-1"


def test_trace_and_span_are_the_id_of_a_failure():
    failed = with_attributes("gen_ai.response.id", error__type={"stringValue": "timeout"})
    row = only(failed)
    assert row["event_id"] == f"{LOG_RECORD['traceId']}/{LOG_RECORD['spanId']}"
    assert row["status"] == 500


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"error__type": {"stringValue": "429"}}, 429),
        ({"http__response__status_code": {"intValue": "503"}, "error__type": {"stringValue": "x"}}, 503),
    ],
)
def test_the_status_that_is_told_counts(more, status):
    assert only(with_attributes(**more))["status"] == status


def test_a_bad_item_is_told_by_its_place_and_hides_no_other():
    nobody = with_attributes("user.id", "gen_ai.response.id")
    rows, (rejected,) = decode("otel-genai", otlp(nobody, OTHER_LOG_RECORD, LOG_RECORD))
    assert [row["event_id"] for row in rows] == ["chatcmpl-1"]
    assert rejected["reason"] == "unmappable"
    assert rejected["path"] == "$.resourceLogs[0].scopeLogs[0].logRecords[0].attributes['user.id']"


def test_an_export_without_an_inference_event_is_irrelevant():
    _, (rejected,) = decode("otel-genai", otlp(OTHER_LOG_RECORD))
    assert (rejected["reason"], rejected["path"]) == ("irrelevant", "$")


def test_integers_are_texts_in_otlp_json():
    names = ("user.id", "gen_ai.request.temperature")
    row = only(with_attributes(*names, user__id={"intValue": "42"}, gen_ai__request__temperature={"intValue": "1"}))
    assert (row["account_id"], row["temperature"]) == ("42", 1.0)


def test_the_time_of_observation_stands_in():
    assert only(LOG_RECORD | {"timeUnixNano": "0"})["event_time"] == datetime(2026, 6, 14, 23, 59, 59, tzinfo=UTC)
