"""Who may what: every route and every command against the table, for everybody who may come."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import click
import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from lti_tool.cli import tandem
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity.policy import (
    TABLE,
    Action,
    Capacity,
    NotPermitted,
    Refusal,
    Relation,
    capacities,
    decide,
    require,
)
from lti_tool.identity.principal import NOBODY, OPERATOR, TOOL, CourseRole, Principal, PrincipalKind
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.enrolment.people.actions import keep_file
from lti_tool.mentoring.enrolment.people.file import Table
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.mentoring.programmes.actions import name_owner
from lti_tool.mentoring.programmes.rights import make_hr_link, use_hr_link
from lti_tool.mentoring.roles import Role
from lti_tool.mentoring.sessions.models import MentoringSession
from lti_tool.web.launch_session import OF_GROUP
from tests.builder import Builder, World
from tests.builder.launches import SECRET
from tests.builder.snapshot import Snapshot

C = Capacity
LAUNCHED = frozenset({C.ANYONE, C.LAUNCHED, C.NAMED})
NAMELESS = frozenset({C.ANYONE, C.LAUNCHED, C.NAMELESS})
LEARNER = LAUNCHED | {C.LEARNER, C.PARTICIPANT}
TUTOR = LAUNCHED | {C.TEACHER, C.TUTOR, C.EDITOR, C.OWNER}


@dataclass(frozen=True)
class Visitor:
    """Somebody with a launch session, and in which capacities they ask."""

    about_theirs: frozenset[Capacity]
    """About their own pair, and about the group that their own activity opens."""
    about_ours: frozenset[Capacity]
    """About the pair of the world, by its ids."""


VISITORS = {
    "learner of the pair": Visitor(LEARNER | {C.MEMBER}, LEARNER | {C.MEMBER}),
    "other learner": Visitor(LEARNER | {C.MEMBER}, LEARNER),
    "learner without a role": Visitor(LAUNCHED | {C.LEARNER}, LAUNCHED | {C.LEARNER}),
    "tutor": Visitor(TUTOR, TUTOR),
    "other course's tutor": Visitor(TUTOR, LAUNCHED | {C.TEACHER}),
    "other organisation's tutor": Visitor(TUTOR, LAUNCHED | {C.TEACHER}),
    "owner": Visitor(LAUNCHED | {C.LEARNER, C.OWNER}, LAUNCHED | {C.LEARNER, C.OWNER}),
    "human resources": Visitor(LAUNCHED | {C.LEARNER, C.HR}, LAUNCHED | {C.LEARNER, C.HR}),
    "observer": Visitor(LAUNCHED | {C.OBSERVER}, LAUNCHED | {C.OBSERVER}),
    "switched": Visitor(LAUNCHED | {C.SWITCHED}, LAUNCHED | {C.SWITCHED}),
    "administrator": Visitor(
        LAUNCHED | {C.OBSERVER, C.ADMINISTRATOR}, LAUNCHED | {C.OBSERVER, C.ADMINISTRATOR}
    ),
    "anonymous": Visitor(NAMELESS, NAMELESS),
    "expired": Visitor(frozenset({C.ANYONE}), frozenset({C.ANYONE})),
    "made inactive": Visitor(frozenset({C.ANYONE}), frozenset({C.ANYONE})),
    "nobody": Visitor(frozenset({C.ANYONE}), frozenset({C.ANYONE})),
}


COME_TO_A_GROUP = {"owner", "tutor", "human resources", "other course's tutor", "other organisation's tutor"}
"""Who asks for the pages of the world's group by its id."""


WITHOUT_ROLE = {"learner without a role", "owner", "human resources"}
"""Learners of the course who do not take part."""


@dataclass
class Ours:
    """What the visitors ask about."""

    keys: dict[str, str]
    """The key of each visitor's launch."""
    pair_id: uuid.UUID
    session_id: uuid.UUID
    objective_id: uuid.UUID
    participant_id: uuid.UUID
    programme_id: uuid.UUID
    import_id: uuid.UUID
    group_id: uuid.UUID


def launch(world: World, person_id: uuid.UUID | None, role: CourseRole, **changes: Any) -> str:
    """A launch session; its key."""
    return world.activity.launch(None, person_id=person_id, role=role, **changes)


def second_course(world: World) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
    """A course of the same organisation with a group and a tutor of its own: course, link, tutor."""
    course = world.course.platform.course("B")
    activity, tutor = course.activity(), course.tutor("Other Tutor")
    activity.programme(opened_by=tutor)
    return course.id, activity.id, tutor.id


@pytest.fixture(scope="session")
def made_before() -> dict[str, tuple[Ours, Snapshot]]:
    """What the visitors ask about, by the kind of database in which it was made."""
    return {}


@pytest.fixture
def ours(services: Services, made_before: dict[str, tuple[Ours, Snapshot]]) -> Ours:
    """The world's pair at work, and a launch of everybody."""
    kind = services.database.engine.dialect.name
    if kind in made_before and made_before[kind][1].is_fresh:
        made_before[kind][1].restore(services.database)
    else:
        made_before[kind] = make_ours(services), Snapshot.of(services.database)
    return made_before[kind][0]


def make_ours(services: Services) -> Ours:
    world = Builder(services).world()
    pair = world.pair()
    pair_id, session_id = pair.id, pair.session().id
    objective_id = pair.objective(by=Role.MENTOR).id
    other_person = world.built_cohort.pair("Other Mentor", "Other Mentee").mentee.person.id
    newcomer = world.course.person("New Learner")
    owner, reader = world.course.person("An Owner"), world.course.person("Of Human Resources")
    with world.acting() as db:
        now, programme_id = utcnow(), world.built_cohort.programme.id
        name_owner(db, programme_id=programme_id, person_id=owner.id, now=now)
        secret = make_hr_link(db, programme_id=programme_id, made_by=owner.id, made_for="HR", now=now)
        use_hr_link(db, secret, person_id=reader.id, organisation_id=world.organisation_id, now=now)
    observer = world.course.person("An Observer", CourseRole.OBSERVER)
    switched = world.course.person("A Former Tutor", CourseRole.SWITCHED)
    administrator = world.course.person("An Administrator", CourseRole.OBSERVER)
    gone = world.course.person("Gone Tutor", CourseRole.TUTOR, active=False)
    mentee_person = world.built_mentee.person.id
    course_id, link_id, colleague = second_course(world)
    elsewhere = Builder(services).world(issuer="https://other.example")
    keys = {
        "learner of the pair": launch(world, mentee_person, CourseRole.LEARNER),
        "other learner": launch(world, other_person, CourseRole.LEARNER),
        "learner without a role": launch(world, newcomer.id, CourseRole.LEARNER),
        "tutor": launch(world, world.tutor_id, CourseRole.TUTOR),
        "other course's tutor": launch(
            world, colleague, CourseRole.TUTOR, course_id=course_id, resource_link_id=link_id
        ),
        "other organisation's tutor": launch(elsewhere, elsewhere.tutor_id, CourseRole.TUTOR),
        "owner": launch(world, owner.id, CourseRole.LEARNER),
        "human resources": launch(world, reader.id, CourseRole.LEARNER),
        "observer": launch(world, observer.id, CourseRole.OBSERVER),
        "switched": launch(world, switched.id, CourseRole.LEARNER),
        "administrator": launch(world, administrator.id, CourseRole.OBSERVER, is_admin=True),
        "anonymous": launch(world, None, CourseRole.LEARNER),
        "expired": launch(
            world, world.tutor_id, CourseRole.TUTOR, expires_at=utcnow() - dt.timedelta(seconds=1)
        ),
        "made inactive": launch(world, gone.id, CourseRole.TUTOR),
        "nobody": f"{uuid.uuid4()}.{SECRET}",
    }
    with world.acting() as db:
        table = Table(("Role", "E-mail"), ((2, ("mentor", "a@example.org")),))
        import_id = keep_file(
            db, cohort_id=world.cohort_id, file_name="people.csv", table=table, now=utcnow()
        )
    return Ours(
        keys, pair_id, session_id, objective_id, world.mentee_id, programme_id, import_id, world.cohort_id
    )


def routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method


def action_of(app: Flask, rule: Rule) -> Action:
    action: Action = app.view_functions[rule.endpoint].policy_action  # type: ignore[attr-defined]
    return action


NAMES_OURS = {
    "group_id",
    "session_id",
    "objective_id",
    "pair_id",
    "participant_id",
    "programme_id",
    "import_id",
}
FORMS: dict[str, Callable[[Ours], dict[str, str]]] = {
    "cohort.validate": lambda ours: {"participant_id": str(ours.participant_id), "validated": "yes"},
    "cohort.reopen": lambda ours: {"participant_id": str(ours.participant_id), "reason": "Because"},
    # Taken out, the participant would be in no pair for the other pages; wrong input shows as well who may.
    "leaving.take_out": lambda _ours: {"reason": "no-such-reason"},
    f"{OF_GROUP}leaving.take_out": lambda _ours: {"reason": "no-such-reason"},
}
"""Forms that name somebody of the world, or must not have their effect."""


def answers(app: Flask, ours: Ours, name: str) -> dict[tuple[str, str], tuple[bool, int]]:
    """For each route below a launch whether the table allows it to this visitor, and the status of the answer."""
    client, visitor, key = app.test_client(), VISITORS[name], ours.keys[name]
    addresses = app.url_map.bind("127.0.0.1:5000")
    found = {}
    for rule, method in routes(app):
        if "launch_key" not in rule.arguments or rule.endpoint.startswith("sign_out."):
            continue  # after signing out there is nothing left to ask for: tests/web/test_sign_out.py
        if rule.endpoint == "programme_access.give_up" and C.OWNER in visitor.about_ours:
            continue  # the same: tests/web/owner/test_rights.py
        if rule.endpoint.startswith(OF_GROUP) and name not in COME_TO_A_GROUP:
            continue  # these are refused before anything else is asked, all in the same way
        if name == "switched" and rule.endpoint == "switched_role.confirm":
            continue  # it makes them somebody else: tests/certification/test_switched_role.py
        values = {
            "launch_key": key,
            "below": "nothing-here",
            "role": "mentee",
            "session_id": ours.session_id,
            "objective_id": ours.objective_id,
            "pair_id": ours.pair_id,
            "participant_id": ours.participant_id,
            "programme_id": ours.programme_id,
            "import_id": ours.import_id,
            "group_id": ours.group_id,
            "link_id": uuid.uuid4(),
            "about": "unsigned",
            "section": "formats",
            "entry": "new",
            "code": "blank",
        }
        path = addresses.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method=method)
        form = FORMS.get(rule.endpoint, lambda _ours: {})(ours)
        token = {"csrf_token": csrf_token_of(key)} if method == "POST" else None
        answer = client.open(path, method=method, data={**token, **form} if token else None)
        names_ours = bool(NAMES_OURS & rule.arguments) or rule.endpoint in FORMS
        held = visitor.about_ours if names_ours else visitor.about_theirs
        if rule.endpoint.startswith(OF_GROUP) and not held & {C.OWNER, C.TUTOR}:
            held = frozenset()
        found[rule.endpoint, method] = (bool(TABLE[action_of(app, rule)] & held), answer.status_code)
    return found


def csrf_token_of(key: str) -> str:
    import hashlib
    import hmac

    session_id = uuid.UUID(key.partition(".")[0])
    return hmac.new(b"k" * 64, session_id.bytes, hashlib.sha256).hexdigest()


ALLOWED = {200, 204, 302, 303, 400, 409, 422}
"""What somebody gets who may: a page, a way on, or what is wrong with what they sent."""
REFUSED = {403, 404, 410}


def is_for_who_has_joined(endpoint: str) -> bool:
    """A learner who has not joined is sent home from these pages, or is told so where they sent a form."""
    pages = (
        "about_me",
        "answers",
        "agreement",
        "reminder",
        "undo",
        "feedback",
        "objectives",
        "own_profile",
        "picture",
        "proposal",
        "reflections",
        "sessions",
    )
    return endpoint.split(".")[0] in pages or endpoint == "learner.change_role"


WITHOUT_EFFECT = {
    "other course's tutor", "other organisation's tutor", "observer", "anonymous", "expired", "made inactive", "nobody",
}  # fmt: skip
"""Who may change nothing that belongs to the world."""


def state(services: Services) -> list[Any]:
    """What of the world the visitors would change."""
    with services.database.reading() as db:
        return [
            db.execute(sa.select(MentoringSession.status, MentoringSession.revision)).all(),
            db.execute(sa.select(Objective.status)).all(),
            db.execute(sa.select(Participant.id, Participant.status).order_by(Participant.id)).all(),
        ]


@pytest.mark.parametrize("name", VISITORS)
def test_every_answer_below_a_launch_is_the_table_s_and_what_is_refused_changes_nothing(
    app: Flask, ours: Ours, services: Services, name: str
) -> None:
    before, wrong = state(services), {}
    for (endpoint, method), (allowed, status) in answers(app, ours, name).items():
        if endpoint == "home.elsewhere" and allowed:
            expected = {404}  # nobody finds anything there
        elif name in WITHOUT_ROLE and not allowed and is_for_who_has_joined(endpoint):
            expected = {302 if method == "GET" else 409}
        elif endpoint == "deep_linking.choose" and allowed:
            expected = {400}  # the launch was not made to choose content
        elif endpoint == "picture.show" and allowed:
            expected = {200 if name == "learner of the pair" else 404}  # of a complete journey
        else:
            expected = ALLOWED if allowed else REFUSED
        if status not in expected:
            wrong[endpoint, method] = (status, "allowed" if allowed else "refused")
    assert wrong == {}
    if name in WITHOUT_EFFECT:
        assert state(services) == before


def test_the_routes_outside_a_launch_are_anybody_s(app: Flask) -> None:
    outside = {action_of(app, rule) for rule, _method in routes(app) if "launch_key" not in rule.arguments}
    assert outside == {Action.READ_PUBLIC_PAGES, Action.LAUNCH, Action.CONNECT_PLATFORM}
    assert all(C.ANYONE in TABLE[action] for action in outside)


def test_every_route_names_an_action_of_the_table(app: Flask) -> None:
    lacking = {
        rule.endpoint
        for rule, _method in routes(app)
        if getattr(app.view_functions[rule.endpoint], "policy_action", None) not in TABLE
    }
    assert lacking == set()


def commands(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


@pytest.mark.parametrize(("name", "command"), list(commands(tandem)), ids=lambda value: str(value))
def test_every_command_names_an_action_that_the_operator_may_do(name: str, command: click.Command) -> None:
    action = getattr(command.callback, "policy_action", None)
    assert action in TABLE
    assert C.OPERATOR in TABLE[action]


def test_a_command_that_the_table_does_not_give_the_operator_is_refused(monkeypatch) -> None:
    from click.testing import CliRunner

    from lti_tool.identity import policy

    monkeypatch.setattr(policy, "TABLE", {**TABLE, Action.MANAGE_KEYS: frozenset()})
    answer = CliRunner().invoke(tandem, ["keys", "rotate"])
    assert (answer.exit_code, answer.stderr) == (1, "Error: the operator may not manage signing keys\n")


# The function itself


def test_every_action_is_in_the_table() -> None:
    assert set(TABLE) == set(Action)


ORGANISATION, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
PERSON = Principal(
    kind=PrincipalKind.PERSON,
    person_id=uuid.UUID(int=3),
    organisation_id=ORGANISATION,
    role=CourseRole.TUTOR,
)
EVERYTHING = Relation(organisation_id=ORGANISATION, participant=True, member=True, teaches=True, owns=True)


@pytest.mark.parametrize("action", Action)
def test_nothing_crosses_from_one_organisation_to_another(action: Action) -> None:
    theirs = replace(EVERYTHING, organisation_id=OTHER)
    held = capacities(PERSON, theirs)
    assert held == {C.ANYONE, C.LAUNCHED}
    assert (decide(PERSON, theirs, action) is None) == bool(TABLE[action] & held)


@pytest.mark.parametrize("action", Action)
def test_a_person_who_left_has_only_the_rights_of_anyone(action: Action) -> None:
    left = replace(PERSON, active=False)
    refusal = decide(left, EVERYTHING, action)
    assert refusal == (None if C.ANYONE in TABLE[action] else Refusal.LEFT_COURSE)


@pytest.mark.parametrize("principal", [NOBODY, TOOL, OPERATOR], ids=lambda one: one.kind)
def test_no_relation_gives_a_right_to_whoever_is_no_person(principal: Principal) -> None:
    assert capacities(principal, EVERYTHING) == capacities(principal, Relation())


def test_the_settings_that_owners_keep_to_themselves_are_not_the_tutor_s() -> None:
    tutor = Relation(organisation_id=ORGANISATION, teaches=True)
    taken_over = replace(tutor, taken_over=True)
    for action in (Action.SET_UP, Action.CHANGE_RULE):
        assert decide(PERSON, tutor, action) is None
        assert decide(PERSON, taken_over, action) == Refusal.TAKEN_OVER
        assert decide(PERSON, replace(taken_over, owns=True), action) is None
        assert decide(PERSON, replace(taken_over, organisation_id=OTHER), action) == Refusal.NOT_THEIRS
    assert decide(PERSON, taken_over, Action.PAIR_PEOPLE) is None


def test_an_owner_who_is_a_learner_here_may_what_an_owner_may() -> None:
    owner = replace(PERSON, role=CourseRole.LEARNER)
    relation = Relation(organisation_id=ORGANISATION, owns=True)
    for action in (
        Action.VIEW_PEOPLE_OF_PROGRAMME, Action.VIEW_GROUP, Action.PAIR_PEOPLE, Action.IMPORT_PEOPLE,
        Action.COMPARE_PARTNERS, Action.CHANGE_PAIR, Action.MOVE_PAIRS, Action.APPROVE_COMPLETION,
        Action.REOPEN_COMPLETION,
        Action.SET_UP, Action.CHANGE_RULE, Action.CLONE_COHORT, Action.GRANT_HR,
    ):  # fmt: skip
        assert decide(owner, relation, action) is None
    for action in (Action.VIEW_COHORT, Action.VIEW_PAIR_HISTORY, Action.REVIEW_LEARNER):
        assert decide(owner, relation, action) == Refusal.FOR_TUTORS


def test_human_resources_read_settings_and_templates_and_nothing_else() -> None:
    reader = replace(PERSON, role=CourseRole.LEARNER)
    relation = Relation(organisation_id=ORGANISATION, reads_for_hr=True)
    added = {action for action in Action if decide(reader, relation, action) is None} - {
        action for action in Action if decide(reader, Relation(organisation_id=ORGANISATION), action) is None
    }
    assert added == {Action.READ_SETTINGS, Action.LIST_READ_PROGRAMMES, Action.READ_TEMPLATES}


def test_the_words_of_a_pair_are_nobody_s_but_its_two_members() -> None:
    """What tutors, owners and operators may do names no objective's title, note or reflection.

    A tutor alone sees the titles of the objectives that a pair gave them to confirm.
    """
    members = {action for action, held in TABLE.items() if C.MEMBER in held}
    assert all(TABLE[action] == {C.MEMBER} for action in members)
    assert TABLE[Action.CONFIRM_OBJECTIVES] == {C.TUTOR}


def test_a_job_that_the_table_does_not_give_the_tool_is_refused() -> None:
    require(TOOL, Action.DELIVER)
    with pytest.raises(NotPermitted, match="tool may not manage organisations"):
        require(TOOL, Action.MANAGE_ORGANISATIONS)
