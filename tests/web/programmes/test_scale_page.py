"""The page on which a pilot becomes a full-scale group, and the choice of that group for an activity."""

from __future__ import annotations

import datetime as dt
import html
import io
import re
from collections.abc import Callable

from lti_tool.composition.services import Services
from lti_tool.mentoring.programmes.scaling import CARRIED_OVER
from lti_tool.web.programmes.wording import TITLES
from tests.builder import owning, situations
from tests.web.visiting import Visit


def test_one_action_makes_a_full_scale_group_that_waits_for_an_activity(visit: Callable[..., Visit]) -> None:
    tutor = visit(situations.tutor, locale="fr")
    page = tutor.text("programme/scale")
    assert "En attente d’une activité" not in page
    assert "8 participants" in page  # of the pilot, who are not taken over
    wrong = tutor.post("programme/scale", name="Toute l’usine", starts_on="2027-03-01", ends_on="2027-02-01")
    assert (wrong.status_code, 'value="Toute l’usine"' in html.unescape(wrong.text)) == (422, True)
    first = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)
    answer = tutor.post(
        "programme/scale",
        name="Toute l’usine",
        starts_on=first.isoformat(),
        ends_on=(first + dt.timedelta(days=90)).isoformat(),
    )
    assert answer.status_code == 302
    page = tutor.text("programme/scale")
    assert "En attente d’une activité" in page
    assert "Toute l’usine" in page
    # The next step is in a course, where the activity is added.
    assert re.search(r'class="btn btn-primary" href="https://[^"]+" target="_top" id="to-course"', page)
    made = re.search(r'name="group" value="([0-9a-f-]+)"', page)
    assert made
    answer = tutor.post("programme/scale/take-back", group=made[1])
    assert "Toute l’usine" not in tutor.client.get(answer.location).text
    assert "a supprimé le groupe de déploiement 2" in said(tutor.text("programme/audit"))


def test_the_page_names_every_part_that_is_carried_over(visit: Callable[..., Visit]) -> None:
    words = said(visit(situations.tutor).text("programme/scale"))
    carried = words.partition("Carried over")[2].partition("Not carried over")[0]
    for section in CARRIED_OVER:
        assert ("Goal" if section == "goal" else TITLES[section]) in carried, section


def test_an_owner_prepares_the_group_before_it_has_an_activity(
    visit: Callable[..., Visit], services: Services
) -> None:
    here = visit(situations.owner)
    first = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)
    here.post("programme/scale", name="Everybody", starts_on=first.isoformat(), ends_on="2028-01-01")
    found = re.search(r"of/([0-9a-f-]+)/", here.text("programme/scale"))
    assert found
    group = f"of/{found[1]}/"
    assert group in here.text(here.link("owner/programmes/[0-9a-f-]+", "owner/"))
    page = html.unescape(here.text(group))
    assert "Only a teacher of the course can do this, from inside the course." in page
    assert page.count("(roll-out, not open yet)") == 2  # the step, and the text for the teacher
    # Settings, rule, dates and a list of people are within reach; pages about people and pairs are not.
    for below, status in (
        ("programme/dates", 200),
        ("programme/rule", 200),
        ("cohort/pairing", 404),
        ("cohort/move", 404),
    ):
        assert here.get(group + below).status_code == status, below
    later = (first + dt.timedelta(days=10)).isoformat()
    made_from = re.search(r'name="made_from" value="(\d+)"', here.text(group + "programme/dates"))
    assert made_from
    here.post(
        group + "programme/dates",
        made_from=made_from[1],
        starts_on=later,
        ends_on="2028-01-01",
        follow_up_on="2028-03-01",
    )
    assert f'value="{later}"' in here.text(group + "programme/dates")
    list_page = here.post(
        group + "cohort/adding-people/", file=(io.BytesIO(b"role;e-mail\nmentee;new@example.org\n"), "p.csv")
    )
    assert list_page.status_code == 302
    assert "new@example.org" in here.client.get(list_page.location).text
    assert (
        here.get(here.link("owner/programmes/[0-9a-f-]+/example/mentee", group + "programme")).status_code
        == 200
    )
    # It starts once somebody can open it.
    assert "Give it an activity, in the learning platform." in here.text(group + "programme")
    refused = here.post(group + "programme/start")
    assert (refused.status_code, "no activity opens this group yet" in refused.text) == (409, True)
    # Whoever neither owns the programme nor is given it finds nothing.
    assert visit(situations.tutor).get(group).status_code == 404


def test_an_owner_takes_a_group_back_that_waits(visit: Callable[..., Visit]) -> None:
    here = visit(owning.owner_of_waiting_group)
    programme = here.link("owner/programmes/[0-9a-f-]+", "owner/")
    group = here.link("of/[0-9a-f-]+/", programme)
    answer = here.post(group + "take-back", group=group[3:-1])
    assert "The group is deleted." in here.client.get(answer.location).text
    assert (group in here.text(programme), here.get(group).status_code) == (False, 404)


def said(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())
