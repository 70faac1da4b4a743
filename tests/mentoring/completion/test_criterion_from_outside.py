"""A criterion that somebody else writes: one class, and its line in the registry. Nothing else has to know it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa

from lti_tool.composition import transaction as composition
from lti_tool.composition.services import Services
from lti_tool.identity.principal import TOOL
from lti_tool.mentoring.completion.criteria import CRITERIA, criterion_schemas
from lti_tool.mentoring.completion.criteria.base import (
    Criterion,
    CriterionFacts,
    Measure,
    Reader,
    SchemaClass,
)
from lti_tool.mentoring.completion.evaluation import evaluate
from lti_tool.mentoring.completion.facts import AgreementFact, PairFacts, PersonFacts, SessionFact
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.mentoring.completion.rule import read_rule
from lti_tool.mentoring.programmes.models import CompletionRuleVersion
from lti_tool.translation import Message
from schemas.completion_rule import CriterionSchema
from schemas.fields import WholeNumber
from schemas.problem import ShapeError
from tests.builder import situations
from tests.builder.situations import Situation


class VarietySchema(CriterionSchema):
    min = WholeNumber(min=2, max=8, required=True)


@dataclass(frozen=True, kw_only=True)
class Variety(Criterion):
    """The two met in at least ``min`` formats."""

    type: ClassVar[str] = "variety"
    schema: ClassVar[SchemaClass] = VarietySchema
    min: int = 2

    def measure(self, facts: CriterionFacts) -> Measure:
        formats = {session.format for pair in facts.pairs for session in pair.sessions}
        return Measure(len(formats), self.min)

    @classmethod
    def sentence(cls, params: Mapping[str, Any], target: int, reader: Reader) -> Message:
        who = "You meet" if reader is Reader.PAIR else "They meet"
        return Message("%(who)s in %(count)s ways", params={"who": who, "count": target})


RULE = {
    "v": 1,
    "mode": "all",
    "criteria": [{"id": "a", "type": "agreement"}, {"id": "v", "type": "variety", "min": 3, "w": 3}],
}


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CRITERIA, "variety", Variety)


def test_without_its_line_a_rule_with_it_is_refused() -> None:
    with pytest.raises(ShapeError):
        read_rule(RULE)


@pytest.mark.usefixtures("known")
def test_the_schema_of_rules_accepts_it() -> None:
    assert read_rule(RULE).criteria[1] == Variety(id="v", min=3, weight=3)


@pytest.mark.usefixtures("known")
def test_its_fields_are_checked_as_it_declares_them() -> None:
    wrong = {**RULE, "criteria": [{"id": "v", "type": "variety", "min": 1}]}
    with pytest.raises(ShapeError) as refused:
        read_rule(wrong)
    assert list(refused.value.problems) == ["criteria.0.min"]


@pytest.mark.usefixtures("known")
def test_its_fields_are_there_for_whoever_edits_rules() -> None:
    assert set(criterion_schemas()["variety"]().fields) == {"id", "type", "w", "roles", "min"}


@pytest.mark.usefixtures("known")
def test_it_is_evaluated() -> None:
    from datetime import date

    sessions = tuple(
        SessionFact(uuid.UUID(int=number), "confirmed", 45, code, date(2026, 11, 2))
        for number, code in enumerate(["video", "audio", "video"])
    )
    pair = PairFacts(uuid.UUID(int=9), AgreementFact(signed_by_mentor=True, signed_by_mentee=True), sessions)
    found = evaluate(read_rule(RULE), "mentee", [pair], PersonFacts("mentee"))
    assert (found.score, found.satisfied) == (75, False)


@pytest.fixture
def pages(known: None, visit: Callable[..., Any], services: Services) -> Callable[..., str]:
    """The page of somebody in a programme with this rule."""

    def page(build: Callable[[Situation], None]) -> str:
        def with_rule(situation: Situation) -> None:
            build(situation)
            version = situation.db.scalars(
                sa.select(CompletionRuleVersion).where(
                    CompletionRuleVersion.cohort_id == situation.cohort.id  # type: ignore[union-attr]
                )
            ).one()
            version.rule = RULE
            situation.db.flush()

        return str(visit(with_rule).text())

    return page


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (situations.under_way, "You meet in 3 ways"),
        (situations.objective_to_confirm, "You meet in 3 ways"),
        (situations.tutor, "they meet in 3 ways"),
    ],
    ids=["mentee", "mentor", "tutor"],
)
def test_it_is_worded_on_the_pages_of_both_people_and_of_the_tutor(
    pages: Callable[..., str], build: Callable[[Situation], None], sentence: str
) -> None:
    assert sentence in pages(build)


@pytest.mark.usefixtures("known")
def test_it_is_judged_with_every_event(services: Services, world: Any) -> None:
    with composition.transaction(services, TOOL) as db:
        db.execute(sa.update(CompletionRuleVersion).values(rule=RULE))
        world.pair(db)
    with services.database.reading() as db:
        [line] = [
            entry
            for entry in db.get_one(CompletionRecord, world.mentor_id).explanation
            if entry["type"] == "variety"
        ]
    assert (line["value"], line["target"]) == (0, 3)
