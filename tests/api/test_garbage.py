"""A server's process looks for garbage seldom, and as before when it serves no more."""

import gc

from api.garbage import OBJECTS, looked_for_seldom
from tests.support.http import Api


def test_while_it_serves_and_no_longer():
    before = gc.get_threshold()
    with looked_for_seldom():
        assert gc.get_threshold() == (OBJECTS, *before[1:])
    assert gc.get_threshold() == before


def test_an_app_that_serves_does(unchanged: Api):
    """Whoever starts it: it is not left to the command line."""
    assert unchanged.get("/teams").status == 200
    assert gc.get_threshold()[0] == OBJECTS
