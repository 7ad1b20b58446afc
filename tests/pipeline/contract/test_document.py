from pipeline.contract.document import contract_document
from pipeline.contract.events import TOPICS
from pipeline.contract.schema import event_fields
from pipeline.contract.tables import TABLES

TEXT = contract_document({"too_odd": "It is | odd."}, TABLES)


def test_every_field_of_every_topic_has_a_line() -> None:
    for topic in TOPICS:
        part = TEXT.split(f"\n### {topic.name}\n")[1].split("\n##")[0]
        lines = [line for line in part.splitlines() if line.startswith("| `")]
        fields = event_fields(topic.record)
        assert [line.split("`")[1] for line in lines] == [name for name, _, _ in fields]
        for line, (_, _, required) in zip(lines, fields, strict=True):
            assert (line.split(" | ")[2] == "yes") is required


def test_every_column_of_every_table_has_a_line() -> None:
    for table in TABLES:
        part = TEXT.split(f"\n### {table.name}\n")[1].split("\n##")[0]
        names = [line.split("`")[1] for line in part.splitlines() if line.startswith("| `")]
        assert names == [column.name for column in table.columns]
        assert f"Grain: {table.grain}." in part


def test_it_says_how_personal_values_are_kept() -> None:
    assert "| `card_fingerprint` | string |  | token in `card_key` |" in TEXT
    assert "| `prompt` | string or list of {role, content} |  | never |" in TEXT


def test_reasons_are_listed() -> None:
    assert "| `too_odd` | It is \\| odd. |" in TEXT
