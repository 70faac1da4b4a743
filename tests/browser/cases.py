"""Every page that the tool can show, and how to come to it: the list that the tests of all pages walk.

A route that renders a page and is neither here nor in :data:`NOT_PAGES` fails ``test_every_page.py`` by its name.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from playwright.sync_api import Page

from tests.browser import moving_cases, owner_cases, people_cases, rule_cases
from tests.browser.served_tool import Route, ServedTool
from tests.builder import invitations, leavers, moving, owning, people_lists, setting_up, situations
from tests.builder.situations import SITUATIONS, Situation

NOT_PAGES = {
    ("cohort.note_refusal", "POST"): "leads back to the page of the group",
    ("programme_access.give_up", "POST"): "leads to the first page",
    ("programme_access.end_share", "POST"): "leads back to the page of rights",
    ("programme_access.withdraw_hr_link", "POST"): "leads back to the page of rights",
    ("programme_access.end_hr_reading", "POST"): "leads back to the page of rights",
    ("sign_out.sign_out", "POST"): "leads to the page after signing out",
    ("static", "GET"): "files",
    ("health.healthz", "GET"): "JSON",
    ("health.ready", "GET"): "JSON",
    ("key_set.jwks", "GET"): "JSON",
    ("canvas_configuration.configuration", "GET"): "JSON",
    ("course_page.open_here", "POST"): "leads to the tutor's page",
    ("scale.take_group_back", "POST"): "leads back to the page of full scale",
    ("of_group_group.take_back", "POST"): "leads to the page of the programme",
    ("other_group.go", "POST"): "leads to the first page of the other group",
    ("learner.live", "GET"): "the learner's first page again, which is looked at as such",
    ("cohort.live", "GET"): "a part of the tutor's page, which is looked at whole",
    ("cohort.read_roster_now", "POST"): "leads back to the tutor's page",
    ("new_choice.keep", "POST"): "leads back to the tutor's page",
    ("switched_role.confirm", "POST"): "leads back to the first page",
    ("grades.read_now", "POST"): "leads back to the tutor's page",
    ("grades.send", "POST"): "leads back to the tutor's page",
    ("grades.leave", "POST"): "leads back to the tutor's page",
    ("grades.ask", "POST"): "leads back to the tutor's page",
    ("cohort.take_approval_back", "POST"): "leads back to the tutor's page",
    ("tutor_reminders.remind", "POST"): "leads back to the tutor's page",
    ("tutor_reminders.remind_all", "POST"): "leads back to the tutor's page",
    ("pair_changes.pause", "POST"): "leads back to the tutor's page",
    ("pair_changes.resume", "POST"): "leads back to the tutor's page",
    ("line_item.make", "POST"): "leads back to the tutor's page",
    ("people_import.template", "GET"): "a file",
    ("people_import.live", "GET"): "a part of the page of a list, which is looked at whole",
    ("people_import.drop", "POST"): "leads back to the lists",
    ("people_import.withdraw", "POST"): "leads back to the lists",
    ("people_import.take_back", "POST"): "leads to the tutor's page",
    ("leaving.take_back_in", "POST"): "leads to the tutor's page",
    ("leaving.put_aside", "POST"): "leads to the tutor's page",
    ("leaving.take_back", "POST"): "leads to the tutor's page",
    ("session_check.show", "GET"): "says whether the session lasts, to a page with a form",
    ("feedback.see_thanks", "POST"): "leads back to the learner's page",
    ("programme_sections.remove", "POST"): "leads back to the list that had the entry",
    ("template_parts.remove", "POST"): "leads back to the list that had the entry",
    ("template_parts.save", "POST"): "the page of a part, as that of a programme's part",
    ("template_parts.save_entry", "POST"): "the page of an entry, as that of a programme's entry",
    ("template_rule.show", "POST"): "the page of the rule, as its own after a button",
    ("templates.file", "GET"): "a file",
    ("picture.show", "GET"): "a picture to keep",
    ("objectives.choose", "POST"): "leads back to the objectives",
    ("tutor_objectives.confirm", "POST"): "leads back to the objectives that wait for the tutor",
    ("tutor_objectives.not_yet", "POST"): "leads back to the objectives that wait for the tutor",
    ("registration.live", "GET"): "a part of the page of a registration, which is looked at whole",
}
"""Routes that show no page of their own, and why."""

UNKNOWN = "00000000-0000-0000-0000-000000000000"


@dataclass
class Visit:
    """A page of the browser on its way to a case, in one language."""

    page: Page
    served_tool: ServedTool
    locale: str

    def situation(self, build: Callable[[Situation], None], below: str = "") -> str:
        """Open a page of a situation; returns the address of the situation's home."""
        home = self.served_tool.build_situation(build, self.locale)
        self.page.goto(home + below)
        return home

    def public(self, path: str) -> None:
        """Open a page outside any launch."""
        joint = "&" if "?" in path else "?"
        self.page.goto(
            f"{'' if path.startswith('http') else self.served_tool.url}{path}{joint}lang={self.locale}"
        )

    def send(self, address: str, **fields: str) -> None:
        """Post a form as the present page would, with its token, whatever its own fields demand."""
        with self.page.expect_navigation():
            self.page.evaluate(
                """([address, fields]) => {
                  const form = document.createElement('form');
                  Object.assign(form, {method: 'post', action: address});
                  const token = document.querySelector('input[name=csrf_token]');
                  for (const [name, value] of Object.entries({csrf_token: token?.value ?? '', ...fields})) {
                    form.append(Object.assign(document.createElement('input'), {type: 'hidden', name, value}));
                  }
                  document.body.append(form);
                  form.submit();
                }""",
                [address, fields],
            )

    def address(self, pattern: str) -> str:
        """The first address in the present page's links and forms that matches."""
        found = re.search(rf'(?:href|action)="([^"]*{pattern})["?]', self.page.content())
        assert found, pattern
        return found[1].replace("&amp;", "&")


@dataclass(frozen=True)
class Case:
    """One page: the route that shows it, and the way there."""

    name: str
    route: Route
    go: Callable[[Visit], object]
    themed: bool = True
    """Whether it wears the theme of a platform; pages outside a launch are neutral."""


def _home(build: Callable[[Situation], None]) -> Case:
    return Case(f"home-{build.__name__}", ("home.home", "GET"), lambda visit: visit.situation(build))


def _at(name: str, endpoint: str, build: Callable[[Situation], None], below: str) -> Case:
    return Case(name, (endpoint, "GET"), lambda visit: visit.situation(build, below))


def _sent(name: str, endpoint: str, build: Callable[[Situation], None], below: str, **fields: str) -> Case:
    """A form that is sent as it should not be, and the page that says so."""
    return Case(name, (endpoint, "POST"), lambda visit: visit.send(visit.situation(build) + below, **fields))


def _followed(
    name: str, route: Route, build: Callable[[Situation], None], pattern: str, **fields: str
) -> Case:
    """A page whose address a situation's home gives: opened, or sent a form."""

    def go(visit: Visit) -> None:
        visit.situation(build)
        address = visit.address(pattern)
        if route[1] == "GET":
            visit.page.goto(visit.served_tool.url + address)
        else:
            visit.send(address, **fields)

    return Case(name, route, go)


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


def _scaled(visit: Visit) -> None:
    home = visit.served_tool.build_situation(situations.tutor, visit.locale, again=True)
    visit.page.goto(home + "programme/scale")
    with visit.page.expect_navigation():
        visit.page.locator("#make").click()


def _participant(visit: Visit) -> None:
    visit.situation(people_lists.people_of_whom_much_is_known)
    visit.page.get_by_role("link", name="Léa Nguyen", exact=True).first.click()


def _pairing_for(visit: Visit) -> None:
    visit.situation(people_lists.people_of_whom_much_is_known, "cohort/pairing")
    visit.page.get_by_role("link", name="Léa Nguyen").click()


def _hr_settings(visit: Visit) -> None:
    visit.situation(situations.human_resources, "hr/")
    visit.page.goto(visit.served_tool.url + visit.address("/owner/programmes/[0-9a-f-]+/settings"))


def _hr_link(visit: Visit) -> None:
    visit.send(_programme(visit) + "/access/hr-links", made_for="RH du site de Lille")
    visit.public("/hr?" + visit.page.input_value("#new-link").partition("?")[2])


def _correction(visit: Visit) -> None:
    visit.situation(situations.under_way)
    visit.page.goto(visit.served_tool.url + visit.address("/sessions/[0-9a-f-]+/correct"))
    visit.send("", held_on="2020-01-01", minutes="3", mode="video", format="coaching")


def _objective_edit(visit: Visit) -> None:
    visit.situation(situations.under_way, "objectives")
    visit.page.goto(visit.served_tool.url + visit.address("/objectives/[0-9a-f-]+/edit"))


def _objective_edit_wrong(visit: Visit) -> None:
    _objective_edit(visit)
    visit.send("", title="ab", tag="x", target_on="2020-01-01")


def _nothing_differs(visit: Visit) -> None:
    visit.situation(situations.to_confirm)
    visit.page.goto(visit.served_tool.url + visit.address("/sessions/[0-9a-f-]+/differs"))
    held_on = visit.page.input_value("#held_on")
    visit.send("", held_on=held_on, day="other", length="45", minutes="45", revision="0")


def _same_day(visit: Visit) -> None:
    home = visit.situation(situations.under_way)
    visit.page.goto(home + "sessions")
    held_on = (dt.datetime.now(dt.UTC).date() - dt.timedelta(days=2)).isoformat()
    visit.send(home + "sessions/new", held_on=held_on, minutes="30", mode="phone", format="coaching")


def _late(visit: Visit) -> None:
    """A form that is sent after its session has expired."""
    home = visit.served_tool.build_situation(situations.begins, visit.locale, again=True)
    visit.page.goto(home + "objectives")
    visit.page.fill("#title", "Lire un bilan")
    visit.served_tool.expire(home)
    with visit.page.expect_navigation():
        visit.page.locator("#objective .btn-primary").click()


def _late_and_back(visit: Visit) -> None:
    """The first page after the next launch of whoever sent a form too late."""
    _late(visit)
    visit.page.goto(visit.served_tool.launch_again(visit.page.url))


def _signed_out(visit: Visit) -> str:
    home = visit.served_tool.build_situation(situations.begins, visit.locale, again=True)
    visit.page.goto(home)
    with visit.page.expect_navigation():
        visit.page.locator(".sign-out button").click()
    return home


def _signed_out_in_another_tab(visit: Visit) -> None:
    visit.page.goto(_signed_out(visit) + "objectives")


def _switched(visit: Visit) -> None:
    visit.situation(situations.begins, "objectives")
    visit.page.fill("#title", "x")
    visit.send("", form_id="objective", form_checked="yes", form_language=visit.locale, title="x")


def _course_menu(build: Callable[[Situation], None]) -> Case:
    def go(visit: Visit) -> None:
        visit.page.goto(visit.served_tool.course_menu(build, visit.locale))

    return Case(build.__name__.replace("_", "-"), ("home.home", "GET"), go)


def _choice(visit: Visit) -> None:
    visit.page.goto(visit.served_tool.choose_content(situations.tutor, visit.locale))


def _choice_without_title(visit: Visit) -> None:
    _choice(visit)
    visit.send("", title="", template="")


def _choice_answered(visit: Visit) -> None:
    # The page goes on by itself: without its script it stays to be looked at.
    visit.page.route("**/submit.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    _choice(visit)
    visit.send("", title="Mentorat", template="demo")


def _choice_cancelled(visit: Visit) -> None:
    visit.page.route("**/submit.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    _choice(visit)
    with visit.page.expect_navigation():
        visit.page.locator("button[form=cancel]").click()


def _login_of_an_unknown_platform(visit: Visit) -> None:
    """A login by a platform that nobody has connected."""
    target = quote(f"{visit.served_tool.url}/lti/launch")
    visit.public(f"/lti/login?iss=https%3A%2F%2Funknown.example&login_hint=1&target_link_uri={target}")


def _away_posted(visit: Visit, path: str, **fields: str) -> None:
    """A form from another site, as platforms post them."""
    visit.page.goto(visit.served_tool.lms.base_url + "/static/icon.svg")
    visit.page.goto("about:blank")
    with visit.page.expect_navigation():
        visit.page.evaluate(
            """([action, fields]) => {
              const form = Object.assign(document.createElement('form'), {method: 'post', action});
              for (const [name, value] of Object.entries(fields)) {
                form.append(Object.assign(document.createElement('input'), {type: 'hidden', name, value}));
              }
              document.body.append(form);
              form.submit();
            }""",
            [f"{visit.served_tool.url}{path}?lang={visit.locale}", fields],
        )


def _new_tab(visit: Visit) -> None:
    visit.page.context.clear_cookies()
    _away_posted(visit, "/lti/launch", **visit.served_tool.launch_form().fields)


def _without_storage_script(visit: Visit) -> None:
    """The pages that use the platform's storage go on by themselves: without their script they stay to be looked at."""
    visit.page.route("**/storage.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    visit.page.context.clear_cookies()


def _storing_proof(visit: Visit) -> None:
    _without_storage_script(visit)
    _away_posted(visit, "/lti/login", **visit.served_tool.login_fields_with_storage())


def _asking_proof(visit: Visit) -> None:
    _without_storage_script(visit)
    _away_posted(visit, "/lti/launch", **visit.served_tool.launch_form(proof_is_kept=True).fields)


def _connected(visit: Visit) -> None:
    visit.public(visit.served_tool.registration())
    with visit.page.expect_navigation():
        visit.page.locator("main form button").first.click()


def _handed_over(visit: Visit) -> None:
    visit.situation(situations.begins)
    visit.public(visit.served_tool.handed_over())


def _handed_over_twice(visit: Visit) -> None:
    visit.public("/lti/continue/unknown")
    visit.send("?lang=" + visit.locale)


def _pair_of_tutor(visit: Visit) -> str:
    """The address of the page of a tutor's first pair."""
    visit.situation(situations.tutor)
    address = visit.page.locator("a[href*='/cohort/pairs/']").first.get_attribute("href")
    assert address is not None
    return visit.served_tool.url + address


def _with_panel(visit: Visit) -> None:
    pair = _pair_of_tutor(visit)
    visit.page.goto(visit.page.url + "?pair=" + pair.rsplit("/", 1)[1])


def _own_template(visit: Visit, below: str = "change", made_from: str = "blank") -> None:
    """A page of a template that the company has made from another one: its text, or one of its parts."""
    home = visit.situation(situations.tutor_alone, f"programme/templates/{made_from}/copy")
    visit.send("", title_fr="Notre programme", title_en="Our programme")
    visit.page.goto(f"{home}programme/templates/our-programme/{below}")


def _of_pair(change: str, **fields: str) -> Case:
    """The page of a change of a tutor's pair, or what its form answers to wrong ``fields``."""

    def go(visit: Visit) -> None:
        visit.page.goto(f"{_pair_of_tutor(visit)}/{change}")
        if fields:
            visit.send("", **fields)

    name = f"pair-{change}{'-wrong' if fields else ''}"
    return Case(name, (f"pair_changes.{change}", "POST" if fields else "GET"), go)


CASES: tuple[Case, ...] = (
    *map(_home, SITUATIONS),
    _course_menu(situations.menu_of_tutor),
    _course_menu(situations.menu_of_learner),
    _course_menu(situations.menu_of_several),
    _sent("activity-unknown", "course_page.choose", situations.begins, "course/activity", link="x"),
    _at("preview-mentee", "preview.show", situations.tutor, "preview/mentee"),
    _at("preview-mentor", "preview.show", situations.tutor, "preview/mentor"),
    _sent("join-without-a-role", "learner.join", situations.welcome, "join", role="king"),
    _sent("another-role-unknown", "learner.change_role", situations.waiting, "role", role="king"),
    _at("nothing-here", "home.elsewhere", situations.begins, "nothing-here"),
    _sent("nothing-here-either", "home.elsewhere", situations.begins, "nothing-here"),
    _at("remind", "reminder.show", situations.under_way, "reminder"),
    _sent("remind-of-nothing", "reminder.remind", situations.nothing_waits, "reminder"),
    _sent("undo-oddly", "undo.undo", situations.under_way, "undo", step="joined", subject_id=UNKNOWN),
    _followed(
        "something-differs",
        ("sessions.differs", "GET"),
        situations.to_confirm,
        "/sessions/[0-9a-f-]+/differs",
    ),
    Case("nothing-differs", ("sessions.propose", "POST"), _nothing_differs),
    Case("same-day", ("sessions.log", "POST"), _same_day),
    _sent("proposal-unknown", "sessions.accept", situations.to_accept, f"sessions/{UNKNOWN}/accept"),
    _sent("keep-unknown", "sessions.keep", situations.to_accept, f"sessions/{UNKNOWN}/keep"),
    _at("decline", "proposal.ask", situations.proposed, "proposal/decline"),
    _sent("declined-oddly", "proposal.decline", situations.proposed, "proposal/decline", reason="boredom"),
    _sent("accepted-too-late", "proposal.accept", situations.waiting, "proposal/accept"),
    _at("home-invited", "home.home", invitations.invited, ""),
    _at("refusal", "refusal.ask", invitations.invited, "refusal"),
    _sent("refusal-odd", "refusal.refuse", invitations.invited, "refusal", reason="boredom"),
    _at("home-refused-invitation", "home.home", invitations.refused, ""),
    _at("home-taken-out", "home.home", leavers.taken_out, ""),
    _at("tutor-not-taking-part", "home.home", leavers.tutor_of_taken_out, "?state=out"),
    _at("tutor-without-a-role", "home.home", situations.tutor, "?state=no_role"),
    _at("tutor-ended-pairs", "home.home", leavers.tutor_of_taken_out, "?state=ended"),
    Case("tutor-person-taken-out", ("pair_page.person", "GET"), _person_taken_out),
    Case("tutor-take-out", ("leaving.take_out", "GET"), _taking_out),
    Case("tutor-take-out-wrong", ("leaving.take_out", "POST"), _taking_out_oddly),
    Case("tutor-person-who-refused", ("pair_page.person", "GET"), _person_who_refused),
    _at("my-profile", "own_profile.show", situations.under_way, "profile"),
    _at("about-me", "about_me.show", situations.under_way, "about-me"),
    _sent("about-me-wrong", "about_me.save", situations.begins, "about-me", email="x", phone="x"),
    _at("agreement", "agreement.show", situations.to_sign, "agreement"),
    _at("agreement-signed", "agreement.show", situations.under_way, "agreement"),
    _sent("agreement-not-accepted", "agreement.sign", situations.to_sign, "agreement", accepted=""),
    _at("sessions", "sessions.index", situations.under_way, "sessions"),
    _at("sessions-none", "sessions.index", situations.begins, "sessions"),
    _at("session-new", "sessions.new", situations.under_way, "sessions/new"),
    _at("session-new-before-signing", "sessions.new", situations.to_sign, "sessions/new"),
    _sent(
        "session-empty",
        "sessions.log",
        situations.under_way,
        "sessions/new",
        held_on="",
        minutes="1",
        format="",
    ),
    _followed("correct", ("sessions.correct", "GET"), situations.under_way, "/sessions/[0-9a-f-]+/correct"),
    Case("correction-wrong", ("sessions.save_correction", "POST"), _correction),
    _sent("confirmed-unknown", "sessions.confirm", situations.to_confirm, f"sessions/{UNKNOWN}/confirm"),
    _sent(
        "disputed-without-reason",
        "sessions.dispute",
        situations.to_confirm,
        f"sessions/{UNKNOWN}/dispute",
        reason="because",
    ),
    _followed(
        "withdraw",
        ("sessions.confirm_withdrawal", "GET"),
        situations.to_correct,
        "/sessions/[0-9a-f-]+/withdraw",
    ),
    _sent("withdrawn-unknown", "sessions.withdraw", situations.to_correct, f"sessions/{UNKNOWN}/withdraw"),
    _at("objectives", "objectives.index", situations.under_way, "objectives"),
    _at("objectives-none", "objectives.index", situations.begins, "objectives"),
    _at("objectives-claimed", "objectives.index", situations.objective_to_confirm, "objectives"),
    _sent(
        "objective-empty",
        "objectives.propose",
        situations.under_way,
        "objectives",
        title="",
        direction="mentee",
        tag="skills",
        accepts="partner",
    ),
    _sent(
        "objective-unknown", "objectives.move", situations.under_way, f"objectives/{UNKNOWN}", move="reach"
    ),
    Case("objective-edit", ("objectives.edit", "GET"), _objective_edit),
    Case("objective-edit-wrong", ("objectives.save_edit", "POST"), _objective_edit_wrong),
    _at("home-news", "home.home", situations.words_of_both, ""),
    _at("notes", "reflections.index", situations.words_of_both, "reflections"),
    _sent("note-empty", "reflections.write", situations.under_way, "reflections", words="", readers=""),
    _sent("note-unknown", "reflections.move", situations.under_way, "reflections/move", move="x"),
    _at("feedback", "feedback.index", situations.words_of_both, "feedback"),
    _sent("feedback-empty", "feedback.give", situations.under_way, "feedback", session_id=UNKNOWN, words=""),
    _at("thanks", "feedback.write_thanks", situations.complete, "feedback/thanks"),
    _sent("thanks-too-long", "feedback.give_thanks", situations.complete, "feedback/thanks", words="x" * 301),
    _at("review", "review.show", situations.review, "review/"),
    _followed("pair", ("history.pair", "GET"), situations.tutor, "/cohort/pairs/[0-9a-f-]+"),
    _at("pair-unknown", "history.pair", situations.tutor, f"cohort/pairs/{UNKNOWN}"),
    _at("decisions-objectives", "tutor_objectives.index", situations.tutor, "cohort/objectives"),
    _at("tutor-rule", "rule_editor.edit", rule_cases.tutor_of_draft, rule_cases.PAGE),
    Case("tutor-rule-wrong", ("rule_editor.edit", "POST"), rule_cases.wrong),
    Case("tutor-rule-give-up", ("rule_editor.edit", "POST"), rule_cases.asked_to_give_up),
    Case("tutor-rule-adding", ("rule_editor.edit", "GET"), rule_cases.about_to_add),
    Case("tutor-rule-saved-elsewhere", ("rule_editor.edit", "POST"), rule_cases.saved_elsewhere),
    _at("tutor-move-choice", "moving.show", moving.tutor_of_three_groups, moving_cases.MOVE),
    _at("tutor-move-nowhere", "moving.show", situations.tutor, moving_cases.MOVE),
    Case("tutor-move-plan", ("moving.show", "GET"), moving_cases.planned("Paul Moreau")),
    Case("tutor-move-two-pairs", ("moving.show", "GET"), moving_cases.planned("Bernard")),
    Case("tutor-move-changed", ("moving.move", "POST"), moving_cases.changed_since),
    _at("learner-moved", "home.home", moving.moved_learner, ""),
    _at("learner-of-other-group", "home.home", moving.learner_of_first_group, ""),
    _at("learner-as-well", "learner.ask_role_as_well", moving.learner_of_first_group, "join/as-well"),
    _at("tutor-pairing-second-group", "pairing.show", moving.tutor_of_second_group, "cohort/pairing"),
    _at("decisions", "audit.of_group", situations.owner, "programme/audit"),
    _at("decisions-changes", "audit.of_group", setting_up.tutor_reads_changes, "programme/audit"),
    _at("decisions-none", "audit.of_group", situations.tutor_alone, "programme/audit?who=operator"),
    _at(
        "decisions-dates-wrong",
        "audit.of_group",
        situations.owner,
        "programme/audit?since=2026-12-01&until=2026-11-01",
    ),
    _at("decisions-own", "audit.of_group", situations.under_way, "programme/audit"),
    _at("owner-programmes", "owner.index", situations.owner, "owner/"),
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
    _at("hr-home", "home.home", situations.human_resources, ""),
    _at("hr-takes-part", "learner.ask_role", situations.human_resources, "join"),
    _at("hr-programmes", "human_resources.index", situations.human_resources, "hr/"),
    Case("hr-settings", ("owner.settings", "GET"), _hr_settings),
    _at("hr-link", "human_resources.use_link", situations.observer, "hr/link"),
    _sent("hr-link-unknown", "human_resources.use_link", situations.observer, "hr/link", link=UNKNOWN),
    Case(
        "hr-link-over",
        ("human_resources.arrive", "GET"),
        lambda visit: visit.public("/hr?link=x"),
        themed=False,
    ),
    Case("hr-link-arrive", ("human_resources.arrive", "GET"), _hr_link, themed=False),
    _at("tutor-adding-people", "people_import.index", people_lists.list_added, people_cases.LISTS),
    Case("tutor-list-without-file", ("people_import.upload", "POST"), people_cases.without_a_file),
    Case("tutor-list", ("people_import.show", "GET"), people_cases.opened(people_lists.list_to_look_at)),
    Case(
        "tutor-list-being-added",
        ("people_import.show", "GET"),
        people_cases.opened(people_lists.list_being_added),
    ),
    Case("tutor-list-added", ("people_import.show", "GET"), people_cases.opened(people_lists.list_added)),
    Case("tutor-list-changed-since", ("people_import.add", "POST"), people_cases.changed_since),
    _at("home-invited-by-list", "home.home", people_lists.invited_by_list, ""),
    _at("topics", "answers.show", situations.waiting, "topics"),
    _sent(
        "topics-wrong",
        "answers.save",
        situations.waiting,
        "topics",
        wants="x",
        capacity="0",
        time_zone="Mars",
    ),
    _at("pairing", "pairing.show", people_lists.people_of_whom_much_is_known, "cohort/pairing"),
    Case("pairing-for", ("pairing.show", "GET"), _pairing_for),
    _sent("pair-of-nobody", "pairing.pair", situations.tutor, "cohort/pairs", mentor_id="", mentee_id=""),
    _at("tutor-of-nobody-found", "home.home", situations.tutor, "?q=zzz"),
    _at("tutor-without-a-partner", "home.home", situations.tutor, "?state=alone"),
    _at("tutor-not-enrolled", "home.home", people_lists.list_added, "?state=awaited"),
    Case("tutor-with-panel", ("home.home", "GET"), _with_panel),
    Case("participant", ("pair_page.person", "GET"), _participant),
    _followed(
        "message", ("messages.show", "GET"), situations.tutor, "/cohort/message/pair/[0-9a-f-]+/unsigned"
    ),
    _at("message-to-all", "messages.to_all", situations.tutor, "cohort/message/all/unsigned"),
    _at("invitation", "messages.invitation", situations.tutor, "cohort/message/invitation"),
    _at("list-to-print", "print_list.show", situations.tutor, "cohort/list/"),
    *(_of_pair(change) for change in ("pause", "resume", "end", "another")),
    *(_of_pair(change, reason="anger") for change in ("end", "another")),
    _sent(
        "validate-nobody",
        "cohort.validate",
        situations.tutor_to_validate,
        "cohort/validate",
        participant_id="",
    ),
    Case("reopen-without-reason", ("cohort.reopen", "POST"), _reopened_without_reason),
    _sent(
        "programme-wrong-group",
        "opening.choose",
        situations.tutor_who_chooses,
        "programme",
        template="demo",
        group=UNKNOWN,
        role_view="both",
    ),
    _at("programme-to-choose", "programme.tasks", situations.tutor_who_chooses, "programme"),
    _at("programme-templates", "templates.index", situations.tutor_alone, "programme/templates"),
    _at("programme-template", "templates.show", situations.tutor_alone, "programme/templates/ai-at-work"),
    _at(
        "programme-template-copy",
        "templates.ask_copy",
        situations.tutor_alone,
        "programme/templates/ai-at-work/copy",
    ),
    _sent(
        "programme-template-copy-unnamed",
        "templates.copy",
        situations.tutor_alone,
        "programme/templates/ai-at-work/copy",
        title_fr="",
        title_en="",
    ),
    Case(
        "programme-template-parts",
        ("template_parts.tasks", "GET"),
        lambda visit: _own_template(visit, "parts", "sustainability"),
    ),
    Case(
        "programme-template-dates",
        ("template_parts.show", "GET"),
        lambda visit: _own_template(visit, "parts/dates", "sustainability"),
    ),
    Case(
        "programme-template-skill",
        ("template_parts.show_entry", "GET"),
        lambda visit: _own_template(visit, "parts/skills/new", "sustainability"),
    ),
    Case(
        "programme-template-rule",
        ("template_rule.show", "GET"),
        lambda visit: _own_template(visit, "parts/rule", "customer-market-trends"),
    ),
    Case("programme-template-change", ("templates.change", "GET"), _own_template),
    _sent(
        "programme-template-wrong",
        "templates.keep",
        situations.tutor_alone,
        "programme/template-text",
        text="v: 1\ncode: ours\nrhythm:\n  sessions: six\n  tempo: fast\n",
    ),
    _at(
        "programme-template-of-settings",
        "templates.ask_own_settings",
        situations.tutor_alone,
        "programme/template-of-settings",
    ),
    _sent(
        "programme-template-of-settings-unnamed",
        "templates.keep_own_settings",
        situations.tutor_alone,
        "programme/template-of-settings",
        title_fr="",
    ),
    _at("programme-to-scale", "scale.show", situations.tutor, "programme/scale"),
    Case("programme-to-scale-made", ("scale.show", "GET"), _scaled),
    _sent(
        "programme-to-scale-wrong",
        "scale.make",
        situations.tutor,
        "programme/scale",
        starts_on="2020-01-01",
        ends_on="2019-01-01",
    ),
    _at("programme-template-file", "templates.ask_file", situations.tutor_alone, "programme/template-file"),
    _sent(
        "programme-template-no-file",
        "templates.take_file",
        situations.tutor_alone,
        "programme/template-file",
    ),
    _sent(
        "programme-questions",
        "opening.choose",
        situations.tutor_who_chooses,
        "programme",
        template="ai-at-work",
        role_view="both",
        begin="set-up",
        go_to="questions",
    ),
    _at("programme-set-up", "programme.tasks", setting_up.tutor_sets_up, "programme"),
    _at("programme-set-up-begun", "programme.tasks", setting_up.tutor_sets_up_much, "programme"),
    _sent("programme-not-ready", "programme.start", setting_up.tutor_sets_up_much, "programme/start"),
    _at("programme-settings", "programme.tasks", setting_up.tutor_changes_settings, "programme"),
    *(
        _at(f"programme-{part}", "programme_sections.show", setting_up.tutor_sets_up, f"programme/{part}")
        for part in ("goal", "objectives", "kpis", "questionnaires")
    ),
    _at("programme-figure", "programme_sections.show_entry", setting_up.tutor_sets_up, "programme/kpis/new"),
    _at(
        "programme-formats-counted",
        "programme_sections.show",
        setting_up.rule_counts_audio,
        "programme/formats",
    ),
    _at(
        "programme-objective",
        "programme_sections.show_entry",
        setting_up.tutor_sets_up,
        "programme/objectives/new",
    ),
    _sent(
        "programme-skill-wrong",
        "programme_sections.save_entry",
        setting_up.tutor_sets_up,
        "programme/skills/new",
        tag="x",
    ),
    _sent(
        "programme-dates-wrong",
        "programme_sections.save",
        setting_up.tutor_changes_settings,
        "programme/dates",
        ends_on="2020-01-01",
        follow_up_on="",
    ),
    _sent(
        "programme-changed-by-two",
        "programme_sections.save",
        setting_up.tutor_sets_up_much,
        "programme/dates",
        made_from="1",
        starts_on="2030-01-01",
        ends_on="2030-06-30",
        follow_up_on="2030-09-30",
    ),
    _at("home-in-preparation", "home.home", setting_up.in_preparation, ""),
    _sent(
        "duplicate-unknown-answer",
        "opening.answer",
        situations.tutor_of_duplicate,
        "duplicate",
        answer="both",
    ),
    _followed(
        "group-duplicate",
        ("waiting_copies.ask", "GET"),
        situations.tutor_of_waiting_duplicate,
        "/cohort/duplicates/[0-9a-f-]+",
    ),
    _followed(
        "group-duplicate-unknown-answer",
        ("waiting_copies.answer", "POST"),
        situations.tutor_of_waiting_duplicate,
        "/cohort/duplicates/[0-9a-f-]+",
        answer="both",
    ),
    Case("content-choice", ("deep_linking.choose", "GET"), _choice),
    _at("content-not-asked-for", "deep_linking.choose", situations.tutor, "deep-linking"),
    _at("content-by-a-learner", "deep_linking.choose", situations.begins, "deep-linking"),
    Case("content-without-title", ("deep_linking.answer", "POST"), _choice_without_title),
    Case("content-answered", ("deep_linking.answer", "POST"), _choice_answered),
    Case("content-cancelled", ("deep_linking.cancel", "POST"), _choice_cancelled),
    _sent("form-of-another-page", "language.switch", situations.begins, "language", csrf_token="wrong"),
    _sent("nothing-declined", "kept_forms.decline", situations.begins, "kept-forms/decline", kept=""),
    Case("signed-out", ("sign_out.signed_out", "GET"), lambda visit: _signed_out(visit)),
    Case("signed-out-elsewhere", ("objectives.index", "GET"), _signed_out_in_another_tab),
    Case("session-over", ("objectives.propose", "POST"), _late),
    Case("form-kept", ("home.home", "GET"), _late_and_back),
    Case("objective-in-another-language", ("objectives.propose", "POST"), _switched),
    Case("front", ("landing.index", "GET"), lambda visit: visit.public("/"), themed=False),
    Case("profile", ("profile.show", "GET"), lambda visit: visit.public("/xapi/profile"), themed=False),
    Case(
        "setup",
        ("setup.show", "GET"),
        lambda visit: visit.public(visit.served_tool.invitation()),
        themed=False,
    ),
    Case(
        "setup-unknown", ("setup.show", "GET"), lambda visit: visit.public("/setup?invite=no"), themed=False
    ),
    Case(
        "connect",
        ("registration.show", "GET"),
        lambda visit: visit.public(visit.served_tool.registration()),
        themed=False,
    ),
    Case(
        "connect-malformed",
        ("registration.show", "GET"),
        lambda visit: visit.public("/lti/register"),
        themed=False,
    ),
    Case("connected", ("registration.register", "POST"), _connected, themed=False),
    Case(
        "connecting",
        ("registration.progress", "GET"),
        lambda visit: visit.public(visit.served_tool.registration_under_way()),
        themed=False,
    ),
    Case(
        "connecting-unknown",
        ("registration.progress", "GET"),
        lambda visit: visit.public("/lti/register/x"),
        themed=False,
    ),
    Case("login-unknown", ("launch.login", "GET"), _login_of_an_unknown_platform, themed=False),
    Case(
        "login-posted",
        ("launch.login", "POST"),
        lambda visit: _away_posted(visit, "/lti/login"),
        themed=False,
    ),
    Case(
        "launch-malformed",
        ("launch.launch", "POST"),
        lambda visit: _away_posted(visit, "/lti/launch"),
        themed=False,
    ),
    Case("launch-without-cookie", ("launch.launch", "POST"), _new_tab, themed=False),
    Case("storing-proof", ("launch.login", "POST"), _storing_proof, themed=False),
    Case("asking-proof", ("launch.launch", "POST"), _asking_proof, themed=False),
    Case(
        "stored-proof-from-elsewhere",
        ("launch.prove_handoff", "POST"),
        lambda visit: _away_posted(visit, "/lti/continue/x/stored-proof"),
        themed=False,
    ),
    Case("continue", ("launch.show_handoff", "GET"), _handed_over, themed=False),
    Case(
        "continue-unknown",
        ("launch.show_handoff", "GET"),
        lambda visit: visit.public("/lti/continue/x"),
        themed=False,
    ),
    Case("continue-twice", ("launch.consume_handoff", "POST"), _handed_over_twice, themed=False),
)
