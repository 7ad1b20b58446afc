from datetime import UTC, datetime

import pytest

from tests.pipeline.formats.samples import LITELLM, SPEND_LOG, changed, decode

WHEN = datetime(2026, 6, 14, 23, 59, 57, 250000, UTC)


def only(record, **options):
    (row,), rejected = decode("litellm", record, **options)
    assert rejected == []
    return row


def test_a_standard_logging_payload():
    row = only(LITELLM)
    expected = {
        "event_id": "chatcmpl-1",
        "event_time": WHEN,
        "account_id": "user-1",
        "ip_prefix": "198.51.100.0/24",
        "model": "atlas-large-2",
        "endpoint": "/v1/chat/completions",
        "status": 200,
        "user_agent": "OpenAI/Python 1.109.1",
        "input_tokens": 20,
        "output_tokens": 10,
        "max_tokens": 100,
        "temperature": 0.5,
        "stop_reason": "max_tokens",
        "fingerprint_version": "h1",
    }
    assert expected.items() <= row.items()
    assert None not in (row["prompt_minhash"], row["system_hash"], row["conversation_prefix_hash"])


def test_a_spend_log_with_its_columns_as_texts():
    row = only(SPEND_LOG)
    expected = {
        "event_id": "chatcmpl-2",
        "event_time": WHEN,
        "account_id": "user-1",
        "model": "atlas-large-2",
        "endpoint": "/v1/chat/completions",
        "status": 200,
        "user_agent": "OpenAI/Python 1.109.1",
        "max_tokens": 100,
    }
    assert expected.items() <= row.items()
    assert row["api_key_key"] == only(LITELLM)["api_key_key"]
    assert row["prompt_minhash"] is not None


@pytest.mark.parametrize("messages", ["redacted-by-litellm", [{"role": "user", "content": "redacted-by-litellm"}]])
def test_a_redacted_prompt_is_none(messages):
    assert only(changed(LITELLM, "/messages", messages))["prompt_minhash"] is None


@pytest.mark.parametrize(("code", "status"), [("429", 429), (503, 503), ("", 500), (None, 500), ("RateLimit", 500)])
def test_a_failure_has_the_errors_code_or_500(code, status):
    failed = changed(LITELLM, "/status", "failure")
    failed = changed(failed, "/error_information", {"error_code": code, "error_class": "RateLimitError"})
    assert only(failed)["status"] == status


def test_a_failed_spend_logs_code_is_in_its_metadata():
    failed = changed(SPEND_LOG, "/status", "failure")
    failed = changed(failed, "/metadata", '{"error_information": {"error_code": "401"}}')
    assert only(failed)["status"] == 401


@pytest.mark.parametrize(
    ("tags", "user_agent"),
    [
        (["User-Agent: OpenAI/Python 1.109.1", "User-Agent: Z"], "OpenAI/Python 1.109.1"),
        (["User-Agent: Z", 7, "User-Agent: OpenAI/Python 1.109.1"], "OpenAI/Python 1.109.1"),
        (["batch"], None),
        ([], None),
    ],
)
def test_the_longest_tag_is_the_whole_user_agent(tags, user_agent):
    assert only(changed(LITELLM, "/request_tags", tags))["user_agent"] == user_agent


def test_what_is_moved_out_of_the_whole_record_is_read_as_it_is():
    record = changed(LITELLM, "/metadata/http_status", 429)
    assert only(record, moved={"status": "/metadata/http_status"})["status"] == 429


def test_a_number_of_too_many_bits_is_rejected():
    rows, (rejected,) = decode("litellm", changed(LITELLM, "/model_parameters/max_tokens", 10**30))
    assert rows == []
    assert (rejected["reason"], rejected["path"]) == ("out_of_range", "$.model_parameters.max_tokens")


def test_a_prompt_of_odd_parts_hides_no_event():
    odd = [{"role": "user", "content": [{"type": "text", "text": "a b c d"}, {"type": "image", "size": 10**30}, 7]}]
    assert only(changed(LITELLM, "/messages", odd))["prompt_minhash"] is not None
    assert only(changed(LITELLM, "/messages", [10**30]))["prompt_minhash"] is None


def test_accounts_may_be_teams():
    assert only(LITELLM, moved={"account_id": "/metadata/user_api_key_team_id"})["account_id"] == "team-1"


def test_a_key_without_a_user_is_not_guessed_at():
    rows, (rejected,) = decode("litellm", changed(LITELLM, "/metadata/user_api_key_user_id", None))
    assert rows == []
    assert (rejected["reason"], rejected["path"]) == ("unmappable", "$.metadata.user_api_key_user_id")


def test_a_wrong_value_is_told_by_its_place():
    _, (rejected,) = decode("litellm", changed(LITELLM, "/model_parameters/temperature", "warm"))
    assert (rejected["reason"], rejected["path"]) == ("wrong_type", "$.model_parameters.temperature")
