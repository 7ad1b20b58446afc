"""What the figures are wanted to be, beside what they are."""

from queries.evaluation.figures import CALM, HONEST, IDS, LEVELS, SUMMARY
from queries.evaluation.variants import WHOLE

# (goal, whether it is a least value, wanted, SQL of what was measured over the figures' tables)
GOALS = (
    ("precision of accusations", True, 0.98, "SELECT precision FROM summary"),
    ("recall, careless", True, 0.99, "SELECT recall FROM levels WHERE level = 'distiller_careless'"),
    ("recall, pooled", True, 0.99, "SELECT recall FROM levels WHERE level = 'distiller_pooled'"),
    ("recall, isolated", True, 0.98, "SELECT recall FROM levels WHERE level = 'distiller_isolated'"),
    ("recall, mimic", True, 0.95, "SELECT recall FROM levels WHERE level = 'distiller_mimic'"),
    ("honest accounts accused per 10,000", False, 3.0, "SELECT 10000.0 * sum(accused) / sum(accounts) FROM honest"),
    (
        "accounts of evaluation companies and agencies accused",
        False,
        0.0,
        "SELECT sum(accused) FROM honest WHERE kind IN ('evaluation_company', 'agency', 'coding_agency')",
    ),
    (
        "distillation verdicts in a world without rings",
        False,
        0.0,
        "SELECT sum(distillation_verdicts) FROM calm",
    ),
    ("B-cubed F1 of operators", True, 0.97, "SELECT b3_f1 FROM summary"),
    ("ids per operator over 30 daily runs", False, 1.05, "SELECT sum(ids) / sum(operators) FROM ids"),
    ("resale F1", True, 0.97, "SELECT resale_f1 FROM summary"),
    ("trial abuse F1", True, 0.97, "SELECT trial_f1 FROM summary"),
)


def goals_sql() -> str:
    """SQL over `judged` of the goals: what is wanted, what was measured, whether it is met; null if nothing was."""
    rows = " UNION ALL ".join(
        f"SELECT {i} AS place, '{goal}' AS goal, {least} AS least, {wanted}::DOUBLE AS wanted, ({sql}) AS measured"
        for i, (goal, least, wanted, sql) in enumerate(GOALS)
    )
    return f"""
        WITH levels AS ({LEVELS}), honest AS ({HONEST}), calm AS ({CALM}), ids AS ({IDS}),
        summary AS (SELECT * FROM ({SUMMARY}) WHERE variant = '{WHOLE}')
        SELECT goal, CASE WHEN least THEN 'at least ' ELSE 'at most ' END || wanted AS wanted,
               round(measured, 4) AS measured,
               CASE WHEN measured IS NOT NULL
                    THEN CASE WHEN (measured >= wanted AND least) OR (measured <= wanted AND NOT least)
                         THEN 'yes' ELSE 'no' END END AS met
        FROM ({rows}) ORDER BY place"""
