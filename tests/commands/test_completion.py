"""``tandem completion explain``: everybody's criteria, with the events that met them; and ``tandem cohorts list``."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest
from click.testing import CliRunner, Result

from lti_tool.cli import tandem
from lti_tool.composition.services import Services
from lti_tool.config import Config
from tests.builder import Builder, World
from tests.builder.rules import apply, document, meetings


@pytest.fixture
def explain(config: Config) -> Callable[..., Result]:
    """Runs the command for the test's database."""

    def run(*arguments: str, command: Sequence[str] = ("completion", "explain")) -> Result:
        environment = {
            "TANDEM_DATABASE_URL": config.database_url,
            "TANDEM_DATA_DIR": str(config.data_dir),
            "TANDEM_BASE_URL": config.base_url,
        }
        return CliRunner().invoke(tandem, [*command, *arguments], env=environment)

    return run


def test_everybody_is_explained_with_the_events_that_count(
    services: Services, explain: Callable[..., Result]
) -> None:
    world: World = Builder(services).world("digital-skills")
    world.pair()
    world.confirm(world.log_session())
    rule = document(
        {
            "id": "g",
            "type": "group",
            "mode": "any",
            "criteria": [meetings(4, w=3), {"id": "t", "type": "tutor_validation"}],
        }
    )
    apply(world, rule)
    world.built_mentee.approve()
    listed = explain("--json", command=("cohorts", "list"))
    [group] = json.loads(listed.output)
    assert (group["id"], group["programme"], group["status"]) == (
        str(world.cohort_id),
        "Digital skills",
        "running",
    )
    assert (group["people"], group["activities"]) == (2, 1)
    answer = explain("--cohort", "Digital skills", "--json")
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.output)
    assert (found["cohort"], found["rule"]["number"]) == (str(world.cohort_id), 2)
    mentee, mentor = (
        next(each for each in found["people"] if each["participant"] == str(who))
        for who in (world.mentee_id, world.mentor_id)
    )
    assert (mentee["score"], mentee["progress"], mentee["satisfied"], mentee["completion"]) == (
        100,
        "1",
        True,
        "completed",
    )
    assert (mentor["score"], mentor["progress"], mentor["satisfied"]) == (62, "5/8", False)
    agreement, group = mentor["criteria"]
    assert [each["kind"] for each in agreement["events"]] == ["AgreementSigned"] * 2
    sessions, approval = group["criteria"]
    assert (sessions["value"], sessions["target"]) == (1, 4)
    assert [each["kind"] for each in sessions["events"]] == ["SessionLogged", "SessionConfirmed"]
    assert approval["events"] == []
    assert [each["kind"] for each in mentee["criteria"][1]["criteria"][1]["events"]] == ["TutorValidated"]
    plain = explain("--cohort", str(world.cohort_id)).output
    assert plain.startswith(
        "Rule, version 2: A person completes the programme when the agreement is signed by both and"
    )
    assert "Inès" in plain or "(mentee): 100 %, satisfied, completed" in plain


@pytest.mark.parametrize("given", ["No such group", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"])
def test_a_group_that_is_not_there_ends_in_one_line(
    services: Services, explain: Callable[..., Result], given: str
) -> None:
    answer = explain("--cohort", given)
    assert (answer.exit_code, "there is no group" in answer.output) == (2, True)
