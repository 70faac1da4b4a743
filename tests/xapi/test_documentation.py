"""docs/xapi.md: its statements and tables are the code's, its queries give the right figures, its examples run."""

import dataclasses
import datetime as dt
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from schemas.choices import END_REASONS, SESSION_FORMATS
from tests.lrs.processes import RunningLRS
from tests.xapi.story import CONTEXT, MENTEE, MENTOR, PAIR, SESSION, at, story_statements
from xapi import statements, vocabulary
from xapi.client import LRSClient
from xapi.context import Actor, CohortContext, PairContext, Statement, StatementContext
from xapi.delivery import Sent, Unavailable, deliver
from xapi.vocabulary import Evidence, Mode, Role, Tag

DOCUMENT = (Path(__file__).parents[2] / "docs" / "xapi.md").read_text()
STORY = story_statements()
DOCUMENTS = [statement.document for statement in STORY.values()]
FETCHING, *QUERIES, EXAMPLE = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
ATTENDED, VOIDED = map(json.loads, re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL))
VERBS = {term.iri.rpartition("/")[2] for term in vocabulary.VERBS}
COHORT = CONTEXT.activity("cohort", CONTEXT.cohort.cohort_id) if CONTEXT.cohort else None
PROGRAMME = re.findall(r'^PROGRAMME = "(.+)"$', FETCHING, re.MULTILINE)[0]


def run(fetched: list[dict[str, Any]], *, now: dt.datetime | None = None) -> dict[str, Any]:
    """What the queries leave behind, run on these statements."""
    names: dict[str, Any] = {"fetched": fetched, "now": now or at(30, 0)}
    for query in QUERIES:
        exec(query, names)
    return names


def fetched_from(
    endpoint: str, username: str, password: str, programme: str = CONTEXT.programme_iri
) -> dict[str, Any]:
    """What the fetching lines leave behind, run on this LRS."""
    code = FETCHING
    for written, ours in (
        ('"https://lrs.example.com/xAPI", "user", "password"', f'"{endpoint}", "{username}", "{password}"'),
        (PROGRAMME, programme),
    ):
        assert written in code
        code = code.replace(written, ours)
    names: dict[str, Any] = {}
    exec(code, names)
    return names


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    below = DOCUMENT.split(f"\n### {heading}\n")[1]
    lines = re.findall(r"^\|(.+)\|$", below.split("\n### ")[0].split("\n## ")[0], re.MULTILINE)
    return [[cell.strip() for cell in line.split(" | ")] for line in lines[2:]]


def codes(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))


def verbs_in(cell: str) -> set[str]:
    return VERBS - codes(cell) if cell.startswith("all but") else codes(cell) & VERBS


def account(actor: Actor) -> tuple[str, str]:
    return actor.home_page, actor.name


def last(iri: str) -> str:
    return iri.rpartition("/")[2]


def kind_of(document: dict[str, Any]) -> str:
    """The last word of the type of a statement's object."""
    return last(document["object"].get("definition", {}).get("type", "that"))


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    """What the queries leave behind, run on the story as an LRS that returns voided statements gives it."""
    return run(DOCUMENTS)


def test_the_statements_that_are_shown_are_those_that_are_sent():
    tool = CONTEXT.iri_base
    course = "https://lms.example/lti/deployments/1/contexts/7"
    attended = statements.session_held(
        dataclasses.replace(CONTEXT, course_iri=course),
        PairContext(PAIR.pair_id, Actor(tool, MENTOR.name), Actor(tool, MENTEE.name)),
        SESSION,
        Role.MENTEE,
        reported_by=Role.MENTOR,
        recorded_at=at(12, 10, 1),
    )
    assert (attended.document, STORY["voided-mentee"].document) == (ATTENDED, VOIDED)


def test_the_table_of_verbs_has_every_verb_with_its_object():
    table = re.findall(
        r"^\| [^|]+ \| \[`(\w+)`\]\(([^)]+)\) \| (\w+)(?: \(type `(\w+)`\))?", DOCUMENT, re.MULTILINE
    )
    sent = {(document["verb"]["id"], kind_of(document)) for document in DOCUMENTS}
    assert {(iri, kind or target) for _, iri, target, kind in table} == sent
    assert [name for name, iri, *_ in table if last(iri) != name] == []


def test_the_table_of_contexts_has_every_statement():
    table = {label: row for row in rows("Properties") for label in row[0].replace("`", "").split(", ")}
    met = set()
    for document in DOCUMENTS:
        context, label = document["context"], last(document["verb"]["id"])
        if label == "completed":
            label += " of a programme" if kind_of(document) == "programme" else " of an objective"
        met.add(label)
        _, registration, parent, team, instructor = table[label]
        parents = context.get("contextActivities", {}).get("parent", [])
        assert parent == ", ".join(last(each["definition"]["type"]) for each in parents) or not parents
        assert (parent == "–") == (not parents)
        assert (team == "pair") == ("team" in context)
        assert ("enrolment" in registration) == (context["registration"] != str(PAIR.pair_id))
        is_mentees = context.get("extensions", {}).get(vocabulary.EXT_ROLE) == "mentee"
        assert ("instructor" in context) == (is_mentees and instructor != "–")
    assert met == table.keys()


def test_the_table_of_types_has_every_type_with_the_verbs_of_its_objects():
    table = {last(next(iter(codes(row[0])))): row for row in rows("Activity types")}
    assert table.keys() == {last(term.iri) for term in vocabulary.ACTIVITY_TYPES}
    objects: dict[str, set[str]] = {name: set() for name in table}
    above: dict[str, set[str]] = {name: set() for name in table}
    for document in DOCUMENTS:
        verb = last(document["verb"]["id"])
        if verb == "voided":
            continue
        objects[kind_of(document)].add(verb)
        assert f"/activities/{next(iter(codes(table[kind_of(document)][1])))}/" in document["object"]["id"]
        for group in document["context"]["contextActivities"]["grouping"]:
            above[last(group["definition"]["type"])].add(verb)
    assert {name: codes(row[2]) for name, row in table.items()} == objects
    everywhere = {name for name, row in table.items() if row[3].startswith("grouping of all but `voided`")}
    assert {name: verbs for name, verbs in above.items() if verbs} == dict.fromkeys(
        everywhere, VERBS - {"voided"}
    )


def test_the_table_of_extensions_says_where_each_stands_and_of_which_verbs():
    table = {last(next(iter(codes(row[0])))): row for row in rows("Extensions")}
    found: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for document in DOCUMENTS:
        places = {
            "context": document["context"],
            "result": document.get("result", {}),
            "object definition": document["object"].get("definition", {}),
        }
        for place, holder in places.items():
            for iri in holder.get("extensions", {}):
                found[last(iri)][0].add(place)
                found[last(iri)][1].add(last(document["verb"]["id"]))
    assert {name: ({row[1]}, verbs_in(row[3])) for name, row in table.items()} == found
    assert found.keys() == {last(iri) for iri in (*vocabulary.EXTENSIONS, vocabulary.CMI5_PROGRESS)}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("role", Role),
        ("format", SESSION_FORMATS),
        ("mode", Mode),
        ("reported-by", Role),
        ("evidence", Evidence),
        ("objective-tag", Tag),
        ("end-reason", END_REASONS),
    ],
)
def test_the_table_of_extensions_has_every_code(name, values):
    [cell] = [row[2] for row in rows("Extensions") if codes(row[0]) == {name}]
    assert codes(cell) == {str(value) for value in values}


def test_the_example_runs_and_waits_for_an_lrs_that_is_not_there():
    names: dict[str, Any] = {}
    exec(EXAMPLE.replace(":8080/", ":1/"), names)
    assert isinstance(names["outcome"], Unavailable)


class LaxLRS:
    """An LRS that returns what was voided, finds no voiding statement by an activity, and gives three at a time."""

    def __init__(self, server: HTTPServer, held: list[dict[str, Any]]) -> None:
        self.held = held
        self.endpoint = server.url_for("/xAPI")
        server.expect_request("/xAPI/statements").respond_with_handler(self.get)
        server.expect_request("/xAPI/more").respond_with_handler(self.get)

    def get(self, request: Request) -> Response:
        authorization = request.authorization
        if authorization is None or (authorization.username, authorization.password) != ("reader", "secret"):
            return Response("", 401)
        if request.headers.get("X-Experience-API-Version") != "1.0.3":
            return Response("", 400)
        asked = json.loads(request.args["asked"]) if request.path.endswith("more") else request.args.to_dict()
        start = int(request.args.get("from", 0))
        found = [each for each in self.held if self._matches(each, asked)]
        page: dict[str, Any] = {"statements": found[start : start + 3], "more": ""}
        if len(found) > start + 3:
            page["more"] = f"/xAPI/more?from={start + 3}&asked={json.dumps(asked)}"
        return Response(json.dumps(page), 200, content_type="application/json")

    @staticmethod
    def _matches(statement: dict[str, Any], asked: dict[str, str]) -> bool:
        verb = asked.get("verb", statement["verb"]["id"])
        if "activity" not in asked:
            return bool(statement["verb"]["id"] == verb)
        related = statement["context"].get("contextActivities", {}).values()
        activities = [statement["object"], *(each for kind in related for each in kind)]
        found = activities if asked.get("related_activities") == "true" else activities[:1]
        return asked["activity"] in [each["id"] for each in found]


def test_what_is_fetched_page_by_page_gives_the_figures_of_the_story(httpserver, figures):
    lrs = LaxLRS(httpserver, DOCUMENTS)
    fetched = fetched_from(lrs.endpoint, "reader", "secret")["fetched"]
    assert {each["id"] for each in fetched} == {each["id"] for each in DOCUMENTS}
    found = run(fetched)
    names = ("sessions_per_pair_and_month", "hours_by_format", "objectives_agreed", "confirmation_lag")
    assert [found[name] for name in names] == [figures[name] for name in names]


def test_without_the_voiding_statements_a_correction_counts_twice(httpserver):
    lrs = LaxLRS(httpserver, DOCUMENTS)
    fetched = fetched_from(lrs.endpoint, "reader", "secret")["fetched"]
    found = run([each for each in fetched if each["object"]["objectType"] != "StatementRef"])
    assert found["objectives_agreed"] == {"skills": 1, "culture": 2}


def corrected_session(context: StatementContext, pair: PairContext) -> list[Statement]:
    """A session that is logged and then corrected, of a pair and a programme that no other test has."""
    held = [
        statements.session_held(
            context, pair, SESSION, Role.MENTOR, reported_by=Role.MENTOR, recorded_at=moment, revision=number
        )
        for number, moment in enumerate((at(12, 10), at(12, 12)))
    ]
    voided = statements.voided(context, pair.pair_id, held[0].id, recorded_at=at(12, 11))
    return [held[0], voided, held[1]]


def test_a_strict_lrs_gives_each_session_once(strict_lrs: RunningLRS):
    context = dataclasses.replace(CONTEXT, programme_id=uuid4())
    pair = PairContext(uuid4(), MENTOR, MENTEE)
    lrs = LRSClient(strict_lrs.endpoint, strict_lrs.username, strict_lrs.password)
    sent = corrected_session(context, pair)
    assert deliver(lrs, [(each.id, each.body) for each in sent]) == [Sent()] * 3
    endpoint = strict_lrs.endpoint.rstrip("/")
    fetched = fetched_from(endpoint, strict_lrs.username, strict_lrs.password, context.programme_iri)[
        "fetched"
    ]
    assert {str(sent[1].id), str(sent[2].id)} <= {each["id"] for each in fetched}
    found = run(fetched)
    assert [each["id"] for each in found["of"]("/attended", "session")] == [str(sent[2].id)]


def test_ralph_s_pages_are_followed(ralph: RunningLRS):
    pair = PairContext(uuid4(), MENTOR, MENTEE)
    lrs = LRSClient(ralph.endpoint, ralph.username, ralph.password)
    sent = corrected_session(CONTEXT, pair)
    assert deliver(lrs, [(each.id, each.body) for each in sent]) == [Sent()] * 3
    fetch = fetched_from(ralph.endpoint.rstrip("/"), ralph.username, ralph.password)["fetch"]
    found = fetch(registration=str(pair.pair_id), limit="2")
    assert sorted(each["id"] for each in found) == sorted(str(each.id) for each in sent)
    assert {str(each.id) for each in sent} <= {each["id"] for each in fetch()}


def test_sessions_are_counted_once_per_pair_and_month(figures):
    assert dict(figures["sessions_per_pair_and_month"]) == {(str(PAIR.pair_id), "2026-11"): 1}


def test_hours_are_summed_by_format_and_by_mode(figures):
    assert figures["hours_by_format"] == {"trade-show": pytest.approx(50 / 60)}
    assert figures["hours_by_mode"] == {"in-person": pytest.approx(50 / 60)}


def test_a_session_that_the_partner_confirmed_rests_on_nobodys_word_alone(figures):
    assert (figures["held_or_confirmed"], figures["on_the_partners_word"]) == ({"confirmed": 1}, [])


def test_an_attendance_that_the_partner_reported_rests_on_the_partners_word():
    figures = run([STORY[name].document for name in ("session-held-mentor", "session-held-mentee")])
    [statement] = figures["on_the_partners_word"]
    assert statement["actor"]["account"]["name"] == MENTEE.name


def test_days_run_from_joining_to_the_first_session(figures):
    assert figures["days_to_first_session"][account(MENTEE), COHORT] == 10


def test_somebody_in_two_cohorts_has_a_figure_in_each():
    cohort = CohortContext(UUID("5f0c1c0e-6a3b-4a35-9c55-4f0f0f0c0003"), dt.date(2026, 11, 20))
    later = dataclasses.replace(CONTEXT, cohort=cohort)
    again = statements.joined(later, MENTEE, Role.MENTEE, uuid4(), recorded_at=at(20, 8))
    held = statements.session_held(
        later,
        PairContext(uuid4(), MENTOR, MENTEE),
        dataclasses.replace(SESSION, started_at=dt.date(2026, 11, 23)),
        Role.MENTEE,
        reported_by=Role.MENTEE,
        recorded_at=at(23, 10),
    )
    figures = run([*DOCUMENTS, again.document, held.document])
    second = (account(MENTEE), later.activity("cohort", cohort.cohort_id))
    assert figures["days_to_first_session"] == {
        (account(MENTOR), COHORT): 10,
        (account(MENTEE), COHORT): 10,
        second: 3,
    }


def test_days_run_from_the_earliest_day_of_joining():
    early, late = (
        statements.joined(CONTEXT, MENTEE, Role.MENTEE, uuid4(), recorded_at=at(day, 8)) for day in (2, 5)
    )
    held = STORY["session-held-mentee"]
    for order in ((early, late, held), (late, early, held)):
        figures = run([each.document for each in order])
        assert figures["days_to_first_session"] == {(account(MENTEE), COHORT): 10}


def test_whoever_completed_has_reached_every_milestone(figures):
    assert figures["reached_milestones"] == {25: 1, 50: 1, 75: 1, 100: 1}


def test_a_milestone_counts_for_those_below_it():
    figures = run([STORY["progressed"].document])
    assert figures["reached_milestones"] == {25: 1, 50: 1, 75: 0, 100: 0}


def test_objectives_are_counted_by_dimension(figures):
    assert (figures["objectives_agreed"], figures["objectives_reached"]) == (
        {"skills": 1, "culture": 1},
        {"skills": 1, "culture": 1},
    )


def test_the_lag_runs_from_logging_to_confirming(figures):
    assert figures["confirmation_lag"] == [pytest.approx(1, abs=0.01)]


def test_ended_pairs_are_counted_by_their_reason(figures):
    assert figures["ended_by_reason"] == {"time": 1}


def test_a_pair_silent_for_thirty_days_is_listed_unless_it_ended():
    paired = [STORY[name].document for name in ("paired-mentor", "paired-mentee")]
    assert run(paired, now=at(30, 0))["silent_pairs"] == []
    later = at(30, 0) + dt.timedelta(days=10)
    assert run(paired, now=later)["silent_pairs"] == [str(PAIR.pair_id)]
    assert run([*paired, STORY["pair-left-mentor"].document], now=later)["silent_pairs"] == []


def test_a_silent_pair_is_listed_until_both_have_completed_in_its_cohort():
    def completed(actor: Actor, role: Role, context: StatementContext = CONTEXT) -> dict[str, Any]:
        return statements.programme_completed(
            context, actor, role, uuid4(), time_spent=SESSION.length, score_percent=100, recorded_at=at(14, 8)
        ).document

    paired = [STORY[name].document for name in ("paired-mentor", "paired-mentee")]
    mentee, mentor = completed(MENTEE, Role.MENTEE), completed(MENTOR, Role.MENTOR)
    other = dataclasses.replace(CONTEXT, cohort=CohortContext(uuid4(), dt.date(2026, 6, 1)))
    elsewhere = completed(MENTOR, Role.MENTOR, other)
    later = at(30, 0) + dt.timedelta(days=10)
    assert run([*paired, mentee], now=later)["silent_pairs"] == [str(PAIR.pair_id)]
    assert run([*paired, mentee, elsewhere], now=later)["silent_pairs"] == [str(PAIR.pair_id)]
    assert run([*paired, mentee, mentor], now=later)["silent_pairs"] == []
