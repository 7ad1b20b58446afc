"""Which tasks seek a model's abilities rather than its services."""

# What providers have published that distillers ask for: agentic reasoning and tool use, coding, mathematics, data
# analysis, rubric-based grading, vision. Providers name their tasks as they like, hence stems.
CAPABILITY_STEMS = (
    *("reason", "cod", "program", "debug", "math", "arithm", "algorithm", "logic"),
    *("agent", "tool", "analys", "grad", "rubric", "vision", "chain"),
)
# What people and their products ask for. A word in neither list is unknown: it says nothing for or against anybody.
SERVICE_STEMS = (
    *("chat", "conver", "talk", "writ", "creativ", "edit", "draft", "story", "roleplay", "brainstorm", "summar"),
    *("translat", "question", "answer", "qa", "faq", "search", "retriev", "extract", "classif", "recommend"),
    *("support", "customer", "business", "general", "market", "mail", "advice", "casual", "proofread"),
)


def capability_sql(column: str) -> str:
    """SQL that says whether the task in `column` seeks an ability."""
    return _any_of(column, CAPABILITY_STEMS)


def told_sql(column: str) -> str:
    """SQL that says whether the task in `column` is in words that are known."""
    return f"coalesce({_any_of(column, (*CAPABILITY_STEMS, *SERVICE_STEMS))}, false)"


def _any_of(column: str, stems: tuple[str, ...]) -> str:
    return f"regexp_matches(lower({column}), '{'|'.join(stems)}')"
