"""A language that somebody else adds: its catalogue, and its line. Pages, forms and registrations then speak it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo

from lti_tool.lti.registration.dynamic import tool_configuration
from lti_tool.translation import LANGUAGES, Language, catalogue, gettext, using_language
from tests.builder import situations

GERMAN = {
    "I want to learn": "Ich möchte lernen",
    "Choose": "Auswählen",
    "Reverse mentoring": "Umgekehrtes Mentoring",
}


@pytest.fixture(autouse=True)
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The catalogue beside the others, and the line."""
    shutil.copytree(catalogue.CATALOGUES, tmp_path / "translations")
    folder = tmp_path / "translations" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    messages = Catalog(locale="de")
    for english, text in GERMAN.items():
        messages.add(english, text)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, messages)
    monkeypatch.setattr(catalogue, "CATALOGUES", tmp_path / "translations")
    monkeypatch.setitem(LANGUAGES, "de", Language("de", "Deutsch"))
    catalogue._catalogue.cache_clear()
    yield
    catalogue._catalogue.cache_clear()


def test_a_text_is_in_it() -> None:
    with using_language("de"):
        assert gettext("I want to learn") == "Ich möchte lernen"


def test_a_page_is_in_it(visit: Callable[..., Any]) -> None:
    page = visit(situations.welcome, locale="de").text()
    assert '<html lang="de"' in page
    assert "Ich möchte lernen" in page


def test_a_browser_is_answered_in_it(client: Any) -> None:
    page = client.get("/", headers={"Accept-Language": "de-AT, en;q=0.5"})
    assert page.status_code == 200
    assert '<html lang="de"' in page.text
    # A picture of the pages in German is not there yet.
    assert "images/meeting.en.png" in page.text


def test_every_other_page_offers_it(visit: Callable[..., Any]) -> None:
    assert ">Deutsch</button>" in visit(situations.welcome, locale="fr").text()


def test_it_can_be_chosen(visit: Callable[..., Any]) -> None:
    here = visit(situations.welcome, locale="en")
    here.post("language", lang="de", back=here.home)
    assert "Ich möchte lernen" in here.text()


def test_a_date_is_written_in_it(visit: Callable[..., Any]) -> None:
    page = visit(situations.tutor, locale="de").text()
    assert any(month in page for month in ("Januar", "Februar", "März", "Mai", "Juni", "Juli", "Oktober", "Dezember",
                                           "April", "August", "September", "November"))  # fmt: skip


def test_a_platform_is_registered_with_its_name_for_the_tool() -> None:
    from lti_tool.lti.registration.dynamic import Platform

    platform = Platform(
        issuer="https://lms.example",
        authorization_endpoint="https://lms.example/auth",
        token_endpoint="https://lms.example/token",
        jwks_uri="https://lms.example/jwks",
        registration_endpoint="https://lms.example/register",
        authorization_server=None,
        family="moodle",
        account_name=None,
        variables=(),
        configuration_origin="https://lms.example",
    )
    document = tool_configuration("https://tool.example", platform, "de")
    assert document["client_name#de"] == "Umgekehrtes Mentoring"
