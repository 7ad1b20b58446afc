from queries.service.claim import Claim


def test_services_of_other_steps_do_not_stand_in_each_others_way(landed):
    whole, landing, publishing = (Claim(landed, steps) for steps in (("land", "link"), ("land",), ("publish",)))
    assert landing.take() and landing.take()
    assert publishing.take()
    assert not whole.take()
    linking = Claim(landed, ("link",))
    assert linking.take()  # who could not have all holds no part of it
    linking.drop()
    landing.drop()
    assert whole.take()
    for claim in (whole, publishing):
        claim.drop()
