"""Organisations that leave the null."""

from graph import link as linking
from graph.attested import attested_organisations
from graph.link import Stages, link
from tests.graph.written import told


def test_people_of_one_attested_organisation_are_together_and_nobody_else_is(world) -> None:
    world.signup("a0", org_id="org-b", program="enterprise")
    world.signup("a1", org_id="org-b", program="enterprise")
    world.signup("a2", org_id="org-b", program="pay_as_you_go")  # anybody may write an organisation's id
    world.signup("a3", org_id="org-a", program="startup")
    world.event("action", "a3", 5, action="verified")
    world.signup("a4", program="enterprise")
    world.ask("a5", 5)
    lake = world.land()
    run = link(lake, None, told)
    with linking._spilling() as con:
        linking.compute(con, lake, run, "", Stages(told))
        found = attested_organisations(con).tolist()
    assert found[0] == found[1] >= 0
    assert found[3] not in (-1, found[0])
    assert [found[i] for i in (2, 4, 5)] == [-1, -1, -1]


def test_what_an_attested_organisation_shares_makes_no_coincidence_of_strangers(world, crowd) -> None:
    """Forty people of one company share a device by pairs; two strangers who do stand out all the same."""
    thresholds = []
    for program in ("enterprise", "pay_as_you_go"):
        other = type(world)(world.lake.root.parent / program)
        crowd(other, 160)
        for i in range(40):
            other.signup(f"corp-{i}", org_id="org", program=program, device_key=f"d-corp-{i // 2}", ip_key="office")
        lake = other.land()
        lines: list[str] = []
        link(lake, None, lines.append)
        thresholds.append(
            next(float(line.split("from ")[1].split(" nats")[0]) for line in lines if "seeds from" in line)
        )
    assert thresholds[0] < thresholds[1]
