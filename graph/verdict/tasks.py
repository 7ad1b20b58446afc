"""Which tasks seek a model's abilities rather than its services."""

# What providers have published that distillers ask for: agentic reasoning and tool use, coding, mathematics, data
# analysis, rubric-based grading, vision. Providers name their tasks as they like, hence stems.
CAPABILITY_STEMS = (
    *("reason", "cod", "program", "debug", "math", "arithm", "algorithm", "logic"),
    *("agent", "tool", "analys", "grad", "rubric", "vision", "chain"),
)


def capability_sql(column: str) -> str:
    """SQL that says whether the task in `column` seeks an ability."""
    return f"regexp_matches(lower({column}), '{'|'.join(CAPABILITY_STEMS)}')"
