"""The line item of an activity whose launches name none: found, made once, renamed, against a strict LMS over HTTP."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from structlog.testing import capture_logs

from lti_tool.composition import transaction as composition
from lti_tool.composition.jobs import make_job_runner
from lti_tool.database import utcnow
from lti_tool.demo.lms.claims import line_item_url
from lti_tool.demo.lms.course import couple_line_item, find_link, named_line_item
from lti_tool.health_checks.deliveries import _bound_line_items
from lti_tool.identity.models import Course, Membership
from lti_tool.identity.principal import TOOL
from lti_tool.jobs import queue
from lti_tool.jobs.kinds import RunningJob
from lti_tool.lti.ags import line_items, own_line_items
from lti_tool.lti.ags.check_gradebooks_job import CheckGradebooks
from lti_tool.lti.ags.line_item_job import LISTED_WITHIN, FindLineItem
from lti_tool.lti.ags.line_items import LINE_ITEM_SCOPE, LINE_ITEM_TAG, LineItem, OwnLineItem, choose
from lti_tool.lti.ags.models import OwnLineItemRecord
from lti_tool.lti.launch.models import ResourceLink
from lti_tool.lti.platform_service import Answer, PlatformService
from tests.builder.connected import connect
from tests.lti.ags.ungraded import Ungraded


@pytest.fixture
def moodle(services, lms, httpserver) -> Ungraded:
    """Moodle's rules: what the tool makes shows grades and completes nothing."""
    return Ungraded(connect(services, lms, httpserver, graded=False), "moodle")


@pytest.fixture
def openedx(services, lms, httpserver) -> Ungraded:
    """A platform that leaves making line items to tools."""
    return Ungraded(connect(services, lms, httpserver, graded=False), "openedx")


OWN = OwnLineItem("content-1", "link-1", "Mentoring")


def item(url: str, **values: str) -> LineItem:
    return LineItem(
        url=url,
        fields={},
        **({"resource_id": "content-1", "tag": LINE_ITEM_TAG, "resource_link_id": ""} | values),
    )


@pytest.mark.parametrize(
    ("listed", "chosen"),
    [
        ([], None),
        ([item("a", resource_id="content-2"), item("b", tag="other")], None),
        ([item("a", resource_link_id="link-2")], None),
        ([item("a"), item("b", resource_link_id="link-1")], "b"),
        ([item("b"), item("a")], "a"),
    ],
    ids=["none", "others", "a duplicate's", "its link's first", "the same at each look"],
)
def test_the_own_line_item_is_known_by_resource_id_tag_and_link(
    listed: list[LineItem], chosen: str | None
) -> None:
    found = choose(OWN, listed)
    assert (found.url if found else None) == chosen


def test_one_that_is_there_is_used_and_gets_the_grades_that_were_reached(moodle: Ungraded) -> None:
    moodle.add(resourceId="somebody else's")
    there = moodle.add()
    moodle.connected.world.pair()
    moodle.connected.world.confirm(moodle.connected.world.log_session())
    assert moodle.run() == "found"
    address = line_item_url(moodle.lms.base_url, there)
    assert (moodle.link().line_item_url, moodle.link().own_line_item_url) == (address, address)
    moodle.deliver()
    assert (moodle.grade(), len(moodle.items())) == (20, 2)


def test_it_is_found_on_a_later_page_whatever_the_platform_makes_of_the_filter(
    moodle: Ungraded, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        moodle.add(resourceId=f"other {number}")
    there = moodle.add()
    monkeypatch.setattr(line_items, "_filtered", lambda url, _own: f"{url}&limit=2")
    assert moodle.run() == "found"
    assert moodle.record().url == line_item_url(moodle.lms.base_url, there)


def test_pages_that_never_end_are_given_up(moodle: Ungraded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_items, "MOST_PAGES", 2)
    monkeypatch.setattr(line_items, "_filtered", lambda url, _own: f"{url}&limit=1")
    for number in range(5):
        moodle.add(resourceId=f"other {number}")
    service = PlatformService(moodle.services, moodle.connected.world.registration_id)
    with pytest.raises(line_items.LineItemsUnavailable):
        line_items.find(service, moodle.link().line_items_url or "", OWN, [LINE_ITEM_SCOPE])


def test_where_it_completes_nothing_none_is_made_until_a_tutor_asks(moodle: Ungraded) -> None:
    assert (moodle.run(), moodle.items(), moodle.record().status) == ("absent", [], "absent")
    moodle.connected.world.pair()
    moodle.connected.world.confirm(moodle.connected.world.log_session())
    assert moodle.run(make=True) == "made"
    [made] = moodle.items()
    assert (made.label, made.score_maximum, made.resource_id, made.tag, made.link_id) == (
        "Mentoring",
        100,
        moodle.resource_id,
        LINE_ITEM_TAG,
        None,
    )
    moodle.deliver()
    assert (moodle.grade(), moodle.record().status) == (100, "made")


def test_a_column_that_the_tool_made_in_moodle_hides_none_that_a_teacher_allows_later(
    moodle: Ungraded,
) -> None:
    """Moodle names no line item of an activity that has two: nothing would ever complete it."""
    moodle.run(make=True)
    with moodle.lms.lms.store.transaction() as db:
        link = find_link(db, moodle.connected.link_id)
        allowed = couple_line_item(db, link, {"scoreMaximum": 100.0})
        assert named_line_item(db, link, is_canvas=False) == allowed


def test_one_that_an_earlier_version_made_for_its_link_is_found_in_moodle(moodle: Ungraded) -> None:
    content_id = uuid.uuid4()
    with moodle.services.database.transaction() as db:
        db.get_one(ResourceLink, moodle.link_id).content_id = content_id
    moodle.add(resourceId=str(content_id))
    with moodle.lms.lms.store.transaction() as lms_db:
        lms_db.execute("UPDATE line_items SET link_id = ?", (moodle.connected.link_id,))
    assert moodle.run() == "found"
    # Nobody knows that the tool made it: it may be the one that completes the activity, and stays with it.
    assert (moodle.record().is_bound, moodle.items()[0].link_id) == (True, moodle.connected.link_id)


@pytest.mark.parametrize("lets_go", [True, False])
def test_one_that_an_earlier_version_made_for_its_link_is_let_go_of_it_by_the_next_day(
    moodle: Ungraded, monkeypatch: pytest.MonkeyPatch, lets_go: bool
) -> None:
    """A teacher who allows grades, before or after, then has the activity completed by them."""
    assert moodle.run(make=True) == "made"
    content_id, url = uuid.uuid4(), moodle.record().url
    with moodle.services.database.transaction() as db:
        db.get_one(ResourceLink, moodle.link_id).content_id = content_id
        db.get_one(OwnLineItemRecord, moodle.link_id).is_bound = None
        db.execute(sa.update(Membership).values(launched_at=utcnow()))
    with moodle.lms.lms.store.transaction() as lms_db:
        bound = {"link": moodle.connected.link_id, "content": str(content_id)}
        lms_db.execute("UPDATE line_items SET link_id = :link, resource_id = :content", bound)
        link = find_link(lms_db, moodle.connected.link_id)
        allowed = couple_line_item(lms_db, link, {"scoreMaximum": 100.0})
    if not lets_go:
        monkeypatch.setattr(line_items, "_OF_THE_LINK", ("id",))
    with composition.transaction(moodle.services, TOOL) as db:
        queue.enqueue(db, CheckGradebooks, {}, requested_by=TOOL)
    moodle.run_jobs()
    with moodle.lms.lms.store.reading() as lms_db:
        named = named_line_item(lms_db, link, is_canvas=False)
    assert (moodle.record().is_bound, named) == (not lets_go, allowed if lets_go else None)
    with moodle.services.database.reading() as db:
        said = [message for _, message, _ in _bound_line_items(db)]
    assert [message.endswith(": the platform keeps it with its link") for message in said] == [True] * (
        not lets_go
    )
    # It is still the one to which grades go as long as launches name none.
    assert (moodle.run(), moodle.record().url, len(moodle.items())) == ("found", url, 2)


def test_where_the_platform_leaves_it_to_tools_one_is_made_at_once_and_only_once(openedx: Ungraded) -> None:
    assert (openedx.run(), openedx.run()) == ("made", "found")
    assert len(openedx.items()) == 1
    assert openedx.complete()


def test_without_the_right_to_make_any_none_is_made(openedx: Ungraded) -> None:
    with openedx.services.database.transaction() as db:
        link = db.get_one(ResourceLink, openedx.link_id)
        link.scopes = [scope for scope in link.scopes if scope != LINE_ITEM_SCOPE]
    assert (openedx.run(make=True), openedx.items()) == ("absent", [])


def test_a_line_item_that_launches_name_comes_first(openedx: Ungraded) -> None:
    openedx.add()
    with openedx.services.database.transaction() as db:
        db.get_one(ResourceLink, openedx.link_id).line_item_url = "https://lms.example/coupled"
    assert openedx.run() == "coupled"
    assert openedx.link().own_line_item_url is None


class Killed(BaseException):
    """The process ends here."""


def kill_after_post(monkeypatch: pytest.MonkeyPatch) -> None:
    make = line_items.make

    def killed(*args: Any) -> LineItem:
        make(*args)
        raise Killed

    monkeypatch.setattr(line_items, "make", killed)


def run_and_be_killed(ungraded: Ungraded, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job's process makes the line item, and ends before it can write that down."""

    ungraded.ask(make=True)
    with monkeypatch.context() as patched:
        kill_after_post(patched)
        runner = make_job_runner(ungraded.services)
        runner.lease = dt.timedelta(0)  # whoever comes next need not wait for its end
        kind = FindLineItem(ungraded.services, lambda *_: 0)
        with pytest.raises(Killed):
            run_here(runner, kind)


def run_here(runner: Any, kind: Any) -> None:
    """Claim the waiting job and run it in this thread."""

    with runner._database.transaction() as db:
        claimed = queue.claim(db, [type(kind)], lease=dt.timedelta(seconds=0))
    assert claimed is not None
    kind.run(RunningJob(claimed, kind.schema().load(claimed.arguments), runner))


def test_one_whose_maker_was_killed_is_found_again_and_no_second_is_made(
    moodle: Ungraded, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_and_be_killed(moodle, monkeypatch)
    assert (len(moodle.items()), moodle.record().url) == (1, None)
    moodle.run_jobs()
    assert (len(moodle.items()), moodle.record().status) == (1, "made")
    assert moodle.link().line_item_url == moodle.record().url


@pytest.mark.parametrize(
    ("content_id", "taken", "outcome"),
    [(None, False, "found"), (None, True, "absent"), (uuid.uuid4(), False, "absent")],
    ids=["a copy", "another activity's", "of another content"],
)
def test_the_column_that_came_with_a_copied_course_is_used_for_the_copy_of_its_activity(
    moodle: Ungraded, content_id: uuid.UUID | None, taken: bool, outcome: str
) -> None:
    """Canvas copies a line item without an activity, with the resource id of its original."""
    with moodle.services.database.transaction() as db:
        here = db.get_one(Course, db.get_one(ResourceLink, moodle.link_id).course_id)
        there = Course(deployment_id=here.deployment_id, context_id="the original")
        db.add(there)
        db.flush()
        original = ResourceLink(
            course_id=there.id, resource_link_id="another", content_id=content_id, scopes=[]
        )
        db.get_one(ResourceLink, moodle.link_id).content_id = None
        db.add(original)
        db.flush()
        original_id = original.id
    column = moodle.add(resourceId=str(original_id), label="Mentorat")
    if taken:
        url = line_item_url(moodle.lms.base_url, column)
        with moodle.services.database.transaction() as db:
            db.add(ResourceLink(course_id=here.id, resource_link_id="x", own_line_item_url=url, scopes=[]))
    assert moodle.run() == outcome
    ours = {"found": moodle.link_id, "absent": original_id}[outcome]
    assert [(each.resource_id, each.label) for each in moodle.items()] == [(str(ours), "Mentorat")]


def test_of_two_processes_one_may_ask_the_platform_to_make_it(moodle: Ungraded) -> None:
    moodle.ask(make=True)
    together = threading.Barrier(2)

    def begin(_number: int) -> bool:
        together.wait()
        with moodle.services.database.transaction() as db:
            return own_line_items.begin_post(db, moodle.link_id, utcnow())

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(begin, range(2))) == [False, True]


def lose_posts(monkeypatch: pytest.MonkeyPatch, *, arrives: bool) -> None:
    call = PlatformService.call

    def lost(service: PlatformService, method: Any, url: str, *args: Any, **options: Any) -> Answer:
        if method == "POST":
            if arrives:
                call(service, method, url, *args, **options)
            raise requests.ReadTimeout("no answer")
        return call(service, method, url, *args, **options)

    monkeypatch.setattr(PlatformService, "call", lost)


def no_delay(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr(FindLineItem, "retry_delay", lambda _kind, _delay: dt.timedelta(0))


def test_one_whose_answer_was_lost_is_found_again(moodle: Ungraded, monkeypatch: pytest.MonkeyPatch) -> None:
    no_delay(monkeypatch)
    lose_posts(monkeypatch, arrives=True)
    assert moodle.run(make=True) == "found"
    assert (len(moodle.items()), moodle.record().status) == (1, "made")


def test_one_that_is_nowhere_after_a_lost_answer_is_made_again_by_the_tutor_alone(
    moodle: Ungraded, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_delay(monkeypatch)
    with monkeypatch.context() as patched:
        lose_posts(patched, arrives=False)
        moodle.run(make=True)
    moodle.later(LISTED_WITHIN)
    assert (moodle.run(), moodle.items()) == ("unsure", [])
    assert moodle.run() == "unsure"
    assert (moodle.run(make=True), len(moodle.items())) == ("made", 1)


def test_a_platform_that_refuses_to_make_one_says_why(
    moodle: Ungraded, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = PlatformService.call

    def refuse(service: PlatformService, method: Any, url: str, *args: Any, **options: Any) -> Answer:
        if method == "POST":
            return Answer(403, b"not for tools", {}, url, None)
        return call(service, method, url, *args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(PlatformService, "call", refuse)
        assert moodle.run(make=True) == "refused"
    assert (moodle.record().reason, moodle.record().posted_at) == ("HTTP 403: not for tools", None)
    assert moodle.run(make=True) == "made"


def test_one_that_was_made_gets_the_new_title_and_keeps_what_a_teacher_changed(moodle: Ungraded) -> None:
    moodle.run(make=True)
    with moodle.lms.lms.store.transaction() as db:
        db.execute("UPDATE line_items SET score_maximum = 20")
    assert moodle.run() == "found"
    with moodle.services.database.transaction() as db:
        db.get_one(ResourceLink, moodle.link_id).title = "Another title"
    assert (moodle.run(), moodle.run()) == ("renamed", "found")
    [made] = moodle.items()
    assert (made.label, made.score_maximum, made.resource_id) == ("Another title", 20, moodle.resource_id)


def test_one_that_the_tool_did_not_make_keeps_its_label(moodle: Ungraded) -> None:
    moodle.add()
    moodle.run()
    with moodle.services.database.transaction() as db:
        db.get_one(ResourceLink, moodle.link_id).title = "Another title"
    assert (moodle.run(), moodle.items()[0].label) == ("found", "There before")


def test_one_that_somebody_deleted_is_made_again_only_when_a_tutor_asks(openedx: Ungraded) -> None:
    openedx.run()
    with openedx.lms.lms.store.transaction() as db:
        db.execute("DELETE FROM line_items")
    assert (openedx.run(), openedx.run(), openedx.items()) == ("absent", "absent", [])
    assert (openedx.link().line_item_url, openedx.link().own_line_item_url) == (None, None)
    assert (openedx.run(make=True), len(openedx.items())) == ("made", 1)


@pytest.mark.parametrize("body", [b"<html>Oops</html>", b'{"items": []}', b"[" * 5000])
def test_a_list_that_is_none_is_survived_and_its_fault_is_kept(
    openedx: Ungraded, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    no_delay(monkeypatch)
    monkeypatch.setattr(
        PlatformService, "call", lambda _service, _method, url, *_, **__: Answer(200, body, {}, url, None)
    )
    with capture_logs() as logs:
        openedx.run()
    assert (openedx.record().status, openedx.record().reason) == (
        "looking",
        "what it answers is no list of line items",
    )
    # Another machine's fault is a line in the log, and not one of ours with its traceback.
    assert {entry["event"] for entry in logs} & {"job_retried", "job_fault"} == {"job_retried"}
