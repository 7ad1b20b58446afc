import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline.contract.tables import Run
from pipeline.lake import Lake
from queries.report.derive import evidence
from queries.report.page import MOST_ROWS, render


@pytest.fixture(scope="module")
def material(published_root: Path) -> tuple[dict[str, pa.Table], Run]:
    lake = Lake.open(published_root)
    run = lake.runs()[-1]
    return evidence(lake, run, "op_1", datetime(2026, 7, 1, tzinfo=UTC)), run


def page(material: tuple[dict[str, pa.Table], Run], **changed: pa.Table) -> str:
    tables, run = material
    return render(tables | changed, run, datetime(2026, 7, 1, tzinfo=UTC), "ana")


def test_says_the_verdict_the_figures_and_what_speaks_against(material: Any) -> None:
    text = page(material)
    assert "<b>distillation</b>. One operator is behind these accounts" in text
    assert " 97 % of the accounts show by themselves what this rests on." in text
    assert "<dt>output tokens</dt><dd>6,000</dd>" in text
    assert "<li>one account pays</li>" in text
    assert "conversation continued 3 s after a 429" in text
    assert "api.usage.v1/0@1" in text


def test_loads_nothing_and_allows_only_its_own_script(material: Any) -> None:
    text = page(material)
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    assert "unsafe-inline" not in text
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!#|data:)""", text)
    assert "url(" not in text and "@import" not in text and " style=" not in text and not re.search(r"\son\w+=", text)


def test_what_an_attacker_wrote_stays_text(material: Any) -> None:
    hostile = "</title><script>alert(1)</script>\x1b\u202e\"'"
    members = material[0]["cluster_members"].to_pylist()
    members[0] |= {"email_domain": hostile, "strongest": hostile}
    text = page(material, cluster_members=pa.Table.from_pylist(members, schema=material[0]["cluster_members"].schema))
    assert text.count("<script>") == 1 and "alert(1)&lt;/script&gt;" in text
    assert "\x1b" not in text and "\u202e" not in text


def test_long_tables_are_cut_and_say_so(material: Any) -> None:
    ledger = material[0]["extraction_ledger"]
    text = page(material, extraction_ledger=pa.concat_tables([ledger] * MOST_ROWS))
    assert f"{2 * MOST_ROWS} more rows are in evidence/extraction_ledger.csv" in text


def test_the_last_word_is_told_with_who_said_it_and_why(material: Any) -> None:
    decisions = material[0]["cluster_decisions"]
    said = {
        "decided_at": datetime(2026, 6, 3, tzinfo=UTC),
        "disposition": "benign",
        "decided_by": "ben",
        "reason": "<b>",
    }
    text = page(material, cluster_decisions=pa.Table.from_pylist([said], schema=decisions.schema))
    assert "last word: <b>benign</b>, by ben, 2026-06-03T00:00:00Z: &lt;b&gt;</p>" in text
    assert "Investigators' last word" not in page(material)


def test_a_cluster_without_events_or_links_has_a_page(material: Any) -> None:
    empty = {name: rows.slice(0, 0) for name, rows in material[0].items() if name != "cluster_summary"}
    assert "No events." in page(material, **empty)


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 800)])
def test_works_in_a_real_browser_without_a_complaint(
    case_of_world: Path, browser: Any, width: int, height: int
) -> None:
    browser.open((case_of_world / "report.html").as_uri(), width, height)
    assert browser.evaluate("document.querySelectorAll('#links circle').length") == 3
    assert browser.evaluate("document.querySelectorAll('#links line').length") == 2
    assert browser.evaluate("getComputedStyle(document.body).margin") == "0px"  # the CSP let the style in
    browser.click("#links circle:last-of-type")
    assert "membership" in browser.evaluate("document.getElementById('why').textContent")
    whole = browser.evaluate("document.getElementById('links').getAttribute('viewBox')")
    zoom = "document.getElementById('links').dispatchEvent(new WheelEvent('wheel', {deltaY: -1, cancelable: true}))"
    browser.evaluate(zoom)
    assert browser.evaluate("document.getElementById('links').getAttribute('viewBox')") != whole
    browser.click("#whole")
    assert browser.evaluate("document.getElementById('links').getAttribute('viewBox')") == whole
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.complaints == []
