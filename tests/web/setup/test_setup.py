"""The installation page, and the first page of all."""

from __future__ import annotations

import datetime as dt
import html
import re
import shlex
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lti_tool.app import create_app
from lti_tool.commands.registrations import registrations
from lti_tool.composition.services import Services, make_services
from lti_tool.lti.platforms.moodle import Moodle
from lti_tool.lti.registration.models import Invitation
from lti_tool.translation import ProductLabel
from tests.web.setup.conftest import Administrator, FakePlatform, new_invitation

TOOL = "http://127.0.0.1:5000"


def setup_page(administrator: Administrator, **query: str) -> TestResponse:
    return administrator.client.get("/setup", query_string={"invite": administrator.invite, **query})


def test_the_registration_url_carries_the_invitation(administrator: Administrator) -> None:
    page = setup_page(administrator).text
    url = page.split('id="registration-url" value="')[1].split('"')[0].replace("&amp;", "&")
    assert url.startswith(f"{TOOL}/lti/register?")
    assert parse_qs(urlsplit(url).query) == {"invite": [administrator.invite]}


@pytest.mark.parametrize("path", ["/lti/login", "/lti/launch", "/.well-known/jwks.json", "/static/icon.svg"])
def test_the_manual_values_are_addresses_of_the_tool(administrator: Administrator, path: str) -> None:
    assert f">{TOOL}{path}</code>" in setup_page(administrator).text


def test_the_manual_values_ask_for_the_courses_that_one_was_copied_from(administrator: Administrator) -> None:
    assert ">context_id_history=$Context.id.history</code>" in setup_page(administrator).text


def test_the_key_set_that_the_page_names_is_there(administrator: Administrator) -> None:
    assert administrator.client.get("/.well-known/jwks.json").get_json()["keys"]


@pytest.mark.parametrize(
    "words", ["Manage tools", "Add LTI Advantage", "Activate", "Show in activity chooser"]
)
def test_the_steps_for_moodle_are_in_moodles_words(administrator: Administrator, words: str) -> None:
    assert words in setup_page(administrator).text


@pytest.mark.parametrize("words", ["Gérer les outils", "Ajouter LTI Advantage", "Activer"])
def test_the_steps_for_moodle_are_in_moodles_french_words(administrator: Administrator, words: str) -> None:
    assert words in setup_page(administrator, lang="fr").text


def test_the_command_for_canvas_has_the_name_of_the_invitation(administrator: Administrator) -> None:
    with administrator.services.database.transaction() as db:
        db.execute(sa.update(Invitation).values(label="Sarah's Canvas; rm -rf"))
    text = html.unescape(setup_page(administrator).text)
    command = re.findall(r'id="canvas-command">(.*?)</code>', text, re.DOTALL)
    words = shlex.split(command[0].partition("registrations add")[2].replace("\\\n", " "))
    assert words[words.index("--label") + 1] == "Sarah's Canvas; rm -rf"


def test_opening_the_page_leaves_the_invitation_open(administrator: Administrator) -> None:
    setup_page(administrator)
    assert not administrator.invitation_used()


def test_the_switch_of_language_keeps_the_invitation(administrator: Administrator) -> None:
    page = setup_page(administrator).text
    link = page.split('hreflang="fr"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert administrator.client.get(link).status_code == 200


def test_an_address_of_this_machine_alone_is_not_ready(administrator: Administrator) -> None:
    page = setup_page(administrator).text
    assert page.count("<strong>Your platform cannot reach this tool yet</strong>") == 1
    assert "Ask the person who runs it for a public one" in page
    # The name of the setting is for that person alone.
    said, _opened, folded = page.partition(
        "<summary><span>For the person who runs this tool</span></summary>"
    )
    assert ("TANDEM_BASE_URL" in said, "Set TANDEM_BASE_URL" in folded) == (False, True)


def test_everything_is_ready_with_https(production: Administrator) -> None:
    assert "not yet" not in setup_page(production).text


def test_the_commands_to_copy_are_the_tool_s(administrator: Administrator) -> None:
    page = html.unescape(setup_page(administrator).text)
    commands = re.findall(
        r'<pre class="command" tabindex="0"><code id="[a-z-]+">(.*?)</code></pre>', page, re.DOTALL
    )
    lines = [line for command in commands for line in command.replace("\\\n", "").splitlines()]
    assert [line.split()[:3] for line in lines] == [
        ["tandem", "organisations", "add"],
        ["tandem", "registrations", "add"],
        ["tandem", "registrations", "add"],
    ]
    known = {option for each in registrations.commands["add"].params for option in each.opts}
    assert {word for line in lines for word in line.split() if word.startswith("--")} <= known


def test_plain_http_is_not_called_secure(administrator: Administrator) -> None:
    page = setup_page(administrator).text
    assert "The address is secure" not in page


def test_an_https_address_is_called_secure(production: Administrator) -> None:
    assert "The address is secure (HTTPS)" in setup_page(production).text


def test_what_registering_again_and_deleting_cost_in_moodle_is_said(administrator: Administrator) -> None:
    page = setup_page(administrator).text
    assert "If you register the tool again with “Update”" in page
    assert "Deleting the tool’s card breaks every activity" in page


def test_plain_http_beyond_loopback_is_a_warning(services: Services) -> None:
    config = replace(services.config, base_url="http://mentoring.example.org")
    far = make_services(config)
    administrator = Administrator(create_app(config, far).test_client(), far, new_invitation(services))
    assert "TANDEM_BASE_URL" in setup_page(administrator).text
    far.http.close()
    far.database.dispose()


def test_a_changed_secret_key_is_a_warning(services: Services) -> None:
    services.keys.signing_key()
    config = replace(services.config, secret_key="another secret, which did not encrypt the key in use")
    changed = make_services(config)
    administrator = Administrator(
        create_app(config, changed).test_client(), changed, new_invitation(services)
    )
    assert "TANDEM_SECRET_KEY" in setup_page(administrator).text
    changed.http.close()
    changed.database.dispose()


@pytest.mark.parametrize("invite", ["", "unknown", "x" * 200, "\x00", "é"])
def test_an_unknown_invitation_is_gone(administrator: Administrator, invite: str) -> None:
    assert setup_page(administrator, invite=invite).status_code == 410
    assert administrator.reasons() == [("registration", "invitation_unknown")]


def test_a_used_invitation_is_gone(administrator: Administrator, platform: FakePlatform) -> None:
    administrator.connect(platform.configuration_url)
    page = setup_page(administrator)
    assert (page.status_code, "has been used" in page.text) == (410, True)


def test_an_expired_invitation_is_gone(administrator: Administrator) -> None:
    with administrator.services.database.transaction() as db:
        db.execute(sa.update(Invitation).values(expires_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)))
    page = setup_page(administrator)
    assert (page.status_code, "has expired" in page.text) == (410, True)


def test_the_secret_of_an_invitation_is_not_in_the_database(administrator: Administrator) -> None:
    with administrator.services.database.reading() as db:
        [stored] = db.scalars(sa.select(Invitation.token_hash))
    assert administrator.invite not in stored
    assert len(stored) == 64


def test_nobody_may_frame_the_setup_page(administrator: Administrator) -> None:
    policy = setup_page(administrator).headers["Content-Security-Policy"]
    assert policy.split("frame-ancestors ")[1].split(";")[0] == "'self'"


def test_the_first_page_says_how_to_connect_a_platform(client: FlaskClient) -> None:
    assert "tandem invite" in client.get("/").text


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_first_page_names_moodles_page_of_tools_as_moodle_does(
    client: FlaskClient, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The word is that of the one table."""
    renamed = ProductLabel({"en": "All the tools", "fr": "Tous les outils"})
    monkeypatch.setattr(Moodle, "labels", {**Moodle.labels, "manage_tools": renamed})
    page = client.get("/", headers={"Accept-Language": language}).text
    assert f"Moodle › {renamed.texts[language]}" in page


def test_the_first_page_is_in_french_for_a_french_browser(client: FlaskClient) -> None:
    page = client.get("/", headers={"Accept-Language": "fr-CA,fr;q=0.9"})
    assert '<html lang="fr"' in page.text
    assert "mentorat inversé" in page.text


def test_the_address_for_a_developer_key_of_canvas_is_there_to_copy(administrator: Administrator) -> None:
    page = setup_page(administrator).text
    url = page.split('id="canvas-url" value="')[1].split('"')[0]
    assert url == f"{TOOL}/lti/canvas.json"
    assert 'data-copy="canvas-url"' in page
    assert administrator.client.get(url).get_json()["title"]


def test_the_address_for_canvas_is_in_the_language_of_the_page(administrator: Administrator) -> None:
    page = setup_page(administrator, lang="fr").text
    assert f'value="{TOOL}/lti/canvas.json?lang=fr"' in page


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        *(
            ("en", words)
            for words in ("Developer Keys", "+ LTI Key", "JSON URL", "By Client ID", "Assignments")
        ),
        *(
            ("fr", words)
            for words in ("Clés de développeur", "+ Clé LTI", "Par ID de client", "Travaux", "Outil externe")
        ),
    ],
)
def test_the_steps_for_canvas_are_in_canvass_own_words(
    administrator: Administrator, lang: str, words: str
) -> None:
    section = setup_page(administrator, lang=lang).text.split('id="canvas"')[1].split("</section>")[0]
    assert words in section


def test_the_values_of_hosted_canvas_are_in_the_command(administrator: Administrator) -> None:
    section = setup_page(administrator).text.split('id="canvas"')[1].split("</section>")[0]
    assert "--issuer https://canvas.instructure.com" in section
    assert "--auth-token-url https://sso.canvaslms.com/login/oauth2/token" in section
