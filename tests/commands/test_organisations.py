"""``tandem organisations``, ``tandem owners``, and the organisation of an invitation, a registration, a deployment."""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.commands import organisations as commands
from lti_tool.composition.projections import check_projections, rebuild_projections
from lti_tool.composition.services import Services
from lti_tool.events.models import EventRow
from lti_tool.identity.models import Organisation
from lti_tool.lti.registration.models import Deployment, Invitation, Registration
from lti_tool.many_rows import TablesBusy
from lti_tool.mentoring.programmes.models import Programme, ProgrammeOwner
from lti_tool.messaging.models import RecordStore
from tests.builder import Builder, World, add_deployment
from tests.commands.running import Run


def names(services: Services) -> list[str]:
    with services.database.reading() as db:
        return sorted(db.scalars(sa.select(Organisation.name)))


def last_event(services: Services) -> EventRow:
    with services.database.reading() as db:
        return db.scalars(sa.select(EventRow).order_by(EventRow.sequence.desc()).limit(1)).one()


def test_an_organisation_is_added_and_listed(run: Run, services: Services) -> None:
    assert run("organisations", "add", "  Example Ltd ").exit_code == 0
    listed = json.loads(run("organisations", "list", "--json").stdout)
    assert [(row["name"], row["programmes"]) for row in listed] == [("Example Ltd", [])]
    assert (last_event(services).kind, last_event(services).acted_by_kind) == (
        "OrganisationAdded",
        "operator",
    )


def test_an_empty_list_says_how_one_begins(run: Run) -> None:
    assert "connecting a platform makes one" in run("organisations", "list").stdout


def test_a_name_is_given_once(run: Run, services: Services) -> None:
    run("organisations", "add", "Example Ltd")
    again = run("organisations", "add", "Example Ltd")
    assert (again.exit_code, again.stderr.count("\n"), names(services)) == (1, 1, ["Example Ltd"])


@pytest.mark.parametrize("name", ["", "   ", "two\nlines", "bell\x07", "x" * 256])
def test_a_name_that_cannot_be_shown_is_refused_in_one_line(run: Run, services: Services, name: str) -> None:
    answer = run("organisations", "add", name)
    assert (answer.exit_code, answer.stderr.count("\n"), names(services)) == (2, 1, [])
    assert answer.stderr.startswith("Error: NAME ")


def test_the_list_has_each_programme_with_its_owners_and_tutors(run: Run, world: World) -> None:
    [organisation] = json.loads(run("organisations", "list", "--json").stdout)
    [programme] = organisation["programmes"]
    assert programme["template"] == "demo"
    assert [person["name"] for person in programme["owners"]] == ["Claire Fontaine"]
    assert [person["name"] for person in programme["tutors"]] == ["Claire Fontaine"]


def owned_by(services: Services, table: Any) -> set[uuid.UUID | None]:
    with services.database.reading() as db:
        return set(db.scalars(sa.select(table.organisation_id)))


def test_merging_puts_everything_of_one_into_the_other(run: Run, world: World) -> None:
    rebuild_projections(world.services)
    run("organisations", "add", "Holding")
    answer = run("organisations", "merge", "Holding", str(world.organisation_id))
    assert (answer.exit_code, names(world.services)) == (0, ["Holding"])
    for table in (Registration, Deployment, Programme, EventRow):
        assert len(owned_by(world.services, table)) == 1
    event = last_event(world.services)
    assert (event.kind, event.details) == ("OrganisationsMerged", {"merged_id": str(world.organisation_id)})
    assert [each.name for each in check_projections(world.services) if not each.identical] == []


def test_people_of_merged_organisations_go_on(run: Run, world: World) -> None:
    elsewhere = Builder(world.services).world(issuer="https://other.example")
    with world.services.database.reading() as db:
        kept = db.get_one(Organisation, elsewhere.organisation_id).name
    assert run("organisations", "merge", kept, str(world.organisation_id)).exit_code == 0
    world.pair()


@pytest.mark.parametrize(
    ("words", "named"),
    [(("Nowhere", "Example"), "A:"), (("Example", "Nowhere"), "B:"), (("Example", "Example"), "A and B")],
)
def test_a_merge_that_cannot_be_is_refused_in_one_line(
    run: Run, world: World, words: tuple[str, str], named: str
) -> None:
    before = names(world.services)
    answer = run("organisations", "merge", *words)
    assert (answer.exit_code, answer.stderr.count("\n"), names(world.services)) == (2, 1, before)
    assert named in answer.stderr


def test_an_owner_is_added_to_a_programme(run: Run, world: World) -> None:
    with world.services.database.reading() as db:
        programme_id, person_id = world.cohort(db).programme_id, world.mentor(db).person_id
    for _ in range(2):
        assert run("owners", "add", str(programme_id), str(person_id)).exit_code == 0
    with world.services.database.reading() as db:
        owners = set(db.scalars(sa.select(ProgrammeOwner.person_id)))
    assert owners == {world.tutor_id, person_id}


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("x", "y"), "PROGRAMME 'x'"),
        ((str(uuid.UUID(int=1)), "y"), "PERSON 'y'"),
        ((str(uuid.UUID(int=1)), str(uuid.UUID(int=2))), "PROGRAMME: there is none"),
    ],
)
def test_an_owner_who_cannot_be_is_refused_in_one_line(
    run: Run, world: World, words: tuple[str, str], named: str
) -> None:
    answer = run("owners", "add", *words)
    assert (answer.exit_code, answer.stderr.count("\n"), named in answer.stderr) == (2, 1, True)


def test_a_person_of_another_organisation_does_not_own_a_programme(run: Run, world: World) -> None:
    elsewhere = Builder(world.services).world(issuer="https://other.example")
    with world.services.database.reading() as db:
        programme_id = world.cohort(db).programme_id
    answer = run("owners", "add", str(programme_id), str(elsewhere.tutor_id))
    assert (answer.exit_code, "another organisation" in answer.stderr) == (2, True)


def test_an_invitation_is_for_the_organisation_named(run: Run, services: Services) -> None:
    run("organisations", "add", "Example Ltd")
    assert run("invite", "--organisation", "Example Ltd").exit_code == 0
    with services.database.reading() as db:
        invited = db.scalars(sa.select(Invitation.organisation_id)).one()
        assert db.get_one(Organisation, invited).name == "Example Ltd"


def test_an_invitation_to_an_unknown_organisation_is_refused_in_one_line(
    run: Run, services: Services
) -> None:
    answer = run("invite", "--organisation", "Nobody")
    assert (answer.exit_code, answer.stderr.count("\n")) == (2, 1)
    with services.database.reading() as db:
        assert db.scalars(sa.select(Invitation)).all() == []


REGISTRATION = (
    "registrations", "add", "--issuer", "https://canvas.instructure.com", "--client-id", "1",
    "--auth-login-url", "https://sso.canvaslms.com/api/lti/authorize_redirect",
    "--auth-token-url", "https://sso.canvaslms.com/login/oauth2/token",
    "--jwks-url", "https://sso.canvaslms.com/api/lti/security/jwks", "--family", "canvas",
)  # fmt: skip


def pending(services: Services, name: str) -> str:
    with services.database.transaction() as db:
        registration_id = db.scalars(sa.select(Registration.id)).one()
        return str(add_deployment(db, registration_id, name).id)


def organisation_of(services: Services, deployment: str) -> str:
    with services.database.reading() as db:
        return db.scalars(
            sa.select(Organisation.name)
            .join(Deployment, Deployment.organisation_id == Organisation.id)
            .where(Deployment.id == uuid.UUID(deployment))
        ).one()


def test_each_tenant_of_a_shared_platform_has_an_organisation_of_its_own(
    run: Run, services: Services
) -> None:
    run("organisations", "add", "Example Ltd")
    assert run(*REGISTRATION, "--organisation", "Example Ltd").exit_code == 0
    named, unnamed = pending(services, "tenant-a"), pending(services, "tenant-b")
    assert run("deployments", "approve", named, "--organisation", "Example Ltd").exit_code == 0
    assert run("deployments", "approve", unnamed).exit_code == 0
    assert organisation_of(services, named) == "Example Ltd"
    assert organisation_of(services, unnamed) == "canvas.instructure.com"


def test_a_deployment_that_belongs_to_one_organisation_is_not_given_to_another(
    run: Run, services: Services
) -> None:
    for name in ("One", "Two"):
        run("organisations", "add", name)
    run(*REGISTRATION)
    deployment = pending(services, "tenant-a")
    run("deployments", "approve", deployment, "--organisation", "One")
    answer = run("deployments", "approve", deployment, "--organisation", "Two")
    assert (answer.exit_code, "another organisation" in answer.stderr) == (1, True)
    assert organisation_of(services, deployment) == "One"


def test_a_deployment_of_a_platform_of_one_company_belongs_to_it(run: Run, world: World) -> None:
    deployment = pending(world.services, "second")
    run("deployments", "approve", deployment)
    assert organisation_of(world.services, deployment) == "Example"


def test_a_merge_and_a_page_that_is_at_work_both_end_well(run: Run, world: World) -> None:
    """The page has written a row of the merged organisation, and reads the record stores during the merge."""
    other = Builder(world.services).world(issuer="https://other.example")
    faults: list[Exception] = []
    has_row = threading.Event()

    def work() -> None:
        try:
            with world.services.database.transaction() as db:
                db.execute(
                    sa.update(Deployment)
                    .where(Deployment.organisation_id == other.organisation_id)
                    .values(status=Deployment.status)
                    .execution_options(synchronize_session=False)
                )
                has_row.set()
                time.sleep(1.5)
                db.scalars(sa.select(RecordStore)).all()
        except Exception as error:
            faults.append(error)

    page = threading.Thread(target=work)
    page.start()
    assert has_row.wait(30)
    merged = run("organisations", "merge", str(world.organisation_id), str(other.organisation_id))
    page.join(30)
    assert (merged.exit_code, faults) == (0, [])


def test_a_merge_that_finds_no_quiet_moment_says_so_and_changes_nothing(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[object] = []

    def find_busy(db: object) -> None:
        attempts.append(db)
        raise TablesBusy

    monkeypatch.setattr(commands, "lock_all_tables", find_busy)
    monkeypatch.setattr(commands, "MERGE_ATTEMPTS", 2)
    monkeypatch.setattr(commands, "MERGE_PAUSE_SECONDS", 0.01)
    run("organisations", "add", "Holding")
    before = names(world.services)
    answer = run("organisations", "merge", "Holding", str(world.organisation_id))
    assert (answer.exit_code, answer.stderr.count("\n"), len(attempts)) == (1, 1, 2)
    assert ("nothing was merged" in answer.stderr, names(world.services)) == (True, before)


def test_the_operator_reads_what_was_done_to_companies_and_nothing_of_programmes(
    run: Run, services: Services
) -> None:
    Builder(services).world().pair()
    run("organisations", "add", "Example Ltd")
    run("organisations", "add", "Other Ltd")
    listed = run("events", "list").stdout.splitlines()
    said = [line.partition("  ")[2] for line in listed]
    assert said[:2] == ["The technical team added a company"] * 2
    assert not [line for line in said if "paired" in line or "programme" in line]
    [found] = json.loads(run("events", "list", "--organisation", "Other Ltd", "--json").stdout)
    assert (found["kind"], found["sentence"]) == ("OrganisationAdded", "The technical team added a company")
    assert run("events", "list", "--organisation", "Nobody").exit_code == 2
