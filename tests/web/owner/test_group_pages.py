"""An owner who does not teach acts in a group: by the tutor's own forms, without seeing what a tutor sees."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity.models import Membership, Person
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.programmes.models import Cohort
from tests.builder import owning, rows, situations
from tests.builder.launches import session_id_of
from tests.web.tutor.test_moving import fields_of, said
from tests.web.visiting import Visit

Come = Callable[..., Visit]


def group_of(here: Visit) -> str:
    """The path of the owner's page of the newest group with people, found as an owner finds it."""
    programme = here.link("owner/programmes/[0-9a-f-]+", "owner/")
    groups = re.findall(rf'href="{re.escape(here.home)}(of/[0-9a-f-]+/)"', here.text(programme))
    return next(each for each in groups if "Paul Moreau" in here.text(each))


def of_name(services: Services, name: str) -> tuple[str, str]:
    """The ids of a participant and of their person."""
    with services.database.reading() as db:
        found = db.execute(
            sa.select(Participant.id, Participant.person_id)
            .join(Person, Person.id == Participant.person_id)
            .where(Person.name == name)
        ).one()
    return str(found[0]), str(found[1])


def pair_id(here: Visit, group: str, name: str) -> str:
    """The id of the pair of somebody, by the link of its line."""
    found = re.search(rf'{group}pairs/([0-9a-f-]+)">[^<]*<span[^>]*> – {name}', here.text(group))
    assert found
    return found[1]


def test_an_owner_pairs_approves_pauses_and_reopens(visit: Come, services: Services) -> None:
    here = visit(owning.owner_to_approve)
    group = group_of(here)
    text = said(here.text(group))
    assert "For you to approve 2" in text
    assert "Françoise Le Goff YH Yanis Haddad Paused" in text

    participant, _person = of_name(services, "Paul Moreau")
    answer = here.post(f"{group}cohort/validate", participant_id=participant, validated="yes")
    assert answer.location.partition("?")[0] == here.home + group
    assert "Validated." in here.client.get(answer.location).text
    with services.database.reading() as db:
        assert db.get_one(CompletionRecord, uuid.UUID(participant)).completion == "completed"

    page = here.text(f"{group}people/{participant}")
    assert "Reopen this journey" in page
    here.post(f"{group}cohort/reopen", participant_id=participant, reason="It was too early")
    assert "For you to approve" in said(here.text(f"{group}people/{participant}"))
    assert "It was too early" not in here.text(f"{group}people/{participant}")

    paused = pair_id(here, group, "Françoise Le Goff")
    here.post(f"{group}cohort/pairs/{paused}/resume")
    here.post(f"{group}cohort/pairs/{paused}/end", reason="time")
    mentee, mentor = of_name(services, "Marc Tessier")[1], of_name(services, "Léa Nguyen")[1]
    here.post(f"{group}cohort/pairs", mentee_id=mentee, mentor_id=mentor)
    with services.database.reading() as db:
        statuses = {str(pair.id): pair.status for pair in db.scalars(sa.select(Pair))}
    assert (statuses[paused], sorted(statuses.values())) == ("ended", ["active", "ended", "proposed"])
    # Which of the two has accepted or signed is for them and their tutor.
    text = said(here.text(group))
    assert "Marc Tessier LN Léa Nguyen Proposed, not accepted yet Change" in text


def test_an_owner_reads_what_speaks_for_a_partner_and_not_what_people_answered(
    visit: Come, services: Services
) -> None:
    here = visit(owning.owner_of_people)
    group = group_of(here)
    words = said(
        here.text(here.link(rf"{group}partners\?partner_for={of_name(services, 'Marc Tessier')[1]}", group))
    )
    assert "Léa can teach 1 of the 2 topics asked for" in words
    assert "Both speak French" in words
    assert "Propose Léa" in words
    assert "Reading data" not in words
    assert "minutes" not in words


def test_an_owner_moves_a_pair_and_reads_no_figure_of_one_person(visit: Come, services: Services) -> None:
    here = visit(owning.owner_of_people)
    group = group_of(here)
    moving = pair_id(here, group, "Paul Moreau")
    plan = here.text(f"{group}cohort/move?pair={moving}")
    words = said(plan)
    assert "Paul Moreau will have more left to do" in words
    rules = (
        "will follow that group’s rule: “A person completes the programme when the agreement is signed by both "
        "and {} meetings"
    )
    assert rules.format(8) in words
    assert rules.format(6).replace("will follow that group’s rule", "Until now") in words
    assert "%" not in words
    here.post(f"{group}cohort/move", **fields_of(plan))
    with services.database.reading() as db:
        moved = db.get_one(Pair, uuid.UUID(moving)).cohort_id
        assert db.get_one(Cohort, moved).number == 2
    # And back, from the page of the other group.
    there = f"of/{moved}/"
    plan = here.text(f"{there}cohort/move?pair={moving}")
    here.post(f"{there}cohort/move", **fields_of(plan))
    assert "Paul Moreau" in here.text(group)


def test_the_pages_of_a_group_lead_to_each_other(visit: Come) -> None:
    here = visit(owning.owner_of_people)
    group = group_of(here)
    for below in (
        "programme",
        "programme/formats",
        "programme/rule",
        "programme/scale",
        "cohort/adding-people/",
    ):
        answer = here.get(group + below)
        assert answer.status_code == 200, below
        links = set(re.findall(rf'(?:href|action)="{re.escape(here.home)}([^"?#]*)', answer.text))
        outside = {
            each for each in links if not each.startswith((group, "owner/", "lang", "sign-out", "session"))
        }
        assert not {each for each in outside if each.startswith(("programme", "cohort"))}, below


def test_a_journey_has_not_begun_before_both_have_signed(visit: Come) -> None:
    owners = visit(situations.owner)
    group = owners.link("owner/programmes/[0-9a-f-]+", "owner/")
    assert "Bernard to sign" in said(owners.text())  # as the tutor of the course reads it
    people = owners.text(f"{group}/people")
    states = {
        name: re.search(rf'{name}.*?class="journey">(?:<[^>]+>)*([^<]+)', people, flags=re.S)[1]  # type: ignore[index]
        for name in ("Bernard Lefèvre", "Chloé Dubois", "Paul Moreau", "Inès Benali")
    }
    assert states == {
        "Bernard Lefèvre": "Not started",
        "Chloé Dubois": "Not started",
        "Paul Moreau": "Under way",
        "Inès Benali": "Under way",
    }


def test_ids_of_another_group_are_not_found_in_this_one(visit: Come, services: Services) -> None:
    visit(situations.tutor, family="canvas")
    with services.database.reading() as db:
        foreign_group = db.scalars(sa.select(Cohort.id)).one()
        foreign_pair = db.scalars(sa.select(Pair.id)).first()
        foreign = db.scalars(sa.select(Participant.id)).first()
    here = visit(owning.owner_of_people)
    group = group_of(here)
    assert here.get(f"of/{foreign_group}/").status_code == 404
    assert here.get(f"{group}pairs/{foreign_pair}").status_code == 404
    assert here.get(f"{group}people/{foreign}").status_code == 404
    assert here.post(f"{group}cohort/pairs/{foreign_pair}/pause").status_code in (403, 404)
    assert (
        here.post(f"{group}cohort/validate", participant_id=str(foreign), validated="yes").status_code == 404
    )
    # What is a tutor's alone is so here, too.
    for below in ("cohort/live", "cohort/pairing"):
        assert here.get(group + below).status_code == 403


def test_an_owner_acts_from_the_activity_of_any_course(visit: Come, services: Services) -> None:
    here = visit(owning.owner_to_approve)
    group = group_of(here)
    with services.database.transaction() as db:
        opened = db.get_one(LaunchSession, session_id_of(here.home))
        person = db.get_one(Person, opened.person_id)
        course = rows.add_course(db, opened.deployment_id, "another", "Another course")
        rows.add_link(db, course, "elsewhere")
        opened.course_id, opened.resource_link_id = course.id, None
        db.add(
            Membership(
                course_id=course.id,
                person_id=person.id,
                role=CourseRole.TUTOR,
                active=True,
                launched_at=utcnow(),
            )
        )
    assert "For you to approve" in here.text(group)
    assert here.get(f"{group}programme").status_code == 200
    # To be a teacher somewhere makes nobody a tutor of this group.
    assert here.get(f"{group}cohort/live").status_code == 404


def test_an_owner_invites_without_the_addresses_that_the_platform_gave(
    visit: Come, services: Services
) -> None:
    here = visit(owning.owner_of_people)
    with services.database.transaction() as db:
        db.execute(sa.update(Person).values(email="somebody@mail.example"))
    page = here.text("cohort/message/invitation")
    assert ("Sophie Garnier" in page, "Open in my e-mail app" in page, "mail.example" in page) == (
        True,
        False,
        False,
    )


def test_an_owner_takes_somebody_out_and_back_in(visit: Come, services: Services) -> None:
    here = visit(owning.owner_of_people)
    group = group_of(here)
    participant, _person = of_name(services, "Yanis Haddad")
    page = f"{group}people/{participant}"
    assert f"{group}cohort/people/{participant}/take-out" in here.text(page)
    asked = said(here.text(f"{group}cohort/people/{participant}/take-out"))
    assert "The pair of Yanis Haddad and Françoise Le Goff will end and cannot be restored." in asked
    answer = here.post(f"{group}cohort/people/{participant}/take-out", reason="own-wish")
    assert answer.location.partition("?")[0] == here.home + group
    text = said(here.text(group))
    assert "Yanis Haddad taken out of the programme on" in text[text.index("Not taking part 1") :]
    assert "Yanis Haddad" not in text[: text.index("Not taking part 1")]
    assert "Reason: “Asked to leave”" in said(here.text(page))
    programme = here.link("owner/programmes/[0-9a-f-]+", "owner/")
    assert "Yanis Haddad" in said(here.text(f"{programme}/people?state=withdrawn"))
    with services.database.reading() as db:
        assert db.get_one(Participant, uuid.UUID(participant)).status == "taken_out"
    here.post(f"{group}cohort/people/{participant}/take-back-in")
    assert "Not taking part" not in said(here.text(group))


def test_an_owner_puts_aside_who_will_take_no_part_and_takes_them_back(
    visit: Come, services: Services
) -> None:
    here = visit(owning.owner_of_people)
    group = group_of(here)
    line = re.search(
        rf'action="{re.escape(here.home + group)}cohort/put-aside".*?name="person_id" value="([^"]+)"',
        here.text(group),
        re.DOTALL,
    )
    assert line
    with services.database.reading() as db:
        name = db.get_one(Person, uuid.UUID(line[1])).name
    assert f"{name} Mark as not taking part" in said(here.text(group))
    answer = here.post(f"{group}cohort/put-aside", person_id=line[1])
    assert answer.location.partition("?")[0] == here.home + group
    assert "Noted. You find them under “Not taking part”." in said(here.client.get(answer.location).text)
    text = said(here.text(group))
    assert f"{name} will not take part Let them take part" in text[text.index("Not taking part 1") :]
    # Offered for no pair, and named nowhere else.
    assert name not in text[: text.index("Not taking part 1")]
    here.post(f"{group}cohort/take-back", person_id=line[1])
    assert f"{name} Mark as not taking part" in said(here.text(group))
    enrolled = of_name(services, "Yanis Haddad")[1]
    assert here.post(f"{group}cohort/put-aside", person_id=enrolled).status_code == 409
