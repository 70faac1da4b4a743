"""`tandem invite`, `tandem registrations` and `tandem deployments`."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from lti_tool.commands.registrations import deployments, invite, registrations
from lti_tool.composition.services import Services
from lti_tool.config import Config
from lti_tool.lti.registration.models import Deployment, DeploymentStatus, Invitation, Registration
from tests.builder import Builder, add_deployment

MOODLE = {
    "--issuer": "https://lms.example.org/moodle",
    "--client-id": "a1b2c3",
    "--auth-login-url": "https://sso.example.org/mod/lti/auth.php",
    "--auth-token-url": "https://lms.example.org/moodle/mod/lti/token.php",
    "--jwks-url": "https://lms.example.org/moodle/mod/lti/certs.php",
}

Run = Callable[..., Result]


@pytest.fixture
def run(config: Config, services: Services) -> Run:
    """Runs a command on the tool's own database."""
    environment = {
        "TANDEM_DATABASE_URL": config.database_url,
        "TANDEM_DATA_DIR": str(config.data_dir),
        "TANDEM_SECRET_KEY": config.secret_key,
        "TANDEM_BASE_URL": config.base_url,
    }

    def invoke(command: Any, *arguments: str) -> Result:
        return CliRunner().invoke(command, arguments, env=environment, catch_exceptions=False)

    return invoke


def adding(**changes: str | None) -> list[str]:
    """The arguments of a right ``registrations add``, with these changes; None leaves an option out."""
    options = {**MOODLE, **{"--" + name.replace("_", "-"): value for name, value in changes.items()}}
    return ["add", *(part for name, value in options.items() if value is not None for part in (name, value))]


def stored(services: Services) -> list[Registration]:
    with services.database.reading() as db:
        return list(db.scalars(sa.select(Registration)))


def test_an_invitation_is_the_address_of_its_setup_page(run: Run) -> None:
    assert run(invite).output.startswith("http://127.0.0.1:5000/setup?invite=")


def test_an_invitation_opens_its_setup_page(run: Run, client: Any) -> None:
    address = run(invite, "--label", "Our Moodle").output.strip()
    page = client.get(address.removeprefix("http://127.0.0.1:5000"))
    assert (page.status_code, "Our Moodle" in page.text) == (200, True)


def test_an_invitation_is_valid_for_the_days_asked_for(run: Run, services: Services) -> None:
    run(invite, "--days", "3")
    with services.database.reading() as db:
        made = db.scalars(sa.select(Invitation)).one()
    assert (made.expires_at - made.created_at).days == 3


def test_an_invitation_can_be_read_by_a_script(run: Run) -> None:
    assert set(json.loads(run(invite, "--json").output)) == {"url", "label", "expires_at"}


@pytest.mark.parametrize("arguments", [["--days", "0"], ["--days", "366"], ["--label", "x" * 256]])
def test_a_wrong_invitation_is_one_line_and_a_code(run: Run, arguments: list[str]) -> None:
    result = run(invite, *arguments)
    assert (result.exit_code, len(result.output.splitlines())) == (2, 1)
    assert arguments[0] in result.output


def test_a_wrong_invitation_stores_nothing(run: Run, services: Services) -> None:
    run(invite, "--days", "0")
    with services.database.reading() as db:
        assert db.scalars(sa.select(Invitation)).all() == []


def test_a_registration_is_stored_as_typed(run: Run, services: Services) -> None:
    assert run(registrations, *adding(family="moodle", label="Ours")).exit_code == 0
    [row] = stored(services)
    assert (row.issuer, row.client_id, row.platform_family, row.label) == (
        "https://lms.example.org/moodle",
        "a1b2c3",
        "moodle",
        "Ours",
    )


def test_the_issuers_and_the_auth_urls_origins_may_frame_the_tool(run: Run, services: Services) -> None:
    run(registrations, *adding())
    assert stored(services)[0].frame_origins == ["https://lms.example.org", "https://sso.example.org"]


def test_canvas_pages_may_frame_the_tool_on_every_tenant(run: Run, services: Services) -> None:
    sso = "https://sso.canvaslms.com/api/lti/authorize_redirect"
    run(registrations, *adding(issuer="https://canvas.instructure.com", auth_login_url=sso))
    assert "https://*.instructure.com" in stored(services)[0].frame_origins


def test_a_canvas_that_a_school_runs_is_not_framed_by_the_vendors_pages(run: Run, services: Services) -> None:
    """It has the vendor's issuer until its administrator changes that."""
    run(registrations, *adding(issuer="https://canvas.instructure.com"))
    assert "https://*.instructure.com" not in stored(services)[0].frame_origins


def test_the_bare_host_that_canvas_calls_its_authorization_server_is_no_audience(
    run: Run, services: Services
) -> None:
    added = adding(issuer="https://canvas.instructure.com", auth_audience="canvas.instructure.com")
    assert run(registrations, *added).exit_code == 0
    assert stored(services)[0].token_audience == MOODLE["--auth-token-url"]


def test_each_named_deployment_is_approved(run: Run, services: Services) -> None:
    run(registrations, *adding(), "--deployment-id", "1", "--deployment-id", "2", "--deployment-id", "1")
    with services.database.reading() as db:
        rows = db.scalars(sa.select(Deployment).order_by(Deployment.deployment_id)).all()
    assert [(row.deployment_id, row.status) for row in rows] == [
        ("1", DeploymentStatus.APPROVED),
        ("2", DeploymentStatus.APPROVED),
    ]


def test_a_registration_is_never_overwritten(run: Run, services: Services) -> None:
    run(registrations, *adding())
    result = run(registrations, *adding(jwks_url="https://evil.example.org/jwks"))
    assert (result.exit_code, len(result.output.splitlines())) == (1, 1)
    assert stored(services)[0].jwks_url == MOODLE["--jwks-url"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("issuer", "lms"),
        ("issuer", "javascript:alert(1)"),
        ("issuer", "https://" + "x" * 255),
        ("auth_login_url", "file:///etc/passwd"),
        ("auth_token_url", "https://user:secret@lms.example.org/"),
        ("jwks_url", "https://lms.example.org:99999/"),
        ("client_id", ""),
        ("client_id", "x" * 256),
        ("deployment_id", ""),
    ],
)
def test_a_wrong_value_is_one_line_that_names_its_option(
    run: Run, services: Services, option: str, value: str
) -> None:
    result = run(registrations, *adding(**{option: value}))
    assert (result.exit_code, len(result.output.splitlines())) == (2, 1)
    assert "--" + option.replace("_", "-") in result.output
    assert stored(services) == []


@pytest.mark.parametrize("option", ["issuer", "client_id", "auth_login_url", "auth_token_url", "jwks_url"])
def test_a_missing_value_is_named(run: Run, option: str) -> None:
    result = run(registrations, *adding(**{option: None}))
    assert result.exit_code == 2
    assert "--" + option.replace("_", "-") in result.output


def test_an_empty_list_says_what_to_do_first(run: Run) -> None:
    assert "tandem invite" in run(registrations, "list").output


def test_the_list_shows_every_registration(run: Run) -> None:
    run(registrations, *adding())
    run(registrations, *adding(client_id="second"))
    output = run(registrations, "list").output
    assert "a1b2c3" in output
    assert "second" in output


def test_the_list_can_be_read_by_a_script(run: Run) -> None:
    run(registrations, *adding(), "--deployment-id", "7")
    [row] = json.loads(run(registrations, "list", "--json").output)
    assert (row["client_id"], row["deployments"][0]["deployment_id"]) == ("a1b2c3", "7")


def test_the_platform_s_accounts_can_be_chosen_for_statements(run: Run, services: Services) -> None:
    run(registrations, *adding())
    result = run(registrations, "actor-account", str(stored(services)[0].id), "lms")
    assert (result.exit_code, result.output) == (
        0,
        "Statements about people of https://lms.example.org/moodle have the account: lms\n",
    )
    assert stored(services)[0].actor_account == "lms"


def test_the_account_of_statements_can_be_read_by_a_script(run: Run, services: Services) -> None:
    run(registrations, *adding())
    answer = run(registrations, "actor-account", str(stored(services)[0].id), "opaque", "--json")
    [listed] = json.loads(run(registrations, "list", "--json").output)
    assert json.loads(answer.output) == listed
    assert listed["actor_account"] == "opaque"


@pytest.mark.parametrize("account", ["", "LMS", "email"])
def test_another_account_is_one_line_and_a_code(run: Run, services: Services, account: str) -> None:
    run(registrations, *adding())
    result = run(registrations, "actor-account", str(stored(services)[0].id), account)
    assert (result.exit_code, result.output) == (2, "Error: ACCOUNT must be opaque or lms\n")


def test_the_account_of_a_registration_that_is_not_there_is_one_line(run: Run) -> None:
    result = run(registrations, "actor-account", str(uuid.uuid4()), "lms")
    assert (result.exit_code, len(result.output.splitlines())) == (1, 1)


def test_after_the_first_statement_the_account_is_kept_and_the_command_says_so_in_one_line(
    run: Run, services: Services
) -> None:
    world = Builder(services).world()
    world.pair(signed=False)
    result = run(registrations, "actor-account", str(world.registration_id), "lms")
    assert (result.exit_code, len(result.output.splitlines())) == (1, 1)
    assert "nothing was changed" in result.output
    assert stored(services)[0].actor_account == "opaque"


def test_one_more_origin_may_frame_the_tool(run: Run, services: Services) -> None:
    run(registrations, *adding())
    result = run(
        registrations, "frame-origin", str(stored(services)[0].id), "https://Courses.example.org:443/"
    )
    assert result.exit_code == 0
    assert stored(services)[0].frame_origins[-1] == "https://courses.example.org"


def test_an_origin_named_twice_is_kept_once(run: Run, services: Services) -> None:
    run(registrations, *adding())
    for _ in range(2):
        run(registrations, "frame-origin", str(stored(services)[0].id), "https://courses.example.org")
    assert stored(services)[0].frame_origins.count("https://courses.example.org") == 1


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://*",
        "courses.example.org",
        "https://courses.example.org/path",
        "https://courses.example.org;script-src",
        "https://courses.example.org 'unsafe-inline'",
        "javascript:alert(1)",
        "",
    ],
)
def test_what_is_no_origin_may_not_frame_the_tool(run: Run, services: Services, origin: str) -> None:
    run(registrations, *adding())
    result = run(registrations, "frame-origin", str(stored(services)[0].id), origin)
    assert (result.exit_code, len(result.output.splitlines())) == (2, 1)


@pytest.mark.parametrize(("identity", "code"), [("7", 2), (str(uuid.UUID(int=7)), 1)])
def test_an_unknown_registration_is_one_line_and_a_code(run: Run, identity: str, code: int) -> None:
    result = run(registrations, "frame-origin", identity, "https://courses.example.org")
    assert (result.exit_code, len(result.output.splitlines())) == (code, 1)


@pytest.fixture
def waiting(run: Run, services: Services) -> Deployment:
    """A deployment that awaits approval, beside one that has it."""
    run(registrations, *adding(), "--deployment-id", "approved")
    with services.database.transaction() as db:
        return add_deployment(db, db.scalars(sa.select(Registration.id)).one(), "new")


def test_deployments_that_wait_come_first(run: Run, waiting: Deployment) -> None:
    listed = json.loads(run(deployments, "list", "--json").output)
    assert [row["deployment_id"] for row in listed] == [waiting.deployment_id, "approved"]


def test_a_deployment_is_approved(run: Run, waiting: Deployment, services: Services) -> None:
    assert run(deployments, "approve", str(waiting.id)).exit_code == 0
    with services.database.reading() as db:
        assert db.get_one(Deployment, waiting.id).status == DeploymentStatus.APPROVED


def test_approving_twice_is_approving(run: Run, waiting: Deployment) -> None:
    run(deployments, "approve", str(waiting.id))
    assert run(deployments, "approve", str(waiting.id)).exit_code == 0


@pytest.mark.parametrize(("identity", "code"), [("new", 2), (str(uuid.UUID(int=7)), 1)])
def test_an_unknown_deployment_is_one_line_and_a_code(run: Run, identity: str, code: int) -> None:
    result = run(deployments, "approve", identity)
    assert (result.exit_code, len(result.output.splitlines())) == (code, 1)


@pytest.mark.parametrize(
    ("group", "arguments"),
    [
        (invite, []),
        (registrations, []),
        (registrations, ["add"]),
        (registrations, ["list"]),
        (registrations, ["frame-origin"]),
        (deployments, []),
        (deployments, ["list"]),
        (deployments, ["approve"]),
        (deployments, ["withdraw"]),
    ],
)
def test_every_help_has_an_example(group: Any, arguments: list[str]) -> None:
    assert "Example" in CliRunner().invoke(group, [*arguments, "--help"]).output


def test_a_service_host_is_kept_as_addresses_are_compared(services, run):
    run(registrations, *adding())
    result = run(registrations, "service-host", str(stored(services)[0].id), "Services.Example.org:443")
    assert result.exit_code == 0
    assert stored(services)[0].service_hosts == ["services.example.org"]


def test_a_service_host_named_twice_is_kept_once(services, run):
    run(registrations, *adding())
    for _ in range(2):
        run(registrations, "service-host", str(stored(services)[0].id), "services.example.org:8443")
    assert stored(services)[0].service_hosts == ["services.example.org:8443"]


@pytest.mark.parametrize(
    "host", ["", "https://services.example.org", "a host", "services.example.org/path", "*"]
)
def test_a_service_host_is_a_host_alone(services, run, host):
    run(registrations, *adding())
    result = run(registrations, "service-host", str(stored(services)[0].id), host)
    assert (result.exit_code, stored(services)[0].service_hosts) == (2, [])
    assert "HOST" in result.output


def test_a_platform_whose_tokens_another_asks_for_is_not_added(services, run):
    run(registrations, *adding())
    result = run(registrations, *adding(issuer="https://evil.example.org"))
    assert result.exit_code == 1
    assert "tokens" in result.output
    assert len(stored(services)) == 1


def test_a_second_canvas_with_the_issuer_and_client_id_of_the_first_is_not_added_in_silence(services, run):
    first = adding(issuer="https://canvas.instructure.com", client_id="10000000000001")
    assert run(registrations, *first).exit_code == 0
    again = run(registrations, *first)
    second = [part.replace("sso.example.org", "canvas.second.example") for part in first]
    result = run(registrations, *second)
    assert (again.exit_code, result.exit_code, len(stored(services))) == (1, 1, 1)
    assert "is registered with the client id 10000000000001 already" in again.output
    assert "another platform" in result.output
    assert "set it, restart Canvas, and give that address as --issuer" in result.output


def test_a_deployment_is_approved_by_the_reference_of_its_wait_page(
    run: Run, waiting: Deployment, services: Services
) -> None:
    listed = json.loads(run(deployments, "list", "--json").output)
    assert run(deployments, "approve", listed[0]["reference"]).exit_code == 0
    with services.database.reading() as db:
        assert db.get_one(Deployment, waiting.id).status == DeploymentStatus.APPROVED


def test_a_reference_that_nobody_has_approves_nothing(
    run: Run, waiting: Deployment, services: Services
) -> None:
    answer = run(deployments, "approve", "0123456789ab")
    assert (answer.exit_code, "no deployment has the reference 0123456789ab" in answer.output) == (1, True)
    with services.database.reading() as db:
        assert db.get_one(Deployment, waiting.id).status == DeploymentStatus.PENDING
