"""The pages of learners, from the first visit to the end of the session."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from tests.browser.visits import UNKNOWN, Case, Visit, at_page, followed, sent_to
from tests.builder import invitations, leavers, moving, people_lists, setting_up, situations
from tests.builder.situations import SITUATIONS, Situation


def _home(build: Callable[[Situation], None]) -> Case:
    return Case(f"home-{build.__name__}", ("home.home", "GET"), lambda visit: visit.situation(build))


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
    visit.send(
        "",
        held_on=held_on,
        day="other",
        length="45",
        minutes="45",
        mode="video",
        format="coaching",
        revision="0",
    )


def _disputed_without_reason(visit: Visit) -> None:
    visit.situation(situations.to_confirm)
    address = visit.address("/sessions/[0-9a-f-]+/differs").replace("differs", "dispute")
    visit.send(visit.served_tool.url + address, reason="because", revision="0")


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

    return Case(build.__name__.replace("_", "-"), ("home.home", "GET"), go, platform="canvas")


LEARNER_CASES: tuple[Case, ...] = (
    *map(_home, SITUATIONS),
    _course_menu(situations.menu_of_tutor),
    _course_menu(situations.menu_of_learner),
    _course_menu(situations.menu_of_several),
    sent_to("activity-unknown", "course_page.choose", situations.begins, "course/activity", link="x"),
    sent_to("join-without-a-role", "learner.join", situations.welcome, "join", role="king"),
    sent_to("another-role-unknown", "learner.change_role", situations.waiting, "role", role="king"),
    at_page("nothing-here", "home.elsewhere", situations.begins, "nothing-here"),
    sent_to("nothing-here-either", "home.elsewhere", situations.begins, "nothing-here"),
    at_page("remind", "reminder.show", situations.under_way, "reminder"),
    sent_to("remind-of-nothing", "reminder.remind", situations.nothing_waits, "reminder"),
    sent_to("undo-oddly", "undo.undo", situations.under_way, "undo", step="joined", subject_id=UNKNOWN),
    followed(
        "something-differs",
        ("sessions.differs", "GET"),
        situations.to_confirm,
        "/sessions/[0-9a-f-]+/differs",
    ),
    Case("nothing-differs", ("sessions.propose", "POST"), _nothing_differs),
    Case("same-day", ("sessions.log", "POST"), _same_day),
    sent_to("proposal-unknown", "sessions.accept", situations.to_accept, f"sessions/{UNKNOWN}/accept"),
    sent_to("keep-unknown", "sessions.keep", situations.to_accept, f"sessions/{UNKNOWN}/keep"),
    at_page("decline", "proposal.ask", situations.proposed, "proposal/decline"),
    sent_to("declined-oddly", "proposal.decline", situations.proposed, "proposal/decline", reason="boredom"),
    sent_to("accepted-too-late", "proposal.accept", situations.waiting, "proposal/accept"),
    at_page("home-invited", "home.home", invitations.invited, ""),
    at_page("refusal", "refusal.ask", invitations.invited, "refusal"),
    sent_to("refusal-odd", "refusal.refuse", invitations.invited, "refusal", reason="boredom"),
    at_page("home-refused-invitation", "home.home", invitations.refused, ""),
    at_page("home-taken-out", "home.home", leavers.taken_out, ""),
    at_page("my-profile", "own_profile.show", situations.under_way, "profile"),
    at_page("about-me", "about_me.show", situations.under_way, "about-me"),
    sent_to("about-me-wrong", "about_me.save", situations.begins, "about-me", email="x", phone="x"),
    at_page("agreement", "agreement.show", situations.to_sign, "agreement"),
    at_page("agreement-signed", "agreement.show", situations.under_way, "agreement"),
    sent_to("agreement-not-accepted", "agreement.sign", situations.to_sign, "agreement", accepted=""),
    at_page("sessions", "sessions.index", situations.under_way, "sessions"),
    at_page("sessions-none", "sessions.index", situations.begins, "sessions"),
    at_page("session-new", "sessions.new", situations.under_way, "sessions/new"),
    at_page("session-new-before-signing", "sessions.new", situations.to_sign, "sessions/new"),
    sent_to(
        "session-empty",
        "sessions.log",
        situations.under_way,
        "sessions/new",
        held_on="",
        minutes="1",
        format="",
    ),
    followed("correct", ("sessions.correct", "GET"), situations.under_way, "/sessions/[0-9a-f-]+/correct"),
    Case("correction-wrong", ("sessions.save_correction", "POST"), _correction),
    sent_to("confirmed-unknown", "sessions.confirm", situations.to_confirm, f"sessions/{UNKNOWN}/confirm"),
    Case("disputed-without-reason", ("sessions.dispute", "POST"), _disputed_without_reason),
    followed(
        "withdraw",
        ("sessions.confirm_withdrawal", "GET"),
        situations.to_correct,
        "/sessions/[0-9a-f-]+/withdraw",
    ),
    sent_to("withdrawn-unknown", "sessions.withdraw", situations.to_correct, f"sessions/{UNKNOWN}/withdraw"),
    at_page("objectives", "objectives.index", situations.under_way, "objectives"),
    at_page("objectives-none", "objectives.index", situations.begins, "objectives"),
    at_page("objectives-claimed", "objectives.index", situations.objective_to_confirm, "objectives"),
    sent_to(
        "objective-empty",
        "objectives.propose",
        situations.under_way,
        "objectives",
        title="",
        direction="mentee",
        tag="skills",
        accepts="partner",
    ),
    sent_to(
        "objective-unknown", "objectives.move", situations.under_way, f"objectives/{UNKNOWN}", move="reach"
    ),
    Case("objective-edit", ("objectives.edit", "GET"), _objective_edit),
    Case("objective-edit-wrong", ("objectives.save_edit", "POST"), _objective_edit_wrong),
    at_page("home-news", "home.home", situations.words_of_both, ""),
    at_page("notes", "reflections.index", situations.words_of_both, "reflections"),
    sent_to("note-empty", "reflections.write", situations.under_way, "reflections", words="", readers=""),
    sent_to("note-unknown", "reflections.move", situations.under_way, "reflections/move", move="x"),
    at_page("feedback", "feedback.index", situations.words_of_both, "feedback"),
    sent_to(
        "feedback-empty", "feedback.give", situations.under_way, "feedback", session_id=UNKNOWN, words=""
    ),
    at_page("thanks", "feedback.write_thanks", situations.complete, "feedback/thanks"),
    sent_to(
        "thanks-too-long", "feedback.give_thanks", situations.complete, "feedback/thanks", words="x" * 301
    ),
    at_page("learner-moved", "home.home", moving.moved_learner, ""),
    at_page("learner-of-other-group", "home.home", moving.learner_of_first_group, ""),
    at_page("learner-as-well", "learner.ask_role_as_well", moving.learner_of_first_group, "join/as-well"),
    at_page("home-invited-by-list", "home.home", people_lists.invited_by_list, ""),
    at_page("topics", "answers.show", situations.waiting, "topics"),
    sent_to(
        "topics-wrong",
        "answers.save",
        situations.waiting,
        "topics",
        wants="x",
        capacity="0",
        time_zone="Mars",
    ),
    at_page("home-in-preparation", "home.home", setting_up.in_preparation, ""),
    sent_to("form-of-another-page", "language.switch", situations.begins, "language", csrf_token="wrong"),
    sent_to("nothing-declined", "kept_forms.decline", situations.begins, "kept-forms/decline", kept=""),
    Case("signed-out", ("sign_out.signed_out", "GET"), lambda visit: _signed_out(visit)),
    Case("signed-out-elsewhere", ("objectives.index", "GET"), _signed_out_in_another_tab),
    Case("session-over", ("objectives.propose", "POST"), _late),
    Case("form-kept", ("home.home", "GET"), _late_and_back),
    Case("objective-in-another-language", ("objectives.propose", "POST"), _switched),
)
