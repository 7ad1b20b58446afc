from datetime import UTC, datetime

from tests.pipeline.formats.samples import KONG, changed, decode


def test_a_request_that_ai_proxy_served():
    (row,), rejected = decode("kong", KONG)
    assert rejected == []
    expected = {
        "event_id": "9ec9264afbbbad5fe5c64877d92eeb04",
        "event_time": datetime(2026, 6, 14, 23, 59, 57, 250000, UTC),
        "account_id": "c511b2b9-056c-429f-bff7-6dca0562d380",
        "ip_prefix": "198.51.100.0/24",
        "model": "atlas-large-2",
        "endpoint": "/v1/chat/completions",
        "status": 200,
        "user_agent": "curl/8.7.1",
        "input_tokens": 20,
        "output_tokens": 10,
    }
    assert expected.items() <= row.items()
    assert row["conversation_prefix_hash"] is not None


def test_a_batch_gives_a_row_a_request_at_one_address():
    second = changed(KONG, "/request/id", "second")
    plain = changed(KONG, "/ai", ...)
    bad = changed(KONG, "/client_ip", "nowhere")
    rows, rejected = decode("kong", [KONG, plain, changed(bad, "/request/id", "third"), second])
    assert [(row["_offset"], row["event_id"]) for row in rows] == [(0, KONG["request"]["id"]), (0, "second")]
    assert [(row["_offset"], row["reason"], row["path"]) for row in rejected] == [(0, "invalid_ip", "$[2].client_ip")]


def test_an_address_and_an_event_id_name_one_row():
    rows, (rejected,) = decode("kong", [KONG, changed(KONG, "/response/status", 429)])
    assert [row["status"] for row in rows] == [200]
    assert (rejected["reason"], rejected["path"]) == ("unmappable", "$[1]")


def test_counts_and_payload_of_older_versions():
    older = changed(KONG, "/ai/proxy/usage", {"prompt_token": 7, "completion_token": 8})
    older = changed(changed(older, "/ai/proxy/payload", ...), "/ai/payload", {"request": '{"prompt": "a b c d"}'})
    (row,), _ = decode("kong", older)
    assert (row["input_tokens"], row["output_tokens"]) == (7, 8)
    assert row["prompt_minhash"] is not None


def test_counts_of_an_image():
    (row,), _ = decode("kong", changed(KONG, "/ai/proxy/usage", {"input_tokens": 7, "output_tokens": 8}))
    assert (row["input_tokens"], row["output_tokens"]) == (7, 8)


def test_a_request_that_no_ai_proxy_served_is_irrelevant():
    _, (rejected,) = decode("kong", changed(KONG, "/ai", ...))
    assert rejected["reason"] == "irrelevant"
