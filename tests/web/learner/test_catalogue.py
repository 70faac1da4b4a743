"""The programme's list of objectives on a pair's page, and the tutor's word for those of which the pair chose it."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.mentoring.programmes.template import load_template
from tests.builder import situations
from tests.web.visiting import Visit

CATALOGUE = load_template("digital-skills").document()["objectives"]


def objectives(services: Services) -> list[Objective]:
    with services.database.reading() as db:
        return list(db.scalars(sa.select(Objective).order_by(Objective.created_at, Objective.id)))


def test_an_objective_of_the_list_is_proposed_in_one_tap_and_then_no_longer_offered(
    visit: Callable[..., Visit], services: Services
) -> None:
    here = visit(situations.begins, locale="fr")
    entry = next(each for each in CATALOGUE if each["trend"])
    assert all(each["title"]["fr"] in here.text("objectives") for each in CATALOGUE)
    assert here.post("objectives/choose", code=entry["code"]).status_code == 302
    [made] = objectives(services)
    assert (made.title, made.direction, made.trend, made.accepts, made.skill, made.catalogue_code) == (
        entry["title"]["fr"],
        entry["direction"],
        True,
        "self,partner",
        entry["skill"],
        entry["code"],
    )
    assert f'value="{entry["code"]}"' not in here.text("objectives")
    assert here.post("objectives/choose", code="nothing-like-it").status_code == 409


def test_the_form_says_that_the_tutor_sees_the_title_and_so_does_the_objective(
    visit: Callable[..., Visit], services: Services
) -> None:
    here = visit(situations.begins)
    assert "The tutor then sees the title of this objective." in here.text("objectives")
    sent = {"title": "Lead a workshop", "direction": "mentee", "tag": "person", "required": "yes"}
    assert here.post("objectives", **sent, accepts=["self", "tutor"], level="4").status_code == 302
    [made] = objectives(services)
    assert (made.accepts, made.level) == ("self,tutor", 4)
    page = here.text("objectives")
    assert "level\xa04\xa0of\xa05" in page
    assert "the tutor may confirm it, and sees its title" in page.partition("Propose an objective")[0]
