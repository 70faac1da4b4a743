"""``tandem doctor``: what it calls an error, what it warns of, and what it calls well."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from lti_tool.commands.doctor import doctor
from lti_tool.commands.migrate import prepare_to_serve
from lti_tool.composition import transaction as composition
from lti_tool.composition.services import Services, make_services
from lti_tool.config import Config
from lti_tool.database import utcnow
from lti_tool.health_checks import CHECKS, Check, Finding, Verdict, environment
from lti_tool.identity import organisations
from lti_tool.identity.principal import OPERATOR
from lti_tool.lti.models import ToolKey
from lti_tool.lti.registration.models import Deployment, Registration
from lti_tool.lti.registration.registrations import withdraw
from lti_tool.messaging import outbox
from lti_tool.messaging.models import DeliveryKind, DeliveryStatus
from tests.lrs.processes import RunningLRS
from tests.platform.keys import key
from tests.redis_server import RedisServer
from tests.requirements import needs_redis

SECRET = "a secret that only the tests know, long enough"


def findings(services: Services, about: str, **settings: object) -> list[Finding]:
    """What one check finds for a tool with these settings instead of its own."""
    check = next(check for check in CHECKS if check.about == about)
    if not settings:
        return check.run(services)
    other = make_services(dataclasses.replace(services.config, **settings))
    try:
        return check.run(other)
    finally:
        other.http.close()
        other.database.dispose()


def only(found: list[Finding]) -> Finding:
    assert len(found) == 1, found
    return found[0]


@pytest.fixture
def offline(tmp_path: Path) -> Iterator[Services]:
    """A tool without a database: for checks that need none."""
    services = make_services(
        Config(
            base_url="https://mentoring.example.com",
            data_dir=tmp_path,
            database_url=f"sqlite:///{tmp_path / 'tandem.db'}",
            secret_key=SECRET,
        )
    )
    yield services
    services.http.close()
    services.database.dispose()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this machine that refuses connections: bound, so that nobody else takes it, but not listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def register(
    services: Services, *, jwks_url: str = "https://lms.example/jwks", label: str | None = None
) -> uuid.UUID:
    identity = uuid.uuid4()
    with services.database.transaction() as db:
        organisation = organisations.add_for(db, "Example")
        db.add(
            Registration(
                id=identity,
                organisation_id=organisation.id,
                label=label,
                issuer="https://lms.example",
                client_id=identity.hex,
                auth_login_url="https://lms.example/auth",
                auth_token_url="https://lms.example/token",
                jwks_url=jwks_url,
            )
        )
    return identity


def deploy(services: Services, registration_id: uuid.UUID, status: str) -> uuid.UUID:
    identity = uuid.uuid4()
    with services.database.transaction() as db:
        organisation_id = db.get_one(Registration, registration_id).organisation_id
        db.add(
            Deployment(
                id=identity,
                registration_id=registration_id,
                organisation_id=organisation_id if status == "approved" else None,
                deployment_id="7",
                status=status,
            )
        )
    return identity


@contextmanager
def host_with_clock_offset(ahead: dt.timedelta) -> Iterator[str]:
    """A web server that believes to be this much later, and answers everything with a key set."""

    class Answers(BaseHTTPRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(utcnow() + ahead, usegmt=True)

        def do_GET(self) -> None:
            body = json.dumps({"keys": [key().jwk]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


@pytest.fixture
def host_with_correct_clock() -> Iterator[str]:
    """The address of a host with the right time."""
    with host_with_clock_offset(dt.timedelta()) as host:
        yield host


def enqueue(services: Services, kind: DeliveryKind, **changed: object) -> None:
    with services.database.transaction() as db:
        delivery = outbox.enqueue(db, kind=kind, key=uuid.uuid4(), order_key="one", body=b"{}")
        for name, value in changed.items():
            setattr(delivery, name, value)


# The settings


def test_known_settings_are_right(offline):
    assert only(findings(offline, "settings")).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("TANDEM_DATABSE_URL", "TANDEM_DATABASE_URL"),
        ("TANDEM_LRS_USER", "TANDEM_LRS_USERNAME"),
        ("TANDEM_SECRETKEY_FILE", "TANDEM_SECRET_KEY"),
    ],
)
def test_a_misspelt_setting_is_mentioned_with_the_one_that_was_meant(offline, misspelt, meant):
    found = only(findings(offline, "settings", unknown_settings=(misspelt,)))
    assert (found.verdict, misspelt in found.message, meant in found.fix) == (Verdict.WARNING, True, True)


def test_a_setting_like_none_of_ours_is_mentioned_without_a_guess(offline):
    found = only(findings(offline, "settings", unknown_settings=("TANDEM_XQZ",)))
    assert (found.verdict, found.fix) == (Verdict.WARNING, "")


# The address


def test_https_is_right(offline):
    assert only(findings(offline, "address")).verdict is Verdict.OK


def test_plain_http_beyond_this_machine_is_an_error(offline):
    assert (
        only(findings(offline, "address", base_url="http://mentoring.example.com")).verdict is Verdict.ERROR
    )


def test_plain_http_says_which_setting_fixes_it(offline):
    found = only(findings(offline, "address", base_url="http://mentoring.example.com"))
    assert "TANDEM_BASE_URL" in found.fix


@pytest.mark.parametrize("origin", ["http://127.0.0.1:5000", "http://localhost:5000", "http://[::1]:5000"])
def test_a_loopback_address_is_only_mentioned(offline, origin):
    assert only(findings(offline, "address", base_url=origin)).verdict is Verdict.WARNING


def test_a_private_address_by_plain_http_is_an_error(offline):
    assert only(findings(offline, "address", base_url="http://192.168.1.5:5000")).verdict is Verdict.ERROR


# Private networks


def test_a_public_tool_that_may_call_private_addresses_is_an_error(offline):
    assert only(findings(offline, "private networks", allow_private_networks=True)).verdict is Verdict.ERROR


def test_a_tool_on_this_machine_may_call_private_addresses(offline):
    found = findings(
        offline, "private networks", allow_private_networks=True, base_url="http://127.0.0.1:5000"
    )
    assert only(found).verdict is Verdict.OK


def test_hosts_that_may_be_private_are_named(offline):
    found = findings(offline, "private networks", allowed_hosts=frozenset({"lms.intranet"}))
    assert "lms.intranet" in only(found).message


# The database


def test_a_migrated_database_is_right(services):
    assert only(findings(services, "database")).verdict is Verdict.OK


def test_a_database_without_tables_is_an_error(services, empty_database_url):
    assert "tandem migrate" in only(findings(services, "database", database_url=empty_database_url)).fix


def test_looking_makes_no_sqlite_file(offline):
    findings(offline, "database")
    assert not Path(offline.database.url.database or "").exists()


def test_a_missing_sqlite_file_is_an_error(offline):
    assert only(findings(offline, "database")).fix == "run: tandem migrate"


def test_a_file_that_is_no_database_is_an_error(offline, tmp_path):
    (tmp_path / "tandem.db").write_bytes(b"certainly not a database file" * 100)
    assert only(findings(offline, "database")).verdict is Verdict.ERROR


def test_a_server_that_does_not_run_is_an_error(offline, closed_port):
    url = f"postgresql+psycopg://tandem:hidden@127.0.0.1:{closed_port}/tandem"
    assert only(findings(offline, "database", database_url=url)).verdict is Verdict.ERROR


def test_the_database_password_is_never_shown(offline, closed_port):
    url = f"postgresql+psycopg://tandem:hidden@127.0.0.1:{closed_port}/tandem"
    assert "hidden" not in only(findings(offline, "database", database_url=url)).message


def test_looking_at_a_database_leaves_it_as_it_was(services):
    services.keys.ensure()
    findings(services, "database")
    with services.database.reading() as db:
        assert db.scalars(sa.select(ToolKey.status)).all() == ["active"]


# The disk


def test_a_tool_without_redis_has_none_to_look_at(offline):
    assert findings(offline, "Redis") == []


def test_a_redis_that_does_not_answer_is_an_error_without_its_password(offline, closed_port):
    found = only(findings(offline, "Redis", redis_url=f"redis://:hush@127.0.0.1:{closed_port}"))
    assert found.verdict is Verdict.ERROR
    assert "hush" not in found.message


@needs_redis
def test_a_redis_that_answers_is_right(offline, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with RedisServer(port, tmp_path):
        found = only(findings(offline, "Redis", redis_url=f"redis://127.0.0.1:{port}"))
    assert found.verdict is Verdict.OK


def test_a_disk_with_room_is_right(offline, monkeypatch):
    monkeypatch.setattr(environment, "DISK_WARNING", 1)
    monkeypatch.setattr(environment, "DISK_ERROR", 0)
    assert only(findings(offline, "disk")).verdict is Verdict.OK


def test_a_disk_with_little_room_is_mentioned(offline, monkeypatch):
    monkeypatch.setattr(environment, "DISK_WARNING", 2**80)
    assert only(findings(offline, "disk")).verdict is Verdict.WARNING


def test_a_full_disk_is_an_error(offline, monkeypatch):
    monkeypatch.setattr(environment, "DISK_ERROR", 2**80)
    assert only(findings(offline, "disk")).verdict is Verdict.ERROR


# The signing key


def test_a_key_that_opens_is_right(services):
    services.keys.ensure()
    assert "can be read" in only(findings(services, "signing key")).message


def test_the_first_start_makes_a_key(services):
    prepare_to_serve(services)
    assert "can be read" in only(findings(services, "signing key")).message


def test_a_key_of_another_secret_is_an_error(services):
    services.keys.ensure()
    found = findings(services, "signing key", secret_key="another secret, and also a long enough one")
    assert "TANDEM_SECRET_KEY" in only(found).fix


def test_looking_for_a_key_makes_none(services):
    findings(services, "signing key")
    with services.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(ToolKey)) == 0


# Platforms


def test_no_platform_is_mentioned_with_the_way_to_connect_one(services):
    assert "tandem invite" in only(findings(services, "platforms")).fix


def test_a_registration_without_deployment_is_mentioned(services):
    register(services)
    assert "no deployment" in only(findings(services, "platforms")).message


def test_a_pending_deployment_is_mentioned_with_the_command_that_approves_it(services):
    identity = deploy(services, register(services), "pending")
    found = only(findings(services, "platforms"))
    assert "deployment 7 awaits approval" in found.message
    assert f"tandem deployments approve {identity}" in found.fix


def test_a_deployment_whose_approval_was_withdrawn_is_mentioned_as_such(services):
    identity = deploy(services, register(services), "approved")
    with composition.transaction(services, OPERATOR) as db:
        withdraw(db, identity)
    found = only(findings(services, "platforms"))
    assert "deployment 7 is not approved any more, its launches are refused" in found.message
    assert f"tandem deployments approve {identity}" in found.fix
    assert "know it" not in found.fix


def test_an_approved_deployment_is_right(services):
    deploy(services, register(services), "approved")
    assert only(findings(services, "platforms")).verdict is Verdict.OK


def test_a_registration_goes_by_its_label(services):
    deploy(services, register(services, label="Our Moodle"), "approved")
    assert only(findings(services, "platforms")).message.startswith("Our Moodle:")


# The clock


def test_a_platform_with_the_same_time_is_right(services, host_with_correct_clock):
    register(services, jwks_url=f"{host_with_correct_clock}/jwks")
    assert only(findings(services, "clock")).verdict is Verdict.OK


@pytest.mark.parametrize(("minutes", "side"), [(3, "behind"), (-3, "ahead of")], ids=["slow", "fast"])
def test_a_clock_that_differs_by_minutes_is_an_error(services, minutes, side):
    with host_with_clock_offset(dt.timedelta(minutes=minutes)) as host:
        register(services, jwks_url=f"{host}/jwks")
        found = only(findings(services, "clock"))
    assert (found.verdict, side in found.message) == (Verdict.ERROR, True)


def test_a_clock_that_differs_by_half_a_minute_is_mentioned(services):
    with host_with_clock_offset(dt.timedelta(seconds=40)) as host:
        register(services, jwks_url=f"{host}/jwks")
        found = only(findings(services, "clock"))
    assert found.verdict is Verdict.WARNING


def test_a_clock_before_the_tool_was_written_is_an_error(services, monkeypatch):
    monkeypatch.setattr("lti_tool.health_checks.remote.EARLIEST", utcnow() + dt.timedelta(days=1))
    assert only(findings(services, "clock")).verdict is Verdict.ERROR


def test_the_clock_of_the_lrs_is_compared_too(services, host_with_correct_clock):
    assert (
        only(findings(services, "clock", lrs_endpoint=f"{host_with_correct_clock}/xapi")).message
        == "agrees with the LRS"
    )


def test_an_lrs_out_of_reach_gives_no_finding_about_the_clock(services, closed_port):
    found = findings(services, "clock", lrs_endpoint=f"http://127.0.0.1:{closed_port}/xapi")
    assert only(found).verdict is Verdict.OK


def test_the_only_platform_out_of_reach_is_an_error(services, closed_port):
    register(services, jwks_url=f"http://127.0.0.1:{closed_port}/jwks")
    assert only(findings(services, "clock")).verdict is Verdict.ERROR


def test_one_platform_of_two_out_of_reach_is_mentioned(services, host_with_correct_clock, closed_port):
    register(services, jwks_url=f"{host_with_correct_clock}/jwks")
    register(services, jwks_url=f"http://127.0.0.1:{closed_port}/jwks")
    assert {found.verdict for found in findings(services, "clock")} == {Verdict.OK, Verdict.WARNING}


def test_a_key_set_that_is_not_there_is_mentioned_with_its_status(services, httpserver):
    register(services, jwks_url=httpserver.url_for("/nothing"))
    assert "answers 500" in only(findings(services, "clock")).message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<html>Log in</html>", "the answer is not JSON"),
        (" " * 300_000, "far too much"),
        ('{"kids": []}', "no list of keys"),
        ('{"keys": [{"kty": "EC", "kid": "1"}]}', "no RSA signing key"),
    ],
    ids=["a web page", "no end", "no list", "another kind of key"],
)
def test_a_key_set_that_verifies_no_launch_is_named_with_why(services, httpserver, body, said):
    httpserver.expect_request("/jwks").respond_with_data(body)
    register(services, jwks_url=httpserver.url_for("/jwks"), label="Our Moodle")
    found = only(findings(services, "clock"))
    assert (found.verdict, found.message.startswith("Our Moodle: its key set at")) == (Verdict.ERROR, True)
    assert said in found.message


def test_a_platform_on_a_private_address_names_the_setting_that_allows_it(services):
    register(services, jwks_url="https://127.0.0.1:1/jwks")
    found = findings(services, "clock", allow_private_networks=False)
    assert "TANDEM_ALLOWED_HOSTS" in only(found).fix


# The LRS


def with_lrs(lrs: RunningLRS, **changed: str) -> dict[str, object]:
    return {
        "lrs_endpoint": lrs.endpoint.rstrip("/"),
        "lrs_username": lrs.username,
        "lrs_password": lrs.password,
        **changed,
    }


def test_no_lrs_is_only_mentioned(offline):
    assert only(findings(offline, "LRS")).verdict is Verdict.WARNING


def test_a_real_lrs_without_an_about_page_is_right(offline, ralph):
    found = findings(offline, "LRS", allow_private_networks=True, **with_lrs(ralph))
    assert only(found).verdict is Verdict.OK


def test_a_strict_lrs_is_right(offline, strict_lrs):
    found = findings(offline, "LRS", allow_private_networks=True, **with_lrs(strict_lrs))
    assert only(found).verdict is Verdict.OK


def test_credentials_that_a_real_lrs_refuses_are_errors(offline, ralph):
    settings = with_lrs(ralph, lrs_password="not this one")
    found = only(findings(offline, "LRS", allow_private_networks=True, **settings))
    assert (found.verdict, "credentials" in found.message) == (Verdict.ERROR, True)


def test_an_lrs_out_of_reach_is_an_error(offline, closed_port):
    found = findings(
        offline,
        "LRS",
        allow_private_networks=True,
        lrs_endpoint=f"http://127.0.0.1:{closed_port}/xapi",
        lrs_username="tandem",
        lrs_password="hidden",
    )
    assert only(found).verdict is Verdict.ERROR
    assert only(found).fix.startswith("nothing is lost: what waits is sent once it answers; if it never did,")


def test_an_address_that_is_no_lrs_is_an_error(offline, httpserver):
    found = findings(
        offline,
        "LRS",
        allow_private_networks=True,
        lrs_endpoint=httpserver.url_for("/shop"),
        lrs_username="tandem",
        lrs_password="hidden",
    )
    assert "/statements" in only(found).fix


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (503, "does not work now (503: Down for maintenance)"),
        (500, "does not work now (500: Down for maintenance)"),
        (429, "does not work now (429: Down for maintenance)"),
        (400, "does not take the question (400: Down for maintenance)"),
        (404, "answers 404: Down for maintenance"),
    ],
)
def test_an_lrs_that_refuses_is_quoted(offline, httpserver, status, said):
    httpserver.expect_request("/xapi/statements").respond_with_data("Down for\nmaintenance", status)
    httpserver.expect_request("/xapi/about").respond_with_data("", 404)
    found = only(
        findings(
            offline,
            "LRS",
            allow_private_networks=True,
            lrs_endpoint=httpserver.url_for("/xapi"),
            lrs_username="tandem",
            lrs_password="hidden",
        )
    )
    assert found.message.endswith(said)
    assert ("nothing is lost: what waits is sent once it answers" in found.fix) == (status in (429, 500, 503))
    assert "TANDEM_LRS_ENDPOINT must be the address to which /statements is added" in found.fix


def test_an_lrs_on_a_private_address_names_the_setting_that_allows_it(offline):
    found = findings(
        offline, "LRS", lrs_endpoint="https://127.0.0.1:1/xapi", lrs_username="tandem", lrs_password="hidden"
    )
    assert "TANDEM_ALLOWED_HOSTS" in only(found).fix


def test_a_version_that_the_lrs_does_not_support_is_mentioned(offline, httpserver):
    httpserver.expect_request("/xapi/statements").respond_with_json({"statements": [], "more": ""})
    httpserver.expect_request("/xapi/about").respond_with_json({"version": ["1.0.3"]})
    found = findings(
        offline,
        "LRS",
        allow_private_networks=True,
        lrs_endpoint=httpserver.url_for("/xapi"),
        lrs_username="tandem",
        lrs_password="hidden",
        lrs_version="2.0.0",
    )
    assert "TANDEM_LRS_VERSION" in only(found).fix


# Deliveries


def test_statements_that_wait_for_an_lrs_to_be_set_are_no_fault_of_the_worker(services):
    enqueue(services, DeliveryKind.STATEMENT, created_at=utcnow() - dt.timedelta(days=2))
    assert {found.verdict for found in findings(services, "deliveries")} == {Verdict.OK}


def test_statements_that_wait_for_hours_are_mentioned(services):
    enqueue(services, DeliveryKind.STATEMENT, created_at=utcnow() - dt.timedelta(hours=2))
    found = findings(services, "deliveries", lrs_endpoint="https://lrs.example/xapi")
    assert "worker" in next(each for each in found if each.verdict is Verdict.WARNING).fix


def test_scores_that_wait_for_hours_are_mentioned_with_the_platforms_words(services):
    enqueue(
        services,
        DeliveryKind.SCORE,
        created_at=utcnow() - dt.timedelta(hours=2),
        last_error="the LMS is asleep",
    )
    found = findings(services, "deliveries")
    assert "the LMS is asleep" in next(each for each in found if each.verdict is Verdict.WARNING).message


def test_dead_statements_are_counted(services):
    for _ in range(2):
        enqueue(services, DeliveryKind.STATEMENT, status=DeliveryStatus.DEAD, done_at=utcnow())
    assert "2 statements refused for good" in [found.message for found in findings(services, "deliveries")]


# A check that fails


def test_a_check_that_breaks_is_itself_a_finding(offline):
    def breaks(_tool: Services) -> list[tuple[Verdict, str, str]]:
        raise ZeroDivisionError("in a place nobody thought of")

    assert only(Check("broken", breaks).run(offline)).verdict is Verdict.ERROR


# The command


@pytest.fixture
def run(services: Services, monkeypatch: pytest.MonkeyPatch):
    """Run ``tandem doctor`` in the environment of ``services``, with these settings besides."""
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "5")

    def with_settings(*arguments: str, **settings: str) -> Result:
        environment = {
            "TANDEM_BASE_URL": "https://mentoring.example.com",
            "TANDEM_DATA_DIR": str(services.config.data_dir),
            "TANDEM_DATABASE_URL": services.config.database_url,
            "TANDEM_SECRET_KEY": SECRET,
            **settings,
        }
        return CliRunner().invoke(doctor, list(arguments), env=environment)

    return with_settings


def test_it_exits_0_without_an_error(run):
    assert run().exit_code == 0


def test_warnings_alone_are_no_error(run):
    assert "No error, " in run().stdout


def test_it_exits_1_with_an_error(run):
    assert run(TANDEM_BASE_URL="http://mentoring.example.com").exit_code == 1


def test_each_finding_is_one_line(run):
    lines = run().stdout.splitlines()
    assert all(line.startswith(("ok ", "warning ", "error ")) for line in lines[:-1])


def test_what_a_platform_wrote_cannot_write_on_the_terminal(run, services):
    register(services, label="Moodle\x1b[2J\nerror  database: gone")
    assert "Moodle [2J error  database: gone has no deployment yet" in run().stdout


def test_json_holds_every_finding(run):
    found = json.loads(run("--json").stdout)["findings"]
    assert {finding["about"] for finding in found} >= {"address", "database", "clock", "LRS", "deliveries"}


def test_json_says_whether_all_is_well(run):
    assert json.loads(run("--json", TANDEM_BASE_URL="http://x.example").stdout)["ok"] is False


def test_a_wrong_setting_is_one_line(run):
    assert run(TANDEM_LOG_FORMAT="loud").stderr == "Error: TANDEM_LOG_FORMAT: must be text or json\n"


def test_a_missing_database_does_not_keep_the_rest_from_being_checked(run, tmp_path):
    output = run(TANDEM_DATABASE_URL=f"sqlite:///{tmp_path / 'nowhere.db'}").stdout
    assert ("LRS" in output, "signing key" in output) == (True, False)


def test_no_secret_is_shown(run):
    result = run(
        TANDEM_LRS_ENDPOINT="https://127.0.0.1:1/", TANDEM_LRS_USERNAME="u", TANDEM_LRS_PASSWORD="hidden"
    )
    assert not {"hidden", SECRET} & set(result.output.split())


def test_a_slow_check_is_named(run, monkeypatch):
    monkeypatch.setattr("lti_tool.commands.doctor.SLOW_SECONDS", 0.0)
    assert "still checking: " in run().stderr
