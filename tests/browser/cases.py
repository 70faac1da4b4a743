"""Every page that the tool can show, and how to come to it: the list that the tests of all pages walk.

A route that renders a page and is neither here nor in :data:`NOT_PAGES` fails ``test_every_page.py`` by its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.browser.stage import Route, Stage
from tests.unit.views import scenes
from tests.unit.views.scenes import SCENES, Scene

NOT_PAGES = {
    ("static", "GET"): "files",
    ("health.alive", "GET"): "JSON",
    ("health.ready", "GET"): "JSON",
    ("jwks.jwks", "GET"): "JSON",
    ("cohort.live", "GET"): "a part of the tutor's page, which is looked at whole",
}
"""Routes that show no page of their own, and why."""

UNKNOWN = "00000000-0000-0000-0000-000000000000"


@dataclass
class Visit:
    """A page of the browser on its way to a case, in one language."""

    page: Page
    stage: Stage
    locale: str

    def scene(self, build: Callable[[Scene], None], below: str = "") -> str:
        """Open a page of a scene; returns the address of the scene's home."""
        home = self.stage.play(build, self.locale)
        self.page.goto(home + below)
        return home

    def public(self, path: str) -> None:
        """Open a page outside any launch."""
        joint = "&" if "?" in path else "?"
        self.page.goto(f"{'' if path.startswith('http') else self.stage.url}{path}{joint}lang={self.locale}")

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


def _home(build: Callable[[Scene], None]) -> Case:
    return Case(f"home-{build.__name__}", ("home.home", "GET"), lambda visit: visit.scene(build))


def _at(name: str, endpoint: str, build: Callable[[Scene], None], below: str) -> Case:
    return Case(name, (endpoint, "GET"), lambda visit: visit.scene(build, below))


def _sent(name: str, endpoint: str, build: Callable[[Scene], None], below: str, **fields: str) -> Case:
    """A form that is sent as it should not be, and the page that says so."""
    return Case(name, (endpoint, "POST"), lambda visit: visit.send(visit.scene(build) + below, **fields))


def _followed(name: str, route: Route, build: Callable[[Scene], None], pattern: str, **fields: str) -> Case:
    """A page whose address a scene's home gives: opened, or sent a form."""

    def go(visit: Visit) -> None:
        visit.scene(build)
        address = visit.address(pattern)
        if route[1] == "GET":
            visit.page.goto(visit.stage.url + address)
        else:
            visit.send(address, **fields)

    return Case(name, route, go)


def _correction(visit: Visit) -> None:
    visit.scene(scenes.under_way)
    visit.page.goto(visit.stage.url + visit.address("/sessions/[0-9a-f-]+/correct"))
    visit.send("", held_on="2020-01-01", minutes="3", format="video")


def _choice(visit: Visit) -> None:
    visit.page.goto(visit.stage.choose_content(scenes.tutor, visit.locale))


def _choice_without_title(visit: Visit) -> None:
    _choice(visit)
    visit.send("", title="", template="")


def _choice_answered(visit: Visit) -> None:
    # The page goes on by itself: without its script it stays to be looked at.
    visit.page.route("**/submit.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    _choice(visit)
    visit.send("", title="Mentorat", template="demo")


def _away_posted(visit: Visit, path: str, **fields: str) -> None:
    """A form from another site, as platforms post them."""
    visit.page.goto(visit.stage.lms.base_url + "/static/icon.svg")
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
            [f"{visit.stage.url}{path}?lang={visit.locale}", fields],
        )


def _new_tab(visit: Visit) -> None:
    _away_posted(visit, "/lti/launch", **visit.stage.launch_form().fields)


def _connected(visit: Visit) -> None:
    visit.public(visit.stage.registration())
    with visit.page.expect_navigation():
        visit.page.locator("main form button").first.click()


def _handed_over(visit: Visit) -> None:
    visit.scene(scenes.begins)
    visit.public(visit.stage.handed_over())


def _handed_over_twice(visit: Visit) -> None:
    visit.public("/lti/continue/unknown")
    visit.send("?lang=" + visit.locale)


CASES: tuple[Case, ...] = (
    *map(_home, SCENES),
    _at("preview-mentee", "home.preview", scenes.tutor, "preview/mentee"),
    _at("preview-mentor", "home.preview", scenes.tutor, "preview/mentor"),
    _sent("join-without-a-role", "home.join", scenes.welcome, "join", role="king"),
    _sent("another-role-unknown", "home.change_role", scenes.waiting, "role", role="king"),
    _at("nothing-here", "home.elsewhere", scenes.begins, "nothing-here"),
    _sent("nothing-here-either", "home.elsewhere", scenes.begins, "nothing-here"),
    _at("agreement", "agreement.show", scenes.to_sign, "agreement"),
    _at("agreement-signed", "agreement.show", scenes.under_way, "agreement"),
    _sent("agreement-not-accepted", "agreement.sign", scenes.to_sign, "agreement", accepted=""),
    _at("sessions", "sessions.index", scenes.under_way, "sessions"),
    _at("sessions-none", "sessions.index", scenes.begins, "sessions"),
    _at("session-new", "sessions.new", scenes.under_way, "sessions/new"),
    _at("session-new-before-signing", "sessions.new", scenes.to_sign, "sessions/new"),
    _sent(
        "session-empty", "sessions.log", scenes.under_way, "sessions/new", held_on="", minutes="1", format=""
    ),
    _followed("correct", ("sessions.correct", "GET"), scenes.under_way, "/sessions/[0-9a-f-]+/correct"),
    Case("correction-wrong", ("sessions.save_correction", "POST"), _correction),
    _sent("confirmed-unknown", "sessions.confirm", scenes.to_confirm, f"sessions/{UNKNOWN}/confirm"),
    _followed(
        "disputed-without-reason",
        ("sessions.dispute", "POST"),
        scenes.to_confirm,
        "/sessions/[0-9a-f-]+/dispute",
        reason="because",
    ),
    _followed("withdraw", ("sessions.ask_withdraw", "GET"), scenes.to_mend, "/sessions/[0-9a-f-]+/withdraw"),
    _sent("withdrawn-unknown", "sessions.withdraw", scenes.to_mend, f"sessions/{UNKNOWN}/withdraw"),
    _at("objectives", "objectives.index", scenes.under_way, "objectives"),
    _at("objectives-none", "objectives.index", scenes.begins, "objectives"),
    _at("objectives-claimed", "objectives.index", scenes.objective_to_confirm, "objectives"),
    _sent(
        "objective-empty", "objectives.agree", scenes.under_way, "objectives", title="", direction="", tag="x"
    ),
    _sent("objective-unknown", "objectives.move", scenes.under_way, f"objectives/{UNKNOWN}", move="reach"),
    _sent("pair-of-nobody", "cohort.pair", scenes.tutor, "cohort/pairs", mentor_id="", mentee_id=""),
    _sent(
        "validate-nobody", "cohort.validate", scenes.tutor_to_validate, "cohort/validate", participant_id=""
    ),
    _sent("reopen-without-reason", "cohort.reopen", scenes.tutor_of_complete, "cohort/reopen", reason=""),
    Case("content-choice", ("deep_linking.choose", "GET"), _choice),
    _at("content-not-asked-for", "deep_linking.choose", scenes.tutor, "deep-linking"),
    _at("content-by-a-learner", "deep_linking.choose", scenes.begins, "deep-linking"),
    Case("content-without-title", ("deep_linking.answer", "POST"), _choice_without_title),
    Case("content-answered", ("deep_linking.answer", "POST"), _choice_answered),
    _sent("form-of-another-page", "i18n.switch", scenes.begins, "language", csrf_token="wrong"),
    Case("front", ("public.index", "GET"), lambda visit: visit.public("/"), themed=False),
    Case("profile", ("profile.show", "GET"), lambda visit: visit.public("/xapi/profile"), themed=False),
    Case("setup", ("setup.show", "GET"), lambda visit: visit.public(visit.stage.invitation()), themed=False),
    Case(
        "setup-unknown", ("setup.show", "GET"), lambda visit: visit.public("/setup?invite=no"), themed=False
    ),
    Case(
        "connect",
        ("registration.show", "GET"),
        lambda visit: visit.public(visit.stage.registration()),
        themed=False,
    ),
    Case(
        "connect-malformed",
        ("registration.show", "GET"),
        lambda visit: visit.public("/lti/register"),
        themed=False,
    ),
    Case("connected", ("registration.register", "POST"), _connected, themed=False),
    Case("login-unknown", ("launch.login", "GET"), lambda visit: visit.public("/lti/login"), themed=False),
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
    Case("continue", ("launch.ask", "GET"), _handed_over, themed=False),
    Case(
        "continue-unknown", ("launch.ask", "GET"), lambda visit: visit.public("/lti/continue/x"), themed=False
    ),
    Case("continue-twice", ("launch.proceed", "POST"), _handed_over_twice, themed=False),
)
