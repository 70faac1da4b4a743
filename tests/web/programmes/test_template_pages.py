"""The pages about programme templates: read, copy, save as a file, change, import; nothing kept until it is right."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from lti_tool.composition.services import Services
from lti_tool.mentoring.completion.queries import formats_counted
from lti_tool.mentoring.programmes.template import load_template, read_template, template_codes
from lti_tool.mentoring.programmes.template_file import read_template_file, write_template_file
from lti_tool.mentoring.programmes.template_models import TemplateVersion
from tests.builder import situations
from tests.web.programmes.rule_page import RulePage
from tests.web.visiting import Visit

LIST = "programme/templates"


@pytest.fixture
def tutor(visit: Callable[..., Visit]) -> Visit:
    return visit(situations.tutor_alone)


def kept(services: Services) -> list[tuple[str, int]]:
    with services.database.reading() as db:
        rows = db.execute(
            sa.select(TemplateVersion.code, TemplateVersion.number).order_by(TemplateVersion.created_at)
        )
        return [(row.code, row.number) for row in rows]


def send(visit: Visit, content: bytes) -> TestResponse:
    return visit.post(
        "programme/template-file",
        file=(io.BytesIO(content), "ours.yaml"),
    )


def with_code(code: str, base: str = "digital-skills") -> str:
    return write_template_file(read_template({**load_template(base).document(), "code": code}))


def said(answer: TestResponse) -> str:
    return html.unescape(answer.get_data(as_text=True))


def test_every_template_is_listed_with_what_it_is_for_and_can_be_read(tutor: Visit) -> None:
    listed = tutor.text(LIST)
    for code in template_codes():
        template = load_template(code)
        assert template.title.en in listed
        assert template.summary.en in listed
        page = tutor.get(f"{LIST}/{code}")
        assert page.status_code == 200
        for objective in template.document()["objectives"]:
            assert objective["title"]["en"] in said(page)


def test_a_copy_is_the_company_s_own_and_is_changed_as_a_text(tutor: Visit, services: Services) -> None:
    answer = tutor.post(f"{LIST}/sustainability/copy", title_fr="Notre transition", title_en="Our transition")
    assert answer.status_code == 302
    assert kept(services) == [("our-transition", 1)]
    text = tutor.get(f"{LIST}/our-transition/file").get_data(as_text=True)
    assert read_template_file(text.encode()).title.fr == "Notre transition"
    changed = text.replace("sessions: 6", "sessions: 9", 1)
    assert tutor.post("programme/template-text", text=changed).status_code == 302
    assert kept(services) == [("our-transition", 1), ("our-transition", 2)]
    # What is saved on a page needs no import.
    assert ("import it again" in text, "import it again" in tutor.text(f"{LIST}/our-transition/change")) == (
        True,
        False,
    )
    page = tutor.text(f"{LIST}/our-transition")
    assert "9 meetings of 45 minutes each" in page
    assert "programme/templates/our-transition/change" in tutor.text(f"{LIST}/our-transition/parts")


def test_a_file_with_an_error_is_shown_with_its_line_and_kept_once_it_is_right(
    tutor: Visit, services: Services
) -> None:
    right = with_code("ours")
    lines = right.splitlines()
    at = lines.index("rhythm:") + 1
    wrong = "\n".join([*lines[:at], "  tempo: fast", *lines[at:]])
    answer = send(tutor, wrong.encode())
    assert answer.status_code == 422
    assert f"Line {at + 1}" in said(answer)
    assert "<h1>Import a template</h1>" in said(answer)
    again = tutor.post("programme/template-text?of=file", text=wrong)
    assert "<h1>Import a template</h1>" in said(again)
    assert "rhythm › tempo" in said(answer)
    parts_missing = said(send(tutor, b"v: 1\ncode: ours\n"))
    assert re.search(r"Still missing</a>: Name \(title\), ", parts_missing)
    assert ("parts missing" in parts_missing, "to correct" in parts_missing) == (True, False)
    assert "<h2>1 line to correct</h2>" in said(answer)
    assert wrong in said(answer)  # what was sent is there to be put right
    assert kept(services) == []
    assert tutor.post("programme/template-text", text=right.replace("\n", "\r\n")).status_code == 302
    assert kept(services) == [("ours", 1)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "This file is empty. Choose another one."),
        ("a: é".encode("utf-16"), "The file is not in UTF-8."),
        (b"a: " + b"x" * 300_000, "The file is larger than 256 KB"),
        (b"a: &x [1]\nb: *x", "anchors and aliases"),
        (b"- a\n- list", "this should be a set of named values."),
    ],
)
def test_what_is_no_template_is_refused_in_a_sentence(
    tutor: Visit, services: Services, content: bytes, message: str
) -> None:
    answer = send(tutor, content)
    assert answer.status_code == 422
    assert message in said(answer)
    assert kept(services) == []


def test_a_template_of_the_tool_is_not_replaced_by_a_file_of_its_code(
    tutor: Visit, services: Services
) -> None:
    changed = with_code("digital-skills").replace("sessions: 6", "sessions: 9", 1)
    answer = send(tutor, changed.encode())
    assert answer.status_code == 409
    assert "There is a template with this code already" in said(answer)
    assert kept(services) == []


def test_a_template_that_is_not_there_is_not_found(tutor: Visit) -> None:
    for below in ("", "/file", "/copy", "/change"):
        assert tutor.get(f"{LIST}/nothing-like-it{below}").status_code == 404


def test_who_did_not_make_a_template_is_led_to_a_copy_of_it(tutor: Visit) -> None:
    answer = tutor.get(f"{LIST}/sustainability/change")
    assert answer.headers["Location"].endswith(f"{LIST}/sustainability/copy")


def test_the_settings_of_a_programme_become_a_template_without_its_people(
    tutor: Visit, services: Services
) -> None:
    title = {"title_fr": "Le nôtre", "title_en": "Ours"}
    assert tutor.post("programme/template-of-settings", **title).status_code == 302
    assert kept(services) == [("ours", 1)]
    text = tutor.get(f"{LIST}/ours/file").get_data(as_text=True)
    used = load_template("digital-skills").document()
    made = read_template_file(text.encode()).document()
    assert made == {**used, "code": "ours", "title": {"fr": "Le nôtre", "en": "Ours"}}


def form_of(tutor: Visit, below: str, **changes: str) -> dict[str, object]:
    """What the form of a part sends, with these changes."""
    page = tutor.text(below)
    texts = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n([^<]*)</textarea>', page)
    inputs = re.findall(r'<input class="form-control[^>]* name="(\w+)" value="([^"]*)"', page)
    made_from = re.search(r'name="made_from" value="(\d+)"', page)
    assert made_from
    return {
        **{name: html.unescape(text) for name, text in (*texts, *inputs)},
        "made_from": made_from[1],
        **changes,
    }


def test_a_template_is_changed_by_the_forms_of_a_programme_and_its_file_is_what_was_made(
    tutor: Visit, services: Services
) -> None:
    tutor.post(f"{LIST}/sustainability/copy", title_fr="Notre transition", title_en="Our transition")
    parts = f"{LIST}/our-transition/parts"
    assert f'href="{tutor.home}{parts}"' in tutor.text(f"{LIST}/our-transition")
    listed = tutor.text(parts)
    assert "6 months · follow-up 180 days after the end" in listed
    made = [
        ("goal", {"title_en": "Our way", "summary_en": "Less waste"}),
        ("dates", {"duration_months": "9"}),
        ("rhythm", {"sessions": "9"}),
        ("skills/new", {"name_en": "Counting carbon", "tag": "skills"}),
        ("kpis/new", {"name_en": "Tons saved", "definition_en": "Tons, out of pairs.", "unit": "points"}),
    ]
    for part, changes in made:
        answer = tutor.post(f"{parts}/{part}", **form_of(tutor, f"{parts}/{part}", **changes))
        assert answer.status_code == 302, (part, said(answer))
    tutor.post(f"{parts}/skills/counting-carbon/remove")
    rule = RulePage(tutor, f"{parts}/rule")
    rule.press("remove:criteria.0")
    assert rule.types()[0] == "sessions", "a button changes the form alone"
    wrong = rule.press("save", criteria__0__min="many")
    assert (wrong.status_code, rule.value("criteria.0.min")) == (422, "many")
    assert rule.press("save", criteria__0__min="9").status_code == 302
    assert [number for _code, number in kept(services)] == [*range(1, 9)]
    text = tutor.get(f"{LIST}/our-transition/file").get_data(as_text=True)
    document = read_template_file(text.encode()).document()
    assert (document["title"]["en"], document["summary"]["en"]) == ("Our way", "Less waste")
    assert (document["dates"]["duration_months"], document["rhythm"]["sessions"]) == (9, 9)
    assert next(each["type"] for each in document["rule"]["criteria"]) == "sessions"
    assert document["kpis"][-1]["code"] == "own-tons-saved"
    assert send(tutor, text.encode()).status_code == 302
    assert len(kept(services)) == 8, "the file says what is there, so that it is no new version"
    assert tutor.get(f"{LIST}/our-transition/file").get_data(as_text=True) == text


def test_a_format_that_the_rule_of_a_template_counts_stays(tutor: Visit, services: Services) -> None:
    tutor.post(f"{LIST}/customer-market-trends/copy", title_fr="Le nôtre", title_en="Ours")
    rule = load_template("customer-market-trends").document()["rule"]
    counted = next(iter(formats_counted(rule)))
    page = f"{LIST}/ours/parts/formats"
    assert "It stays as long as the completion rule counts it" in tutor.text(page)
    assert tutor.post(f"{page}/{counted}/remove").status_code == 409
    assert kept(services) == [("ours", 1)]


def test_the_second_of_two_at_a_template_sees_what_changed(tutor: Visit, services: Services) -> None:
    tutor.post(f"{LIST}/sustainability/copy", title_fr="Le nôtre", title_en="Ours")
    part = f"{LIST}/ours/parts/rhythm"
    opened = form_of(tutor, part)
    tutor.post(part, **form_of(tutor, part, sessions="9"))
    answer = tutor.post(part, **{**opened, "sessions": "7"})
    assert answer.status_code == 409
    assert "You changed this page in another tab" in said(answer)
    assert 'name="sessions" value="7"' in said(answer)
    assert kept(services)[-1] == ("ours", 2)
