"""``tandem deployments withdraw``: an approval is taken back, by an event, and can be given again."""

from __future__ import annotations

import json
import uuid

import pytest
import sqlalchemy as sa

from lti_tool.composition import transaction as composition
from lti_tool.composition.services import Services
from lti_tool.events.models import EventRow
from lti_tool.identity.principal import OPERATOR
from lti_tool.lti.registration.models import Deployment, deployment_reference
from lti_tool.lti.registration.registrations import NotApproved, withdraw
from tests.builder import World, add_deployment
from tests.commands.running import Run
from tests.composition.meanwhile import Meanwhile

UNKNOWN = uuid.UUID(int=7)


@pytest.fixture
def approved(world: World) -> uuid.UUID:
    """The deployment of the course of ``world``."""
    with world.services.database.reading() as db:
        return db.scalars(sa.select(Deployment.id)).one()


def status(services: Services, deployment_id: uuid.UUID) -> tuple[str, uuid.UUID | None]:
    """The status of a deployment, and whose it is."""
    with services.database.reading() as db:
        found = db.get_one(Deployment, deployment_id)
        return found.status, found.organisation_id


def logged(services: Services) -> list[tuple[str, str, uuid.UUID, dict[str, str]]]:
    """What the log says of deployments besides how they were connected: kind, who, for whom, and of which."""
    with services.database.reading() as db:
        rows = db.scalars(
            sa.select(EventRow)
            .where(EventRow.kind.in_(["DeploymentApproved", "DeploymentWithdrawn"]))
            .order_by(EventRow.sequence)
        )
        return [(row.kind, row.acted_by_kind, row.organisation_id, row.details) for row in rows]


def test_an_approval_is_withdrawn_by_an_event_and_the_deployment_keeps_its_organisation(
    run: Run, world: World, approved: uuid.UUID
) -> None:
    before = logged(world.services)
    result = run("deployments", "withdraw", str(approved))
    [listed] = json.loads(run("deployments", "list", "--json").output)
    said = f"Withdrawn: deployment {listed['deployment_id']} of {listed['issuer']}.\n"
    assert (result.exit_code, result.output) == (0, said)
    assert status(world.services, approved) == ("pending", world.organisation_id)
    assert logged(world.services) == [
        *before,
        ("DeploymentWithdrawn", "operator", world.organisation_id, {"deployment_id": str(approved)}),
    ]


def test_a_deployment_is_withdrawn_by_its_reference_and_a_script_can_read_it(
    run: Run, world: World, approved: uuid.UUID
) -> None:
    result = run("deployments", "withdraw", deployment_reference(approved), "--json")
    assert [json.loads(result.output)] == json.loads(run("deployments", "list", "--json").output)
    assert (json.loads(result.output)["status"], status(world.services, approved)[0]) == (
        "pending",
        "pending",
    )


def test_what_is_not_approved_or_unknown_is_one_line_and_changes_nothing(
    run: Run, world: World, approved: uuid.UUID
) -> None:
    with world.services.database.transaction() as db:
        waiting = add_deployment(db, world.registration_id, "new").id
    run("deployments", "withdraw", str(approved))
    before = logged(world.services)
    for named, code, said in (
        (str(approved), 1, f"deployment {approved} is not approved; nothing was changed"),
        (str(waiting), 1, f"deployment {waiting} is not approved; nothing was changed"),
        (str(UNKNOWN), 1, f"there is no deployment {UNKNOWN}"),
        ("0123456789ab", 1, "no deployment has the reference 0123456789ab"),
        ("new", 2, "ID 'new' is not an id; the list shows them"),
    ):
        result = run("deployments", "withdraw", named)
        assert (result.exit_code, result.output) == (code, f"Error: {said}\n")
    assert logged(world.services) == before
    assert status(world.services, approved) == ("pending", world.organisation_id)
    assert status(world.services, waiting) == ("pending", None)


def test_a_withdrawn_deployment_is_approved_again_for_its_organisation_alone(
    run: Run, world: World, approved: uuid.UUID
) -> None:
    """Also where companies share the platform, and a deployment without an organisation would get a new one."""
    run("organisations", "add", "Other")
    run("deployments", "withdraw", str(approved))
    with world.services.database.transaction() as db:
        db.get_one(Deployment, approved).registration.platform_family = "canvas"
    refused = run("deployments", "approve", str(approved), "--organisation", "Other")
    assert (refused.exit_code, "belongs to another organisation" in refused.output) == (1, True)
    assert status(world.services, approved) == ("pending", world.organisation_id)
    assert run("deployments", "approve", str(approved)).exit_code == 0
    assert status(world.services, approved) == ("approved", world.organisation_id)
    assert [kind for kind, *_ in logged(world.services)][-2:] == ["DeploymentWithdrawn", "DeploymentApproved"]


def test_two_who_withdraw_at_once_leave_one_event(world: World, approved: uuid.UUID) -> None:
    meanwhile = Meanwhile()

    def first() -> None:
        with composition.transaction(world.services, OPERATOR) as db:
            withdraw(db, approved)
            meanwhile.pause()

    def second() -> None:
        with pytest.raises(NotApproved), composition.transaction(world.services, OPERATOR) as db:
            withdraw(db, approved)

    meanwhile.run(first, second)
    assert [kind for kind, *_ in logged(world.services)].count("DeploymentWithdrawn") == 1


def test_the_log_says_who_withdrew_an_approval(run: Run, approved: uuid.UUID) -> None:
    run("deployments", "withdraw", str(approved))
    said = "withdrew the approval of a deployment of a learning platform"
    assert said in run("events", "list", "--organisation", "Example").output
