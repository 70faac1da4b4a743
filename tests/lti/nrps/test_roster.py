"""Reading the roster: every page, short role names, what is kept, who is no longer listed."""

import datetime as dt
import json
import weakref

import pytest
import sqlalchemy as sa
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from lti_tool.database import utcnow
from lti_tool.identity.models import Course, Membership, Person
from lti_tool.lti.nrps import roster
from lti_tool.lti.nrps.roster import RosterUnreadable, read_roster
from lti_tool.lti.registration.models import Registration
from tests.sql_counter import counting

LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"


def memberships(connected) -> dict[str, tuple[str, bool]]:
    with connected.services.database.reading() as db:
        rows = db.execute(
            sa.select(Person.subject, Membership.role, Membership.active)
            .join(Person, Person.id == Membership.person_id)
            .where(Membership.course_id == connected.world.course_id)
        )
        return {subject: (role, active) for subject, role, active in rows}


def person(connected, subject: str) -> Person:
    with connected.services.database.reading() as db:
        return db.scalars(sa.select(Person).where(Person.subject == subject)).one()


def change_course(connected, **values) -> None:
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Course).values(**values))


def serve_members(connected, server: HTTPServer, *pages: list[dict], link: str = "/more-{}") -> list[Request]:
    """A platform that gives these pages; the requests that it got."""
    seen: list[Request] = []

    def page(index: int):
        def answer(request: Request) -> Response:
            seen.append(request)
            headers = {}
            if index + 1 < len(pages):
                headers["Link"] = f'<{server.url_for(link.format(index + 1))}>; rel="next"'
            return Response(json.dumps({"id": "x", "members": pages[index]}), 200, headers)

        return answer

    server.expect_request("/members").respond_with_handler(page(0))
    for index in range(1, len(pages)):
        server.expect_request(f"/more-{index}").respond_with_handler(page(index))
    connected.has_services_at(server.url_for("/"))
    change_course(connected, roster_url=server.url_for("/members"))
    return seen


def member(subject: str, **more) -> dict:
    return {"user_id": subject, "roles": [LEARNER], **more}


def read(connected) -> roster.RosterReading:
    return read_roster(connected.services, connected.world.course_id)


def test_everybody_is_known_before_they_ever_launch(connected):
    read(connected)
    assert person(connected, "3").name == "Tomás Ferreira"


def test_short_role_names_are_roles(connected):
    read(connected)
    assert {subject: role for subject, (role, _) in memberships(connected).items()} == {
        "1": "tutor",
        "2": "learner",
        "3": "learner",
        "4": "learner",
        "5": "learner",
    }


def test_all_pages_are_read(connected, monkeypatch):
    monkeypatch.setattr(roster, "PAGE_SIZE", 2)
    assert (read(connected).members, read(connected).pages) == (5, 3)


def test_reading_twice_makes_nobody_twice(connected):
    read(connected)
    read(connected)
    assert len(memberships(connected)) == 5


def test_the_course_is_asked_for_in_pages_and_no_link_is_named(connected, httpserver):
    """Of a link, Moodle lists only who may see it and Canvas only to whom it is assigned: others would have left."""
    seen = serve_members(connected, httpserver, [member("2")])
    read(connected)
    assert (seen[0].args.get("rlid"), seen[0].args["limit"]) == (None, "500")


def test_the_link_is_named_where_the_course_is_refused(connected, httpserver):
    seen = []

    def answer(request: Request) -> Response:
        seen.append(request.args.get("rlid"))
        if seen[-1] is None:
            return Response("rlid is missing", 400)
        return Response(json.dumps({"members": [member("2")]}), content_type=roster.CONTAINER_TYPE)

    connected.has_services_at(httpserver.url_for("/"))
    httpserver.expect_request("/members").respond_with_handler(answer)
    change_course(connected, roster_url=httpserver.url_for("/members"))
    assert read(connected).members == 1
    assert seen == [None, str(connected.link_id)]


def test_nobody_has_left_the_course_because_a_link_does_not_list_them(connected, httpserver):
    """The course's roster is refused once; the link's lists one of five."""
    read(connected)

    def answer(request: Request) -> Response:
        if "rlid" not in request.args:
            return Response("not now", 403)
        return Response(json.dumps({"members": [member("2")]}), content_type=roster.CONTAINER_TYPE)

    connected.has_services_at(httpserver.url_for("/"))
    httpserver.expect_request("/members").respond_with_handler(answer)
    change_course(connected, roster_url=httpserver.url_for("/members"))
    assert read(connected).left == 0
    assert [active for _, active in memberships(connected).values()] == [True] * 5


@pytest.mark.parametrize("listed", [[], ["a test student"]])
def test_an_answer_that_lists_nobody_makes_nobody_inactive(connected, httpserver, listed):
    roles = [LEARNER, "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"]
    read(connected)
    with pytest.raises(RosterUnreadable, match="it lists nobody"):
        read_again(connected, httpserver, [{"user_id": subject, "roles": roles} for subject in listed])
    assert [active for _, active in memberships(connected).values()] == [True] * 5


@pytest.mark.parametrize(
    ("family", "status", "body"),
    [("canvas", 403, "403 Forbidden (Rate Limit Exceeded)"), ("moodle", 429, ""), ("canvas", 429, "")],
)
def test_a_page_that_is_asked_for_too_soon_is_asked_for_again(
    connected, httpserver, monkeypatch, family, status, body
):
    with connected.services.database.transaction() as db:
        db.execute(sa.update(Registration).values(platform_family=family))
    connected.services.tool_config.clear_cache()
    monkeypatch.setattr(roster, "THROTTLED_PAUSES", (0.0, 0.0))
    answers = [Response(body, status)] * 2

    def answer(_request: Request) -> Response:
        if answers:
            return answers.pop()
        return Response(json.dumps({"members": [member("2")]}), content_type=roster.CONTAINER_TYPE)

    connected.has_services_at(httpserver.url_for("/"))
    httpserver.expect_request("/members").respond_with_handler(answer)
    change_course(connected, roster_url=httpserver.url_for("/members"))
    assert read(connected).members == 1


def test_what_the_address_already_asks_is_kept(connected, httpserver):
    seen = serve_members(connected, httpserver, [member("2")])
    change_course(connected, roster_url=httpserver.url_for("/members?type_id=7"))
    read(connected)
    assert seen[0].args["type_id"] == "7"


def test_a_name_that_is_not_shared_stays_as_it_was_known(connected, httpserver):
    serve_members(connected, httpserver, [member("2", email="lina@example.org")])
    read(connected)
    assert (person(connected, "2").name, person(connected, "2").email) == ("Person 2", "lina@example.org")


def read_again(connected, httpserver, members: list[dict]) -> None:
    """A later reading of the same roster finds these members."""
    httpserver.clear()
    serve_members(connected, httpserver, members)
    httpserver.expect_request("/jwks").respond_with_json(connected.services.keys.published_jwks())
    read(connected)


def launched(connected, subject: str, at: dt.datetime | None) -> None:
    with connected.services.database.transaction() as db:
        person_id = db.scalars(sa.select(Person.id).where(Person.subject == subject)).one()
        db.execute(sa.update(Membership).where(Membership.person_id == person_id).values(launched_at=at))


def test_whoever_is_no_longer_listed_becomes_inactive(connected, httpserver):
    read(connected)
    read_again(connected, httpserver, [member("2")])
    assert memberships(connected)["4"] == ("learner", False)


def test_whoever_launched_and_was_never_listed_stays(connected, httpserver):
    serve_members(connected, httpserver, [member("2")])
    read(connected)
    assert memberships(connected)["4"] == ("learner", True)


def test_whoever_launched_after_the_reading_began_stays(connected, httpserver):
    read(connected)
    launched(connected, "4", utcnow() + dt.timedelta(minutes=1))
    read_again(connected, httpserver, [member("2")])
    assert memberships(connected)["4"] == ("learner", True)


def test_whoever_is_listed_again_is_active_again(connected, httpserver):
    read(connected)
    read_again(connected, httpserver, [member("2")])
    read_again(connected, httpserver, [member("2"), member("4")])
    assert memberships(connected)["4"] == ("learner", True)


def test_whoever_the_platform_calls_inactive_is_inactive(connected, httpserver):
    serve_members(connected, httpserver, [member("2", status="Inactive"), member("4", status="Active")])
    read(connected)
    assert memberships(connected)["2"] == ("learner", False)


def test_the_role_of_somebody_who_never_launched_is_replaced_not_added(connected, httpserver):
    launched(connected, "1", None)
    serve_members(connected, httpserver, [{"user_id": "1", "roles": ["Learner"]}])
    read(connected)
    assert memberships(connected)["1"][0] == "learner"


def test_the_role_of_a_launch_is_kept(connected, httpserver):
    """Moodle decides by two capabilities: some teachers launch as instructors and are listed as learners."""
    serve_members(connected, httpserver, [{"user_id": "1", "roles": ["Learner"]}])
    read(connected)
    assert memberships(connected)["1"][0] == "tutor"


def test_a_test_student_is_not_stored(connected, httpserver):
    roles = [LEARNER, "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"]
    serve_members(connected, httpserver, [{"user_id": "99", "roles": roles}])
    read(connected)
    assert "99" not in memberships(connected)


def test_an_entry_that_cannot_be_read_makes_nobody_inactive(connected, httpserver):
    serve_members(connected, httpserver, [member("2"), {"roles": []}])
    assert (read(connected).unreadable, memberships(connected)["4"][1]) == (1, True)


def test_a_reading_that_breaks_off_makes_nobody_inactive(connected, httpserver):
    serve_members(connected, httpserver, [member("2")], [member("4")])
    httpserver.expect_request("/more-1").respond_with_data("down", 503)
    change_course(connected, roster_url=httpserver.url_for("/members"))
    httpserver.clear_all_handlers()
    httpserver.expect_request("/jwks").respond_with_json(connected.services.keys.published_jwks())
    httpserver.expect_request("/members").respond_with_json(
        {"members": [member("2")]}, headers={"Link": f'<{httpserver.url_for("/more-1")}>; rel="next"'}
    )
    httpserver.expect_request("/more-1").respond_with_data("down", 503)
    with pytest.raises(RosterUnreadable, match="503"):
        read(connected)
    assert memberships(connected)["4"][1] is True


def test_pages_that_lead_back_to_each_other_end(connected, httpserver):
    serve_members(connected, httpserver, [member("2")], [member("4")], [], link="/more-1")
    with pytest.raises(RosterUnreadable, match="lead back"):
        read(connected)


def test_a_page_that_is_not_a_roster_ends_the_reading(connected, httpserver):
    connected.has_services_at(httpserver.url_for("/"))
    httpserver.expect_request("/members").respond_with_json(["nobody"])
    change_course(connected, roster_url=httpserver.url_for("/members"))
    with pytest.raises(RosterUnreadable, match="not a membership container"):
        read(connected)


@pytest.mark.parametrize("name", ["half an emoji \ud83d", "a null \x00"], ids=["surrogate", "null"])
def test_a_name_that_no_database_stores_spoils_its_own_entry_alone(connected, httpserver, name):
    serve_members(connected, httpserver, [member("a"), member("b", name=name)])
    reading = read(connected)
    assert (reading.members, reading.unreadable) == (1, 1)


def test_a_page_of_more_people_than_one_statement_takes_is_stored(connected, httpserver):
    statements: list[str] = []
    sa.event.listen(
        connected.services.database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_more: statements.append(statement),
    )
    serve_members(connected, httpserver, [member(f"person-{number}") for number in range(1_100)])
    assert read(connected).members == 1_100
    assert sum("INSERT INTO person" in statement for statement in statements) == 3
    assert len(memberships(connected)) >= 1_100


def test_a_name_in_two_parts_replaces_the_whole_one_that_was_known(connected, httpserver):
    serve_members(connected, httpserver, [member("2", given_name="Lina", family_name="Morel")])
    read(connected)
    assert person(connected, "2").name == "Lina Morel"


class Page(list):  # a plain list cannot be referred to weakly
    """Members of a page, which the test sees go."""

    __hash__ = object.__hash__


def test_five_thousand_people_are_two_pages_in_memory_and_few_statements_each(
    connected, httpserver, monkeypatch
):
    people = [member(f"person-{number}", name=f"Person {number}") for number in range(5_000)]
    pages = [people[start : start + 500] for start in range(0, 5_000, 500)]
    seen = serve_members(connected, httpserver, *pages, link="/more-{}?Bookmark=aB")
    members, in_memory, most = roster._members, weakref.WeakSet(), []

    def counted(answer):
        found, wrong = members(answer)
        page = Page(found)
        in_memory.add(page)
        most.append(len(in_memory))
        return page, wrong

    monkeypatch.setattr(roster, "_members", counted)
    monkeypatch.setattr(roster, "MAX_PAGE_DELAY", 0)
    with counting(connected.services.database) as counter:
        reading = read(connected)
    assert (reading.members, reading.pages, reading.unreadable) == (5_000, 10, 0)
    assert {request.args.get("Bookmark") for request in seen} == {None, "aB"}  # as the platform wrote it
    assert max(most) == 2
    assert len(counter.statements) <= 10 + 4 * reading.pages, counter
