"""The pages of a programme's owners, of human resources, and of the decisions that are kept."""

from __future__ import annotations

import sqlalchemy as sa

from lti_tool.database import utcnow
from lti_tool.mentoring.programmes.right_models import HrLink
from tests.browser import owner_cases
from tests.browser.visits import UNKNOWN, Case, Visit, at_page, sent_to
from tests.builder import owning, setting_up, situations


def _programme(visit: Visit) -> str:
    """The address of the only programme of an owner."""
    visit.situation(situations.owner, "owner/")
    return visit.address("/owner/programmes/[0-9a-f-]+")


def _of_programme(
    name: str,
    endpoint: str,
    page: str,
) -> Case:
    def go(visit: Visit) -> None:
        visit.page.goto(visit.served_tool.url + _programme(visit) + page)

    return Case(name, (endpoint, "GET"), go)


def _sent_to_programme(name: str, endpoint: str, page: str, **fields: str) -> Case:
    def go(visit: Visit) -> None:
        visit.send(_programme(visit) + page, **fields)

    return Case(name, (endpoint, "POST"), go)


def _hr_settings(visit: Visit) -> None:
    visit.situation(situations.human_resources, "hr/")
    visit.page.goto(visit.served_tool.url + visit.address("/owner/programmes/[0-9a-f-]+/settings"))


def _hr_link(visit: Visit) -> None:
    visit.send(_programme(visit) + "/access/hr-links", made_for="RH du site de Lille")
    visit.public("/hr?" + visit.page.input_value("#new-link").partition("?")[2])


def _hr_link_used(visit: Visit) -> None:
    _hr_link(visit)
    with visit.served_tool.services.database.transaction() as db:
        db.execute(sa.update(HrLink).values(used_at=utcnow()))
    visit.page.reload()


OWNER_CASES: tuple[Case, ...] = (
    at_page("decisions", "audit.of_group", situations.owner, "programme/audit"),
    at_page("decisions-changes", "audit.of_group", setting_up.tutor_reads_changes, "programme/audit"),
    at_page("decisions-none", "audit.of_group", situations.tutor_alone, "programme/audit?who=operator"),
    at_page(
        "decisions-dates-wrong",
        "audit.of_group",
        situations.owner,
        "programme/audit?since=2026-12-01&until=2026-11-01",
    ),
    at_page("decisions-own", "audit.of_group", situations.under_way, "programme/audit"),
    at_page("owner-programmes", "owner.index", situations.owner, "owner/"),
    _of_programme("owner-programme", "owner.programme", ""),
    _of_programme("owner-people", "owner.people", "/people"),
    _of_programme("owner-decisions", "audit.of_programme", "/audit"),
    _of_programme("owner-settings", "owner.settings", "/settings"),
    _of_programme("owner-rights", "programme_access.show", "/access"),
    _of_programme("owner-example", "owner.example", "/example/mentee"),
    Case("owner-group", ("of_group_group.show", "GET"), owner_cases.group(owning.owner_of_people)),
    Case("owner-group-approve", ("of_group_group.show", "GET"), owner_cases.group(owning.owner_to_approve)),
    Case("owner-group-partners", ("of_group_group.partners", "GET"), owner_cases.partners),
    Case("owner-group-waiting", ("of_group_group.show", "GET"), owner_cases.waiting_group),
    Case("owner-group-person", ("of_group_group.person", "GET"), owner_cases.person),
    Case("owner-group-pair", ("of_group_group.pair", "GET"), owner_cases.pair),
    Case("owner-group-move", ("of_group_moving.show", "GET"), owner_cases.move),
    _sent_to_programme("owner-of-nobody", "programme_access.add_owner", "/access/owners", person_id=""),
    _sent_to_programme("owner-share-nothing", "programme_access.share", "/access/shares", course_id=""),
    _sent_to_programme(
        "owner-new-link", "programme_access.make_hr_link", "/access/hr-links", made_for="RH du site de Nantes"
    ),
    at_page("hr-home", "home.home", situations.human_resources, ""),
    at_page("hr-takes-part", "learner.ask_role", situations.human_resources, "join"),
    at_page("hr-programmes", "human_resources.index", situations.human_resources, "hr/"),
    Case("hr-settings", ("owner.settings", "GET"), _hr_settings),
    at_page("hr-link", "human_resources.use_link", situations.observer, "hr/link"),
    sent_to("hr-link-unknown", "human_resources.use_link", situations.observer, "hr/link", link=UNKNOWN),
    Case(
        "hr-link-incomplete",
        ("human_resources.arrive", "GET"),
        lambda visit: visit.public("/hr?link=x"),
        themed=False,
    ),
    Case("hr-link-arrive", ("human_resources.arrive", "GET"), _hr_link, themed=False),
    Case("hr-link-used", ("human_resources.arrive", "GET"), _hr_link_used, themed=False),
)
