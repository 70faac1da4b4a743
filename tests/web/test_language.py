"""French as whole as English: the catalogue, the templates, and every rendered page."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

import lti_tool
from lti_tool.translation import current_language
from tests.builder import situations

PACKAGE = Path(lti_tool.__file__).parent
ROOT = PACKAGE.parent
TRANSLATIONS = PACKAGE / "translations"
TEMPLATES = sorted((PACKAGE / "web").rglob("*.html"))
PROPER_NAMES = re.compile(r"\b(xAPI|LTI|Moodle|Canvas|Tandem)\b")


@pytest.fixture(scope="module")
def french() -> Catalog:
    """The French catalogue as it is committed."""
    with (TRANSLATIONS / "fr" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale="fr")


@pytest.fixture(scope="module")
def wanted() -> set[str | tuple[str, str]]:
    """Every message in the code and in the templates."""
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(
        ROOT,
        methods,
        options,
        {**DEFAULT_KEYWORDS, "N_": None, "plural_message": (1, 2)},
        directory_filter=lambda folder: not Path(folder).name.startswith((".", "node_modules")),
    )
    return {message for _name, _line, message, _comments, _context in found}


def translated(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def test_no_message_is_missing_in_french(french, wanted):
    missing = [message for message in wanted if message not in french]
    assert missing == []


def test_no_translation_is_empty_or_unsure(french):
    unsure = [
        message.id for message in french if message.id and (message.fuzzy or not all(translated(message)))
    ]
    assert unsure == []


def test_no_translation_is_left_of_a_message_that_is_gone(french, wanted):
    ids = {message if isinstance(message, str) else message[0] for message in wanted}
    stale = [m.id for m in french if m.id and (m.id if isinstance(m.id, str) else m.id[0]) not in ids]
    assert stale == []


def english_forms(message: Message) -> tuple[str, ...]:
    """The forms of a message: one, or the singular and the plural."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def rule_clauses() -> set[str]:
    """The singulars of what a rule asks for, which is never nothing: French may say “une” instead of the number."""
    found = extract_from_dir(
        PACKAGE / "mentoring" / "completion", keywords={"plural_message": (1, 2)}, comment_tags=()
    )
    return {message[0] for _name, _line, message, _comments, _context in found}


def test_translations_keep_the_placeholders(french):
    clauses = rule_clauses()
    assert len(clauses) > 10

    def names(text: str) -> set[str]:
        return set(re.findall(r"%\((\w+)\)s", text))

    wrong = [
        message.id
        for message in french
        if message.id
        for text in translated(message)
        if names(text) not in [names(form) for form in english_forms(message)]
        and not (message.id[0] in clauses and names(text) | {"num"} == names(message.id[1]))
    ]
    assert wrong == []


class Words(HTMLParser):
    """Collects what a person reads or hears of a page: its text, and the attributes that are read out."""

    SPOKEN = frozenset({"aria-label", "title", "alt", "placeholder", "label"})
    SILENT = frozenset({"script", "style", "code", "pre"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0
        self.language: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.silent += tag in self.SILENT
        values = dict(attrs)
        foreign = "lang" in values and tag != "html"
        self.found += [value for name, value in attrs if name in self.SPOKEN and value and not foreign]
        self.skip_next = foreign

    def handle_endtag(self, tag):
        self.silent -= tag in self.SILENT
        self.skip_next = False

    def handle_data(self, data):
        if not self.silent and not getattr(self, "skip_next", False) and data.strip():
            self.found.append(re.sub(r"[ \t\r\n]+", " ", data).strip(" \n"))


def words_of(page: str) -> list[str]:
    reader = Words()
    reader.feed(page)
    return reader.found


def template_text(source: str) -> str:
    """A template with everything that Jinja computes replaced by a mark."""
    pieces: list[str] = []
    for _line, kind, value in jinja2.Environment().lex(source):
        if kind == "data":
            pieces.append(value)
        elif kind in ("variable_begin", "block_begin", "comment_begin", "raw_begin"):
            pieces.append("\x00" if kind == "variable_begin" else " ")
    return "".join(pieces)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(PACKAGE / "web")))
def test_no_template_has_words_of_its_own(template):
    written = words_of(template_text(template.read_text(encoding="utf-8")))
    assert [text for text in written if re.search(r"[^\W\d_]{2,}", PROPER_NAMES.sub("", text))] == []


def test_dates_are_written_in_french_and_stay_in_a_line(visit):
    months = "janv|févr|mars|avril|mai|juin|juil|août|sept|oct|nov|déc"
    page = visit(situations.to_confirm, locale="fr").text()
    assert re.search(rf"\d(?:er)?\u00a0({months})", page)
    assert re.search(rf"\d(?:er)? ({months})", page) is None


def test_the_page_names_its_language(visit):
    assert '<html lang="fr"' in visit(situations.begins, locale="fr-FR").text()


def test_a_launch_without_a_language_follows_the_browser(visit):
    page = visit(situations.begins, locale=None).get(headers={"Accept-Language": "fr-BE,fr;q=0.8"})
    assert '<html lang="fr"' in page.text


def test_a_language_without_a_catalogue_falls_back_to_the_default(visit):
    page = visit(situations.begins, locale="pl").get(headers={"Accept-Language": "pl"})
    assert '<html lang="en"' in page.text


def test_the_switch_keeps_the_language_and_the_page(visit):
    here = visit(situations.begins)
    answer = here.post("language", lang="fr", back=f"{here.home}objectives")
    assert answer.location == f"{here.home}objectives"
    assert "Nos objectifs" in here.text("objectives")


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/l/another", ""])
def test_the_switch_leads_nowhere_else(visit, back):
    here = visit(situations.begins)
    assert here.post("language", lang="fr", back=back).location == here.home


def test_an_unknown_language_changes_nothing(visit):
    here = visit(situations.begins)
    here.post("language", lang="xx")
    assert '<html lang="en"' in here.text()


@pytest.mark.parametrize("lang", ["xx", "", "\0", ["fr", "en"]])
def test_an_unknown_language_is_refused(visit, lang):
    assert visit(situations.begins).post("language", lang=lang).status_code == 400


def test_a_page_outside_a_launch_switches_by_its_address(client):
    page = html.unescape(client.get("/?lang=fr").text)
    assert '<html lang="fr"' in page
    assert 'href="/?lang=en"' in page


@pytest.mark.parametrize(
    ("family", "theme"), [("moodle", "moodle"), ("canvas", "canvas"), ("sakai", "neutral")]
)
def test_a_page_wears_the_theme_of_its_platform(visit, family, theme):
    assert f'data-theme="{theme}"' in visit(situations.begins, family=family).text()


def test_a_text_that_is_needed_after_a_request_without_any_is_in_english(client):
    assert client.get("/healthz").status_code == 200
    assert current_language() == "en"
