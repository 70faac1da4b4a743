"""The pages that a platform or a link opens: the first page, the set-up, launches, and the choice of content."""

from __future__ import annotations

from urllib.parse import quote

from tests.browser.visits import Case, Visit, at_page
from tests.builder import situations


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
    address = visit.served_tool.handed_over()
    visit.public(address)
    visit.send("?lang=" + visit.locale)
    # Another browser does not get into the session that this one has opened.
    visit.page.context.clear_cookies()
    visit.public(address)
    visit.send("?lang=" + visit.locale)


PUBLIC_CASES: tuple[Case, ...] = (
    Case("content-choice", ("deep_linking.choose", "GET"), _choice),
    at_page("content-not-asked-for", "deep_linking.choose", situations.tutor, "deep-linking"),
    at_page("content-by-a-learner", "deep_linking.choose", situations.begins, "deep-linking"),
    Case("content-without-title", ("deep_linking.answer", "POST"), _choice_without_title),
    Case("content-answered", ("deep_linking.answer", "POST"), _choice_answered),
    Case("content-cancelled", ("deep_linking.cancel", "POST"), _choice_cancelled),
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
