"""Whether the service is well: one line why not."""

from queries.service.service import Service

# Longer than landing waits for a source that is silent at its start, and than a broker's restart.
STUCK_SECONDS = 120.0
# So many looks in a row must have been missed.
BLIND_SECONDS = 60.0
# Alerts are left out: a receiver that is down is its owner's trouble, and the outbox keeps what it is owed.
MUST_WORK = ("link", "publish", "retain")


def trouble(service: Service, now: float) -> str:
    """What is wrong, in one line; empty if nothing is. `now` is of the monotonic clock."""
    watch, landing = service.watch, service.steps.get("land")
    if watch.problem:
        return watch.problem
    if watch.figures and now - watch.figures.at > BLIND_SECONDS:
        return f"the lake and the source were last seen {now - watch.figures.at:.0f} s ago"
    if service.standing_by:
        return ""
    if landing and landing.problem:
        return f"landing is not running: {landing.problem}"
    if landing and now - watch.moved_at > STUCK_SECONDS:
        waiting = "the source does not answer" if watch.lag is None else f"lag is {watch.lag}"
        return f"nothing has landed for {now - watch.moved_at:.0f} s, and {waiting}"
    failed = [step for name, step in service.steps.items() if name in MUST_WORK and step.problem]
    return "; ".join(f"the last {step.name} failed: {step.problem}" for step in failed)
