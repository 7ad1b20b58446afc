import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decode.parse import MAX_BYTES
from pipeline.errors import SourceError
from pipeline.sources import directory as module
from pipeline.sources.directory import Directory

TOPIC = "account.signup.v1"
NAME = f"{TOPIC}.jsonl"


def source(root, poll_records=100, span_bytes=2**20):
    return Directory(root, {"signup": TOPIC}, poll_records, span_bytes)


def read(source, tips):
    """Everything up to where no whole line is left: (offset, line), and the positions after it."""
    found, tips = [], dict(tips)
    while spans := source.plan(lambda table, name: tips.get(name), {}).spans:
        for span in spans:
            for batch in source.fetch(span):
                assert batch.span.start == tips.get(span.application, 0)
                assert len(batch.offsets) == len(batch.values) <= source.poll_records
                found += [(span.application, *record) for record in zip(batch.offsets, batch.values, strict=True)]
                tips[span.application] = batch.span.end
            assert tips[span.application] == span.end
    return found, tips


def test_a_topic_is_a_file_or_a_folder_of_files(tmp_path):
    (tmp_path / TOPIC).mkdir()
    (tmp_path / NAME).write_bytes(b"a\n")
    (tmp_path / TOPIC / "1.jsonl").write_bytes(b"b\nc\n")
    (tmp_path / TOPIC / "2.txt").write_bytes(b"no\n")
    (tmp_path / "other.jsonl").write_bytes(b"no\n")
    plan = source(tmp_path).plan(lambda table, name: None, {})
    assert plan.lag == 6
    assert [(span.table, span.topic, span.topic_id, span.application, span.start, span.end) for span in plan.spans] == [
        ("signup", TOPIC, NAME, NAME, 0, 2),
        ("signup", TOPIC, f"{TOPIC}/1.jsonl", f"{TOPIC}/1.jsonl", 0, 4),
    ]
    assert len({span.partition for span in plan.spans}) == 2


def test_what_no_topic_has_the_name_of_is_listed(tmp_path):
    (tmp_path / TOPIC).mkdir()
    for name in (NAME, "truth.csv", ".hidden", "signup.jsonl", f"{NAME}.gz", f"{TOPIC}/1.jsonl", f"{TOPIC}/2.json"):
        (tmp_path / name).touch()
    assert source(tmp_path).unread() == [f"{NAME}.gz", f"{TOPIC}/2.json", "signup.jsonl"]


def test_a_growing_file_is_followed_and_its_last_line_waited_for(tmp_path):
    path = tmp_path / NAME
    path.write_bytes(b"one\ntw")
    found, tips = read(source(tmp_path), {})
    assert (found, tips) == ([(NAME, 0, b"one")], {NAME: 4})
    assert source(tmp_path).plan(lambda table, name: 4, {}).lag == 2
    with path.open("ab") as file:
        file.write(b"o\nthree\n")
    assert read(source(tmp_path), tips) == ([(NAME, 4, b"two"), (NAME, 8, b"three")], {NAME: 14})


def test_blank_lines_are_no_records_and_line_ends_no_part_of_them(tmp_path):
    (tmp_path / NAME).write_bytes(b"\n\r\n  \t\n a \r\n\x0b\n")
    assert read(source(tmp_path), {}) == ([(NAME, 7, b"a"), (NAME, 12, b"\x0b")], {NAME: 14})


@pytest.mark.parametrize("fill", [b"x", b" "])
def test_an_overlong_line_is_one_record_that_is_too_large(tmp_path, fill):
    long = fill * (2 * MAX_BYTES) + b"{}"
    (tmp_path / NAME).write_bytes(b"a\n" + long + b"\nb\n")
    found, _ = read(source(tmp_path, span_bytes=100), {})
    assert [(offset, len(value) > MAX_BYTES) for _, offset, value in found] == [
        (0, False),
        (2, True),
        (2 + len(long) + 1, False),
    ]


def test_a_line_of_the_largest_size_is_whole(tmp_path):
    (tmp_path / NAME).write_bytes(b"x" * MAX_BYTES + b"\n")
    assert [len(value) for _, _, value in read(source(tmp_path), {})[0]] == [MAX_BYTES]


lines = st.lists(st.sampled_from([b"a", b"", b"bb", b" ", b"c" * 70]), max_size=12)


@given(lines, st.integers(1, 5), st.integers(1, 200), st.integers(1, 64))
def test_every_line_is_read_once_at_its_offset_however_it_is_cut(tmp_path_factory, lines, polled, span, block):
    root = tmp_path_factory.mktemp("files")
    content = b"\n".join(lines)
    (root / NAME).write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_BYTES", block)
        found, tips = read(source(root, polled, span), {})
    end = content.rfind(b"\n") + 1
    offset, expected = 0, []
    for line in content[:end].split(b"\n")[:-1]:
        if line.strip():
            expected.append((NAME, offset, line.strip()))
        offset += len(line) + 1
    assert found == expected
    assert tips == ({NAME: end} if end else {})


def test_a_file_that_shrank_is_refused(tmp_path):
    (tmp_path / NAME).write_bytes(b"a\n")
    with pytest.raises(SourceError, match=r"has 2 bytes, but 4 of it have landed; expected a file that only grows"):
        source(tmp_path).plan(lambda table, name: 4, {})


def test_a_file_that_shrinks_while_it_is_read_is_refused_and_not_waited_for(tmp_path):
    path = tmp_path / NAME
    path.write_bytes(b"a\nb\n")
    files = source(tmp_path)
    (span,) = files.plan(lambda table, name: None, {}).spans
    path.write_bytes(b"a\nb")
    failed = []

    def fetch():
        try:
            list(files.fetch(span))
        except SourceError as error:
            failed.append(str(error))

    reading = threading.Thread(target=fetch, daemon=True)
    reading.start()
    reading.join(timeout=10)
    assert not reading.is_alive()
    assert "became shorter" in failed[0]


@pytest.mark.parametrize("name", ["missing", NAME])
def test_a_folder_that_is_none_is_refused(tmp_path, name):
    (tmp_path / NAME).touch()
    with pytest.raises(SourceError, match=r"no folder .*; expected a folder with <topic>\.jsonl"):
        source(tmp_path / name).plan(lambda table, name: None, {})


def test_a_folder_without_events_is_refused(tmp_path):
    with pytest.raises(SourceError, match=rf"no events in .*; expected {TOPIC}\.jsonl"):
        source(tmp_path).plan(lambda table, name: None, {})


def test_a_file_that_is_gone_is_one_clear_line(tmp_path):
    (tmp_path / NAME).write_bytes(b"a\n")
    files = source(tmp_path)
    (span,) = files.plan(lambda table, name: None, {}).spans
    (tmp_path / NAME).unlink()
    with pytest.raises(SourceError, match=r"cannot read .*: No such file"):
        list(files.fetch(span))


def test_two_paths_of_one_partition_number_are_refused(tmp_path, monkeypatch):
    (tmp_path / TOPIC).mkdir()
    for name in ("1", "2"):
        (tmp_path / TOPIC / f"{name}.jsonl").write_bytes(b"a\n")
    monkeypatch.setattr(module, "_partition", lambda application: 7)
    with pytest.raises(SourceError, match=r"have the same partition number; rename one"):
        source(tmp_path).plan(lambda table, name: None, {})
