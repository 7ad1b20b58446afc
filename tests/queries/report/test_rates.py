import msgspec

from queries.evaluation.measured import measured
from queries.report.rates import rates

TOLD = msgspec.structs.replace(
    measured(),
    detector="another",
    tables={
        "verdicts": [{"verdict": "distillation", "accounts": 80, "judged": 60, "precision": 0.95, "recall": 0.7125}],
        "levels": [
            {"level": "careless", "label": "distillation", "recall": 1},
            {"level": "reseller", "label": "resale", "recall": 0.5},
        ],
        "honest": [{"accounts": 1000, "accused": 0}, {"accounts": 500, "accused": 0}],
        "calm": [{"accounts": 300, "accounts_accused": 2}],
    },
)


def test_says_how_often_such_a_verdict_was_right_and_found() -> None:
    found = rates("distillation", TOLD)
    assert found.sentences == [
        "Of 60 simulated accounts that were judged distillation, 95 % were; of 80 for whom it is true, 71.2 % were "
        "found.",
        "Of 1,500 honest simulated accounts 0 were accused of distillation or trial abuse (so at most 20 in 10,000, "
        "with 95 % confidence).",
        "Of 300 accounts of a provider without any operator 2 were accused.",
    ]
    assert [row["level"] for row in found.levels] == ["careless"]
    assert not found.is_of_this_code


def test_what_was_not_measured_is_said() -> None:
    found = rates("organisation", TOLD)
    assert found.sentences[0] == "How often the verdict organisation is wrong was not measured."
    assert found.levels == []


def test_no_bound_is_claimed_where_somebody_was_wronged() -> None:
    tables = TOLD.tables | {"honest": [{"accounts": 1000, "accused": 1}]}
    said = rates("distillation", msgspec.structs.replace(TOLD, tables=tables)).sentences[1]
    assert said == "Of 1,000 honest simulated accounts 1 were accused of distillation or trial abuse."


def test_the_figures_kept_with_the_code_have_what_a_report_states() -> None:
    for verdict in ("distillation", "resale", "trial_abuse"):
        found = rates(verdict)
        assert "was not measured" not in found.sentences[0] and found.levels
