"""What owners and human resources see, and what they never do; and the link by which the latter come."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity.models import Person
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.mentoring.completion.drafts import save_draft
from lti_tool.mentoring.completion.models import Reopening
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.profiles.queries import Profile
from lti_tool.mentoring.programmes.actions import name_owner
from lti_tool.mentoring.programmes.models import Cohort, Programme, ProgrammeSettings
from lti_tool.mentoring.programmes.right_models import HrLink, HrReader
from lti_tool.mentoring.programmes.rights import make_hr_link, use_hr_link
from lti_tool.mentoring.sessions.models import MentoringSession
from lti_tool.translation import using_language
from lti_tool.web.language import day, day_in_year, short_day
from tests.builder import rows, situations
from tests.builder.crowd import add_crowd
from tests.builder.launches import SECRET, add_next_launch, key_of, session_id_of
from tests.builder.rules import document, meetings
from tests.builder.situations import Situation
from tests.web.visiting import Visit

Come = Callable[..., Visit]

WORDS = (
    "Je posais des questions trop larges.",
    "J’écoute avant de répondre.",
    "Merci pour l’exemple du budget.",
    "Merci pour ces deux mois",
    "What somebody wants to learn",
    "+33 1 23 45 67 89",
    "paul.moreau@mail.example",
    "Reopened by mistake of mine",
)
NAMES = ("Paul Moreau", "Inès Benali")


def with_rights(situation: Situation) -> tuple[uuid.UUID, uuid.UUID]:
    """Two people who have written all that people can write, an owner who teaches nothing, and a reader; their ids."""
    situations.words_of_both(situation)
    situation.describe_everybody(Profile(brings="", wants=WORDS[4], phone=WORDS[5]))
    assert situation.cohort is not None
    db, now, programme_id = situation.db, situation.now, situation.cohort.programme.id
    situation.person("Claire Fontaine", CourseRole.TUTOR)
    paul = db.scalars(sa.select(Person).where(Person.name == "Paul Moreau")).all()[-1]
    paul.email = WORDS[6]
    enrolled = db.scalars(sa.select(Participant.id).where(Participant.person_id == paul.id)).one()
    db.add(Reopening(id=uuid.uuid4(), participant_id=enrolled, reason=WORDS[7], created_at=now))
    # A draft by which the two complete: whoever teaches reads beside it what they did.
    save_draft(db, cohort_id=situation.cohort.id, rule=document(meetings(1)), seen=0, now=now)
    owner, reader = situation.person("Hélène Marchand"), situation.person("Sylvie Perrot")
    name_owner(db, programme_id=programme_id, person_id=owner.id, now=now)
    secret = make_hr_link(db, programme_id=programme_id, made_by=owner.id, made_for="HR", now=now)
    use_hr_link(
        db,
        secret,
        person_id=reader.id,
        organisation_id=situation.activity.course.platform.organisation_id,
        now=now,
    )
    situation.me = owner
    return owner.id, reader.id


def owner(situation: Situation) -> None:
    with_rights(situation)


def human_resources(situation: Situation) -> None:
    with_rights(situation)
    course = situation.activity.course
    found = situation.db.scalars(sa.select(HrReader.person_id)).one()
    situation.me = type(situation.me)(course.build, found, "Sylvie Perrot", course, CourseRole.LEARNER)


def of(services: Services, column: sa.ColumnElement[uuid.UUID]) -> uuid.UUID:
    with services.database.reading() as db:
        found: uuid.UUID = db.scalars(sa.select(column)).first()
        return found


def every_page(here: Visit, services: Services, *, with_forms: bool = False) -> dict[str, str]:
    """Each page that whoever is here can ask for, by its endpoint, of whatever they can know the id.

    ``with_forms``: and what is answered to each form that is sent empty.
    """
    app: Flask = here.client.application
    values = {
        "session_id": of(services, MentoringSession.id),
        "objective_id": of(services, Objective.id),
        "pair_id": of(services, Pair.id),
        "participant_id": of(services, Participant.id),
        "programme_id": of(services, Programme.id),
        "import_id": uuid.uuid4(),
        "link_id": uuid.uuid4(),
        "group_id": of(services, Cohort.id),
        "below": "nothing",
        "role": "mentee",
        "about": "both",
        "code": "blank",
        "section": "formats",
        "entry": "new",
    }
    found = {}
    csrf_token = here.csrf_token() if with_forms else ""
    with app.test_request_context():
        rules = [
            (rule, method)
            for method in ("GET", "POST") if with_forms or method == "GET"
            for rule in app.url_map.iter_rules()
            if "launch_key" in rule.arguments and method in (rule.methods or ()) and rule.endpoint not in _ENDS
        ]  # fmt: skip
        for rule, method in rules:
            key = here.home.removeprefix("/l/").rstrip("/")
            known = {name: {"launch_key": key, **values}[name] for name in rule.arguments}
            path = app.url_map.bind("127.0.0.1:5000").build(rule.endpoint, known, method=method)
            if rule.endpoint.endswith("moving.show"):
                path += f"?pair={values['pair_id']}"
            sent = {"data": {"csrf_token": csrf_token}} if method == "POST" else {}
            text = here.client.open(path, method=method, **sent).get_data(as_text=True)
            found[rule.endpoint if method == "GET" else f"{rule.endpoint} sent"] = html.unescape(text)
    return found


_ENDS = ("sign_out.sign_out", "programme_access.give_up", "programme_access.end_hr_reading")
"""After these forms there is nothing left to ask for."""


def secrets_of(services: Services) -> set[str]:
    """What only the two of the pair and their tutor may see: titles, words, and the days of their meetings."""
    with services.database.reading() as db:
        titles = set(db.scalars(sa.select(Objective.title)))
        days = set(db.scalars(sa.select(MentoringSession.held_on)))
    with using_language("en"):
        written = {write(each) for each in days for write in (day, day_in_year, str)}
        written |= {f">{short_day(each)}<" for each in days}
    return titles | set(WORDS) | written


def test_one_of_the_pair_finds_words_titles_and_dates_on_the_same_pages(
    visit: Come, services: Services
) -> None:
    here = visit(situations.words_of_both)
    secrets = secrets_of(services)
    pages = every_page(here, services)
    assert len({secret for text in pages.values() for secret in secrets if secret in text}) > 6


def test_an_owner_finds_no_word_title_or_date_of_a_pair_on_any_page(visit: Come, services: Services) -> None:
    here = visit(owner)
    secrets = secrets_of(services)
    pages = every_page(here, services, with_forms=True)
    found = {
        (endpoint, secret)
        for endpoint, text in pages.items()
        for secret in secrets
        # The example has invented people; the texts of the programme itself are no pair's.
        if secret in text and endpoint not in ("preview.show", "owner.example")
    }
    assert found == set()
    people = pages["owner.people"]
    assert ("In a pair with" in people, all(people.count(name) > 1 for name in NAMES)) == (True, True)
    person = re.search(r'href="[^"]*/l/[^/]+/([^"]+)"><bdi>Paul Moreau', people)
    assert person is not None
    assert "Paul Moreau</bdi></h1>" in here.text(person[1])
    assert re.search(r"\d% \(target: 70%\)</span></dt><dd>\d of \d", pages["owner.programme"])
    # Nor how far one person is, and why.
    assert "Would complete today" in pages["of_group_rule_editor.edit"]
    assert set(re.findall(r'<span class="effect">([^<]*)</span>', pages["of_group_rule_editor.edit"])) == {""}


def test_human_resources_find_no_name_and_no_figure_either(visit: Come, services: Services) -> None:
    here = visit(human_resources)
    secrets = secrets_of(services) | set(NAMES)
    pages = every_page(here, services, with_forms=True)
    found = {
        (endpoint, secret)
        for endpoint, text in pages.items()
        for secret in secrets
        if secret in text and endpoint != "preview.show"
    }
    assert found == set()
    assert "6 meetings" in pages["owner.settings"]
    assert "Figures about fewer" not in pages["owner.settings"], "they are shown none over more either"
    first = here.text("hr/")
    assert ("6 meetings" in first, "Their names are not shown to you." in first) == (True, True)
    assert "people" not in re.sub(r"<[^>]+>", "", here.text("hr/").partition("<h2>")[2].partition("</ul>")[0])


@pytest.mark.parametrize(("who", "title"), [(human_resources, "Programmes"), (owner, "My programmes")])
def test_whoever_has_rights_alone_comes_to_their_programmes_and_may_still_take_part(
    visit: Come, who: Callable[[Situation], None], title: str
) -> None:
    here = visit(who)
    first = here.text()
    assert f"<h1>{title}</h1>" in first
    assert "how would you like to take part?" not in first
    assert "how would you like to take part?" in here.text(here.link("join"))
    here.post("join", role="mentee")
    assert f"<h1>{title}</h1>" not in here.text()
    assert here.get("join").status_code == 302


def test_human_resources_see_names_only_where_the_settings_say_so(visit: Come, services: Services) -> None:
    here = visit(human_resources)
    people = f"owner/programmes/{of(services, Programme.id)}/people"
    assert here.get(people).status_code == 404
    with services.database.transaction() as db:
        row = db.scalars(sa.select(ProgrammeSettings)).one()
        row.settings = {**row.settings, "visibility": {"hr_sees_names": True}}
    assert "Paul Moreau" in here.text(people)
    pages = every_page(here, services)
    secrets = secrets_of(services)
    assert {name for name, text in pages.items() for each in secrets if each in text} <= {"preview.show"}


def test_another_company_s_programme_is_as_if_it_were_not_there(visit: Come, services: Services) -> None:
    visit(situations.owner, family="canvas")
    theirs = of(services, Programme.id)
    here = visit(owner)
    for page in ("", "/people", "/audit", "/settings", "/access", "/example/mentor"):
        for programme_id in (theirs, uuid.uuid4()):
            answer = here.get(f"owner/programmes/{programme_id}{page}")
            assert answer.status_code in (403, 404), page
    answer = here.post(f"owner/programmes/{theirs}/access/hr-links")
    assert answer.status_code == 404


def test_an_owner_of_one_programme_is_so_in_an_activity_of_another(visit: Come, services: Services) -> None:
    here = visit(situations.owner)
    of_another_programme = visit(situations.tutor)
    with services.database.transaction() as db:
        owner_id = db.get_one(LaunchSession, session_id_of(here.home)).person_id
        opened = add_next_launch(
            db, session_id_of(of_another_programme.home), person_id=owner_id, role=CourseRole.OBSERVER
        )
        there = Visit(here.client, f"/l/{key_of(opened)}/")
    assert programme_page(there) == programme_page(here)


def programme_page(here: Visit) -> str:
    return here.link("owner/programmes/[0-9a-f-]+", "owner/")


def test_figures_over_few_people_are_hidden_and_say_why(visit: Come, services: Services) -> None:
    here = visit(owner)
    text = here.text(programme_page(here))
    assert "Hidden: fewer than 5 people are in pairs." in text
    assert "Confirmed meetings" not in text

    def crowded(situation: Situation) -> None:
        owner(situation)
        assert situation.cohort is not None
        add_crowd(situation.db, situation.cohort, 10)

    here = visit(crowded)
    assert "Confirmed meetings" in here.text(programme_page(here))


def test_the_programme_says_how_many_people_a_figure_needs(visit: Come, services: Services) -> None:
    here = visit(situations.owner)
    page = programme_page(here)
    assert "Confirmed meetings" in here.text(page)  # six people are in pairs
    with services.database.transaction() as db:
        row = db.scalars(sa.select(ProgrammeSettings)).one()
        row.settings = {**row.settings, "visibility": {"smallest_group": 7, "tutors_may_edit": True}}
    assert "Hidden: fewer than 7 people are in pairs." in here.text(page)


def test_a_link_leads_human_resources_to_the_settings_and_no_further(visit: Come, services: Services) -> None:
    owners = visit(situations.owner)
    page = programme_page(owners)
    answer = owners.post(f"{page}/access/hr-links", made_for="HR, Lyon", form_key=str(uuid.uuid4()))
    link = html.unescape(re.search(r'id="new-link" value="([^"]+)"', answer.text)[1])  # type: ignore[index]
    newcomer = as_another(owners, services, "Hugo Petit")

    # Where to paste it stands on everybody's first page in that company, but for the owners, who send it.
    elsewhere = visit(situations.welcome, family="canvas")
    comers = (newcomer, visit(situations.under_way), visit(situations.tutor), owners, elsewhere)
    assert ['id="hr-link"' in here.text() for here in comers] == [True, True, True, False, False]

    # Opening it spends nothing, and says nothing of the programme to whoever has not come by a launch.
    arrived = owners.client.get(link.removeprefix("http://127.0.0.1:5000"))
    assert (arrived.status_code, "Copy this link." in arrived.text) == (200, True)
    assert "Digital skills" not in arrived.text

    assert newcomer.get("hr/").status_code == 404
    assert "Hugo Petit" in owners.text("cohort/pairing")
    taken = newcomer.post("hr/link", link=link)
    text = html.unescape(newcomer.client.get(taken.location).text)
    assert "You can now read this programme for human resources." in text
    assert newcomer.get(f"{page}/settings").status_code == 200
    # Whoever is in the course to read, or owns the programme, is nobody to be paired.
    assert [name in owners.text("cohort/pairing") for name in ("Hugo Petit", "Hélène Marchand")] == [
        False
    ] * 2
    assert [name in owners.text("?state=no_role") for name in ("Hugo Petit", "Hélène Marchand")] == [
        False
    ] * 2
    assert [newcomer.get(page + below).status_code for below in ("", "/people", "/audit", "/access")] == [
        404
    ] * 4

    # Nobody else can use it, and the owner can end the right.
    other = as_another(owners, services, "Lucie Blanc")
    refused = other.post("hr/link", link=link)
    assert (refused.status_code, "This link has already been used" in refused.text) == (409, True)
    used = owners.client.get(link.removeprefix("http://127.0.0.1:5000"))
    assert (used.status_code, "ask whoever sent it to you for a new one" in used.text) == (410, True)
    unknown = owners.client.get("/hr?link=half-of-it")
    assert (unknown.status_code, "This link does not work" in unknown.text) == (410, True)
    with services.database.reading() as db:
        reader = db.scalars(sa.select(HrReader.person_id).order_by(HrReader.granted_at.desc())).first()
    owners.post(f"{page}/access/hr-readers/end", person_id=str(reader))
    assert [newcomer.get(below).status_code for below in ("hr/", f"{page}/settings")] == [404, 403]


def as_another(here: Visit, services: Services, name: str) -> Visit:
    """The same activity, opened by a newcomer to the course."""
    with services.database.transaction() as db:
        opened = db.get_one(LaunchSession, session_id_of(here.home))
        course = opened.course
        person = rows.add_person(
            db, opened.registration_id, course, name, CourseRole.LEARNER, subject=name, now=utcnow()
        )
        columns = {each.key: getattr(opened, each.key) for each in sa.inspect(LaunchSession).column_attrs}
        theirs = LaunchSession(
            **{**columns, "id": uuid.uuid4(), "person_id": person.id, "role": CourseRole.LEARNER}
        )
        db.add(theirs)
        secret = here.home.rstrip("/").partition(".")[2]
        return Visit(here.client, f"/l/{theirs.id}.{secret}/")


def test_in_the_same_browser_the_link_offers_the_launches_of_its_company(
    visit: Come, services: Services
) -> None:
    here = visit(situations.owner)
    page = programme_page(here)
    answer = here.post(f"{page}/access/hr-links", made_for="HR")
    link = html.unescape(re.search(r'id="new-link" value="[^?]+([^"]+)"', answer.text)[1])  # type: ignore[index]
    foreign = visit(situations.under_way, family="canvas")
    here.client.set_cookie("tandem_browser", SECRET, domain="127.0.0.1")
    text = here.client.get("/hr" + link, base_url="http://127.0.0.1:5000").text
    assert f"/l/{session_id_of(here.home)}/hr/link?link=" in text
    assert "Last step: confirm" in here.text("hr/link" + link)
    assert "Last step" not in here.text("hr/link")
    assert str(session_id_of(foreign.home)) not in text


@pytest.mark.parametrize("link", ["", "x", "a" * 2000, "https://elsewhere.example/?link=<script>"])
def test_what_is_no_link_is_said_beside_the_field(visit: Come, link: str) -> None:
    answer = visit(situations.observer).post("hr/link", link=link)
    assert answer.status_code == 422
    assert 'id="link-error"' in answer.text


def test_an_owner_names_a_colleague_and_then_gives_it_up(visit: Come, services: Services) -> None:
    here = visit(situations.owner)
    page = programme_page(here)
    colleague = re.search(r'<option value="([0-9a-f-]+)">Karim Benali<', here.text(f"{page}/access"))
    assert colleague
    here.post(f"{page}/access/owners", person_id=colleague[1])
    assert "Karim Benali" in here.text(f"{page}/access").partition("Add an owner")[0]
    assert here.post(f"{page}/access/owners", person_id=str(uuid.uuid4())).status_code == 409
    here.post(f"{page}/access/owners/end")
    assert here.get(page).status_code == 404


def test_a_programme_is_shared_with_courses_of_the_company_alone(visit: Come, services: Services) -> None:
    visit(situations.under_way, family="canvas")
    with services.database.reading() as db:
        foreign = db.scalars(sa.select(LaunchSession.course_id)).first()
    here = visit(situations.owner)
    page = programme_page(here)
    course = re.search(r'<option value="([0-9a-f-]+)">Formation des managers<', here.text(f"{page}/access"))
    assert course
    here.post(f"{page}/access/shares", course_id=course[1])
    here.post(f"{page}/access/shares", course_id="everywhere")
    text = here.text(f"{page}/access").partition("Share it with")[0]
    assert ("Formation des managers" in text, "Every teacher of the company" in text) == (True, True)
    assert here.post(f"{page}/access/shares", course_id=str(foreign)).status_code == 409
    assert here.post(f"{page}/access/shares", course_id="").status_code == 422


def test_a_tutor_is_told_that_owners_keep_the_settings_to_themselves(visit: Come, services: Services) -> None:
    here = visit(situations.tutor)
    assert here.get("programme/rule").status_code == 200
    with services.database.transaction() as db:
        row = db.scalars(sa.select(ProgrammeSettings)).one()
        row.settings = {**row.settings, "visibility": {"smallest_group": 5, "tutors_may_edit": False}}
    for below in ("programme/rule", "programme/formats"):
        answer = here.get(below)
        assert answer.status_code == 403
        assert "The owners of this programme look after its settings" in answer.text
    assert here.get("cohort/pairing").status_code == 200
    owners = visit(situations.owner)
    with services.database.transaction() as db:
        for row in db.scalars(sa.select(ProgrammeSettings)):
            row.settings = {**row.settings, "visibility": {"smallest_group": 5, "tutors_may_edit": False}}
    assert owners.get("programme/rule").status_code == 200


def test_every_link_for_human_resources_is_kept_as_a_hash_alone(visit: Come, services: Services) -> None:
    here = visit(situations.owner)
    answer = here.post(f"{programme_page(here)}/access/hr-links", made_for="HR")
    secret = re.search(r"link=([\w-]+)", answer.text)
    assert secret
    with services.database.reading() as db:
        assert all(secret[1] not in link.token_hash for link in db.scalars(sa.select(HrLink)))
    text = here.text(f"{programme_page(here)}/access")
    assert secret[1] not in text
    # Several that nobody has used are told apart, in the audit too; so each says for whom it is.
    assert "Link for HR, not used yet" in text
    assert "Link for RH du site de Lyon, not used yet" in text
    assert "created a human resources link for <strong>HR</strong>" in here.text(
        f"{programme_page(here)}/audit"
    )
    unsaid = here.post(f"{programme_page(here)}/access/hr-links", made_for=" ")
    assert (unsaid.status_code, 'id="made_for-error"' in unsaid.text) == (422, True)
