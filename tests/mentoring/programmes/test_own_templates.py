"""A company's own templates: kept in versions, found before the built-in ones, and changed by who made them."""

from __future__ import annotations

from functools import partial

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.events.models import EventRow
from lti_tool.identity import organisations
from lti_tool.identity.models import Organisation
from lti_tool.mentoring.programmes.template import (
    DEFAULT_TEMPLATE,
    ProgrammeTemplate,
    UnknownTemplateError,
    load_template,
    read_template,
    template_codes,
)
from lti_tool.mentoring.programmes.template_actions import (
    copy_template,
    keep_template,
    new_code,
    rename_for_merge,
)
from lti_tool.mentoring.programmes.template_models import TemplateVersion
from lti_tool.mentoring.programmes.template_queries import (
    find_template,
    template_versions,
    templates_offered,
)
from tests.builder import World
from tests.mentoring.checks import LATER, refused

TITLE = {"fr": "Nos métiers", "en": "Our trades"}


def changed(**changes: object) -> ProgrammeTemplate:
    return read_template({**load_template(DEFAULT_TEMPLATE).document(), **changes})


def copied(db: Session, world: World, title: dict[str, str] = TITLE) -> TemplateVersion:
    template = load_template(DEFAULT_TEMPLATE)
    return copy_template(db, world.organisation_id, template, title=title, by=world.tutor_id, now=LATER)


def test_a_copy_is_offered_to_its_own_company_alone(world: World) -> None:
    with world.transaction() as db:
        kept = copied(db, world)
        offered = templates_offered(db, world.organisation_id)
        assert [record.code for record in offered if record.is_own] == ["our-trades"]
        assert {record.code for record in offered} == {*template_codes(), "our-trades"}
        assert (offered[0].code, offered[-1].number) == (DEFAULT_TEMPLATE, 1)
        other = organisations.add(db, "Another company")
        with pytest.raises(UnknownTemplateError):
            find_template(db, other.id, "our-trades")
        event = db.scalars(sa.select(EventRow).order_by(EventRow.sequence.desc()).limit(1)).one()
        assert (event.kind, event.organisation_id) == ("TemplateAdded", world.organisation_id)
        assert event.details == {"template_id": str(kept.id), "number": 1}


def test_a_change_is_a_new_version_and_leaves_the_former_one(world: World) -> None:
    with world.transaction() as db:
        copied(db, world)
        document = find_template(db, world.organisation_id, "our-trades").template.document()
        document["rhythm"]["sessions"] = 9
        newer = read_template(document)
        for number in (2, None):  # keeping the same again changes nothing
            kept = keep_template(db, world.organisation_id, newer, by=world.tutor_id, now=LATER)
            assert (kept.number if kept else None) == number
        assert find_template(db, world.organisation_id, "our-trades").template.sessions_advised == 9
        versions = template_versions(db, world.organisation_id, "our-trades")
        assert [row.document["rhythm"]["sessions"] for row in versions] == [9, 6]


def test_only_who_made_a_template_or_an_operator_changes_it(world: World) -> None:
    theirs, built_in = (
        changed(code="our-trades", title=TITLE),
        changed(dates={"duration_months": 1, "follow_up_after_days": 1}),
    )
    with world.transaction() as db:
        copied(db, world)
        for template, person in ((theirs, world.another_person(db).id), (built_in, world.tutor_id)):
            refused(
                "template_of_others",
                partial(keep_template, db, world.organisation_id, template, by=person, now=LATER),
            )
        for template in (changed(code="our-trades", title=TITLE, goal=TITLE), built_in):
            assert keep_template(db, world.organisation_id, template, by=None, now=LATER)
        offered = templates_offered(db, world.organisation_id)
        assert (offered[0].code, offered[0].is_own, len(offered)) == (
            DEFAULT_TEMPLATE,
            True,
            len(template_codes()) + 1,
        )


def test_a_template_that_this_version_cannot_read_is_left_out(world: World) -> None:
    with world.transaction() as db:
        kept = copied(db, world)
        db.execute(sa.update(TemplateVersion).where(TemplateVersion.id == kept.id).values(document={"v": 2}))
        assert not [record for record in templates_offered(db, world.organisation_id) if record.is_own]


def test_a_company_cannot_keep_templates_without_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lti_tool.mentoring.programmes.template_actions.MOST_TEMPLATES", 1)
    with world.transaction() as db:
        copied(db, world)
        other = {"fr": "Un autre", "en": "Another"}
        refused("too_many_templates", lambda: copied(db, world, other))
        taken = {"fr": "Un autre", "en": TITLE["en"].upper()}
        refused("template_name_taken", lambda: copied(db, world, taken))


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("Our trades!", "our-trades-2"),
        ("Été à l’œuvre", "ete-a-l-oeuvre"),
        ("日本", "template"),
        ("x" * 90, "x" * 55),
    ],
)
def test_a_code_is_made_from_the_title(title: str, code: str) -> None:
    assert new_code(title, {"our-trades"}) == code


def test_two_companies_that_are_merged_keep_the_templates_of_both(world: World) -> None:
    with world.transaction() as db:
        kept = copied(db, world)
        other = organisations.add(db, "Another company")
        keep_template(db, other.id, changed(code="our-trades", goal=TITLE), by=None, now=LATER)
        rename_for_merge(db, into=world.organisation_id, merged=other.id)
        organisations.merge(db, into=db.get_one(Organisation, world.organisation_id), merged=other)
        own = [record for record in templates_offered(db, world.organisation_id) if record.is_own]
        assert {record.code for record in own} == {kept.code, f"{kept.code}-2"}
        goals = {record.code: record.template.document()["goal"] for record in own}
        assert goals[f"{kept.code}-2"] == TITLE != goals[kept.code]
