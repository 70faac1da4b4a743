"""The pages of tutors about the people of their group."""

from __future__ import annotations

from tests.browser import moving_cases, people_cases, rule_cases
from tests.browser.visits import UNKNOWN, Case, Visit, at_page, followed, sent_to
from tests.builder import invitations, leavers, moving, people_lists, situations


def _person_who_refused(visit: Visit) -> None:
    visit.situation(invitations.tutor_of_refused)
    visit.page.get_by_role("link", name="Anne Roy").click()


def _person_taken_out(visit: Visit) -> None:
    visit.situation(leavers.tutor_of_taken_out, "?state=out")
    visit.page.get_by_role("link", name="Hélène Marchand").first.click()


def _person_of_a_pair(visit: Visit) -> None:
    visit.situation(leavers.tutor_of_taken_out)
    for pattern in ("/cohort/pairs/[0-9a-f-]+", "/cohort/people/[0-9a-f-]+"):
        visit.page.goto(visit.served_tool.url + visit.address(pattern))


def _taking_out(visit: Visit) -> None:
    _person_of_a_pair(visit)
    visit.page.goto(visit.served_tool.url + visit.address("/take-out"))


def _taking_out_oddly(visit: Visit) -> None:
    _taking_out(visit)
    visit.send("", reason="boredom")


def _reopened_without_reason(visit: Visit) -> None:
    visit.situation(situations.tutor_of_complete)
    for pattern in ("/cohort/pairs/[0-9a-f-]+", "/cohort/people/[0-9a-f-]+"):
        visit.page.goto(visit.served_tool.url + visit.address(pattern))
    with visit.page.expect_navigation():
        visit.page.locator("#reopen-it").click()


def _participant(visit: Visit) -> None:
    visit.situation(people_lists.people_of_whom_much_is_known)
    visit.page.get_by_role("link", name="Léa Nguyen", exact=True).first.click()


def _to_one(visit: Visit) -> None:
    _participant(visit)
    visit.page.click("#write")


def _pairing_for(visit: Visit) -> None:
    visit.situation(people_lists.people_of_whom_much_is_known, "cohort/pairing")
    visit.page.get_by_role("link", name="Léa Nguyen").click()


def _pair_of_tutor(visit: Visit) -> str:
    """The address of the page of a tutor's first pair."""
    visit.situation(situations.tutor)
    address = visit.page.locator("a[href*='/cohort/pairs/']").first.get_attribute("href")
    assert address is not None
    return visit.served_tool.url + address


def _with_panel(visit: Visit) -> None:
    pair = _pair_of_tutor(visit)
    visit.page.goto(visit.page.url + "?pair=" + pair.rsplit("/", 1)[1])


def _of_pair(change: str, **fields: str) -> Case:
    """The page of a change of a tutor's pair, or what its form answers to wrong ``fields``."""

    def go(visit: Visit) -> None:
        visit.page.goto(f"{_pair_of_tutor(visit)}/{change}")
        if fields:
            visit.send("", **fields)

    name = f"pair-{change}{'-wrong' if fields else ''}"
    return Case(name, (f"pair_changes.{change}", "POST" if fields else "GET"), go)


TUTOR_CASES: tuple[Case, ...] = (
    at_page("preview-mentee", "preview.show", situations.tutor, "preview/mentee"),
    at_page("preview-mentor", "preview.show", situations.tutor, "preview/mentor"),
    at_page("tutor-not-taking-part", "home.home", leavers.tutor_of_taken_out, "?state=out"),
    at_page("tutor-without-a-role", "home.home", situations.tutor, "?state=no_role"),
    at_page("tutor-ended-pairs", "home.home", leavers.tutor_of_taken_out, "?state=ended"),
    Case("tutor-person-taken-out", ("pair_page.person", "GET"), _person_taken_out),
    Case("tutor-take-out", ("leaving.take_out", "GET"), _taking_out),
    Case("tutor-take-out-wrong", ("leaving.take_out", "POST"), _taking_out_oddly),
    Case("tutor-person-who-refused", ("pair_page.person", "GET"), _person_who_refused),
    at_page("review", "review.show", situations.review, "review/"),
    followed("pair", ("history.pair", "GET"), situations.tutor, "/cohort/pairs/[0-9a-f-]+"),
    at_page("pair-unknown", "history.pair", situations.tutor, f"cohort/pairs/{UNKNOWN}"),
    at_page("decisions-objectives", "tutor_objectives.index", situations.tutor, "cohort/objectives"),
    at_page("tutor-rule", "rule_editor.edit", rule_cases.tutor_of_draft, rule_cases.PAGE),
    Case("tutor-rule-wrong", ("rule_editor.edit", "POST"), rule_cases.wrong),
    Case("tutor-rule-give-up", ("rule_editor.edit", "POST"), rule_cases.asked_to_give_up),
    Case("tutor-rule-adding", ("rule_editor.edit", "GET"), rule_cases.about_to_add),
    Case("tutor-rule-saved-elsewhere", ("rule_editor.edit", "POST"), rule_cases.saved_elsewhere),
    at_page("tutor-move-choice", "moving.show", moving.tutor_of_three_groups, moving_cases.MOVE),
    at_page("tutor-move-nowhere", "moving.show", situations.tutor, moving_cases.MOVE),
    Case("tutor-move-plan", ("moving.show", "GET"), moving_cases.planned("Paul Moreau")),
    Case("tutor-move-two-pairs", ("moving.show", "GET"), moving_cases.planned("Bernard")),
    Case("tutor-move-changed", ("moving.move", "POST"), moving_cases.changed_since),
    at_page("tutor-pairing-second-group", "pairing.show", moving.tutor_of_second_group, "cohort/pairing"),
    at_page("tutor-adding-people", "people_import.index", people_lists.list_added, people_cases.LISTS),
    Case("tutor-list-without-file", ("people_import.upload", "POST"), people_cases.without_a_file),
    Case("tutor-list", ("people_import.show", "GET"), people_cases.opened(people_lists.list_to_look_at)),
    Case(
        "tutor-list-being-added",
        ("people_import.show", "GET"),
        people_cases.opened(people_lists.list_being_added),
    ),
    Case("tutor-list-added", ("people_import.show", "GET"), people_cases.opened(people_lists.list_added)),
    Case("tutor-list-changed-since", ("people_import.add", "POST"), people_cases.changed_since),
    at_page("pairing", "pairing.show", people_lists.people_of_whom_much_is_known, "cohort/pairing"),
    Case("pairing-for", ("pairing.show", "GET"), _pairing_for),
    sent_to("pair-of-nobody", "pairing.pair", situations.tutor, "cohort/pairs", mentor_id="", mentee_id=""),
    at_page("tutor-of-nobody-found", "home.home", situations.tutor, "?q=zzz"),
    at_page("tutor-without-a-partner", "home.home", situations.tutor, "?state=alone"),
    at_page("tutor-not-enrolled", "home.home", people_lists.list_added, "?state=awaited"),
    Case("tutor-with-panel", ("home.home", "GET"), _with_panel),
    Case("participant", ("pair_page.person", "GET"), _participant),
    followed(
        "message", ("messages.show", "GET"), situations.tutor, "/cohort/message/pair/[0-9a-f-]+/unsigned"
    ),
    Case("message-to-one", ("messages.to_one", "GET"), _to_one),
    at_page("message-to-all", "messages.to_all", situations.tutor_of_unsigned, "cohort/message/all/unsigned"),
    at_page("invitation", "messages.invitation", situations.tutor, "cohort/message/invitation"),
    at_page("list-to-print", "print_list.show", situations.tutor, "cohort/list/"),
    *(_of_pair(change) for change in ("pause", "resume", "end", "another")),
    *(_of_pair(change, reason="anger") for change in ("end", "another")),
    sent_to(
        "validate-nobody",
        "cohort.validate",
        situations.tutor_to_validate,
        "cohort/validate",
        participant_id="",
    ),
    Case("reopen-without-reason", ("cohort.reopen", "POST"), _reopened_without_reason),
)
