"""What trying another completion rule on 1,000 people costs. ``python -m bench.rule_preview``.

Ours is what the rule's page does at each change: the people and what they did are read from SQLite in a fixed number of
statements, evaluated by the rule in force and by the draft, sorted by what becomes of them, and put into a digest. The
baseline evaluates the same people by the same two rules alone, from facts that are in memory. Each pair has signed, met
six times and works on three objectives. Processor time, since others use the machine; the
garbage collector is set as ``tandem serve`` sets it.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import uuid
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa

from bench.page_cpu import medians, milliseconds, tool_in
from bench.rows import Row, bench_options, report
from lti_tool.commands.serve import freeze_loaded_objects
from lti_tool.composition.cohort_facts import judged_people
from lti_tool.composition.rule_preview import try_rule
from lti_tool.composition.services import Services
from lti_tool.database import table_of, utcnow
from lti_tool.mentoring.completion.evaluation import evaluate
from lti_tool.mentoring.completion.queries import rule_of
from lti_tool.mentoring.completion.rule import read_draft
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.programmes.queries import rule_of_cohort
from lti_tool.mentoring.sessions.models import MentoringSession
from tests.builder.build import Builder
from tests.builder.crowd import add_crowd

PEOPLE = 1_000
TARGET = 2.0
DRAFT: dict[str, Any] = {
    "v": 1,
    "mode": "all",
    "criteria": [
        {"id": "agreement", "type": "agreement"},
        {"id": "sessions", "type": "sessions", "min": 8, "min_minutes_each": 30, "w": 4},
        {"id": "minutes", "type": "minutes", "min": 360, "w": 2},
        {
            "id": "either",
            "type": "group",
            "mode": "any",
            "criteria": [
                {"id": "objectives", "type": "objectives", "count": 2, "evidence": ["partner"]},
                {"id": "reflection", "type": "reflection", "min": 2},
            ],
        },
    ],
}


def _cohort(services: Services) -> uuid.UUID:
    """A cohort of so many people in pairs."""
    build = Builder(services)
    with build.transaction() as db:
        cohort = build.course().activity().programme("digital-skills").cohort()
        add_crowd(db, cohort, PEOPLE)
        meetings, objectives = [], []
        now = utcnow()
        for pair_id, mentor_id in db.execute(sa.select(Pair.id, Pair.mentor_id)):
            for number in range(5):
                meetings.append(
                    {
                        "id": uuid.uuid4(),
                        "pair_id": pair_id,
                        "held_on": now.date() - dt.timedelta(days=14 * number),
                        "minutes": 45,
                        "format": "coaching",
                        "mode": "video",
                        "status": "confirmed",
                        "logged_by": mentor_id,
                    }
                )
            for number in range(3):
                objectives.append(
                    {
                        "id": uuid.uuid4(),
                        "pair_id": pair_id,
                        "title": f"Objective {number}",
                        "direction": "mentee",
                        "tag": "skills",
                        "required": number == 0,
                        "status": "reached" if number == 0 else "agreed",
                        "evidence": "partner" if number == 0 else None,
                        "agreed_at": now,
                        "created_by": mentor_id,
                        "proposed_by": mentor_id,
                    }
                )
        db.execute(sa.insert(table_of(MentoringSession)), meetings)
        db.execute(sa.insert(table_of(Objective)), objectives)
        return cohort.id


def measure(*, quick: bool = False) -> list[Row]:
    """Run both in turns; the row is CPU in milliseconds for one preview."""
    rounds, times = (3, 3) if quick else (9, 5)
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        services, _app = tool_in(Path(folder))
        cohort_id = _cohort(services)
        drafted = read_draft(DRAFT)
        with services.database.reading() as db:
            people = judged_people(db, cohort_id, with_ids=True)
            now = rule_of(rule_of_cohort(db, cohort_id))
        if len(people) != PEOPLE:
            raise click.ClickException(f"{len(people)} people, not {PEOPLE}")

        def ours() -> None:
            with services.database.reading() as db:
                try_rule(db, cohort_id, drafted, DRAFT)

        def bare() -> None:
            for each in people:
                facts = each.to_judge
                for rule in (now, drafted):
                    evaluate(rule, facts.person.role, facts.pairs, facts.person)

        for run in (ours, bare):
            milliseconds(run, 2)
        freeze_loaded_objects()
        mine, theirs = medians(rounds, lambda: milliseconds(ours, times), lambda: milliseconds(bare, times))
    what = f"trying a rule on {PEOPLE:,} people: CPU ms"
    return [Row(what, mine, "evaluating them by the two rules alone", theirs, TARGET)]


@click.command()
@bench_options("Fewer and shorter rounds: the ratio wanders by some 10 %.")
def main(quick: bool, path: Path | None) -> None:
    """Measure what trying another completion rule costs."""
    report(measure(quick=quick), path)


if __name__ == "__main__":
    main()
