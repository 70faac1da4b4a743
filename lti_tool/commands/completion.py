"""``tandem completion``: how far people are by their rule, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from lti_tool.commands.context import find_cohort, operator_command, print_json
from lti_tool.composition.completion_explained import Explained, ExplainedPerson, explained
from lti_tool.composition.services import Services
from lti_tool.identity.policy import Action
from lti_tool.mentoring.completion.queries import rule_of
from lti_tool.mentoring.completion.rule import CriterionResult
from lti_tool.mentoring.completion.rule_sentence import sentence_for_tutor


@click.group()
def completion() -> None:
    """How far people are by the rule of their group, and why.

    \b
    Example:
      tandem completion explain --cohort "Digital skills"
    """


@completion.command()
@click.option("--cohort", metavar="C", required=True, help="The group: its id, or its programme's title.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON for a script.")
@operator_command(Action.EXPLAIN_COMPLETION)
def explain(services: Services, cohort: str, as_json: bool) -> None:
    """Say of everybody in a group which conditions of the rule they meet, by which events, and how far that makes them.

    Everybody is judged anew by the rule in force. Whoever has completed stays so, whatever the rule says of them now.

    \b
    Examples:
      tandem completion explain --cohort "Digital skills"
      tandem completion explain --cohort 3f2504e0-4f89-41d3-9a0c-0305e82c3301 --json
    """
    with services.database.reading() as db:
        found = explained(db, find_cohort(db, cohort))
    if as_json:
        print_json(_document(found))
        return
    click.echo(f"Rule, version {found.rule.number}: {sentence_for_tutor(rule_of(found.rule))}")
    if not found.people:
        click.echo("Nobody takes part yet.")
    for person in found.people:
        click.echo()
        for line in _lines(found, person):
            click.echo(line)


def _lines(found: Explained, person: ExplainedPerson) -> Iterator[str]:
    who, evaluation = person.who, person.evaluation
    completion = who.to_judge.completion.value
    met = "satisfied" if evaluation.satisfied else "not satisfied"
    yield f"{who.name or who.participant_id} ({who.role}): {evaluation.score} %, {met}, {completion}"
    for depth, result in _walk(evaluation.explanation):
        mark = "x" if result.satisfied else " "
        weight = "" if result.weight == 1 else f", weight {result.weight}"
        yield f"{'  ' * depth}[{mark}] {result.type}: {result.value} of {result.target}{weight}"
        for event in found.events_of(person, result):
            yield f"{'  ' * depth}      {event.at:%Y-%m-%d %H:%M} {event.kind} {event.id}"


def _walk(results: tuple[CriterionResult, ...], depth: int = 1) -> Iterator[tuple[int, CriterionResult]]:
    for result in results:
        yield depth, result
        yield from _walk(result.children, depth + 1)


def _document(found: Explained) -> dict[str, Any]:
    return {
        "cohort": str(found.rule.cohort_id),
        "rule": {"number": found.rule.number, "document": json.loads(found.rule.rule)},
        "people": [
            {
                "participant": str(person.who.participant_id),
                "person": str(person.who.person_id),
                "name": person.who.name,
                "role": str(person.who.role),
                "completion": person.who.to_judge.completion.value,
                "progress": str(person.evaluation.progress),
                "score": person.evaluation.score,
                "satisfied": person.evaluation.satisfied,
                "criteria": [_criterion(found, person, each) for each in person.evaluation.explanation],
            }
            for person in found.people
        ],
    }


def _criterion(found: Explained, person: ExplainedPerson, result: CriterionResult) -> dict[str, Any]:
    written = result.as_json()
    events = [
        {"id": str(event.id), "kind": event.kind, "at": event.at.isoformat()}
        for event in found.events_of(person, result)
    ]
    children = [_criterion(found, person, each) for each in result.children]
    return {**written, "events": events, "criteria": children}
