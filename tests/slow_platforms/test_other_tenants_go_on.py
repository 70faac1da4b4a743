"""While one platform drips or floods, ``/healthz`` and another tenant's launch answer within two seconds.

Two seconds more than the same requests take when as many launches of a quick platform arrive at once: what this
machine needs for their signatures and its other work is not a wait for a platform.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
import sqlalchemy as sa

from lti_tool.app import create_app
from lti_tool.commands.serve import THREADS
from lti_tool.composition.jobs import JobWorker, make_job_worker
from lti_tool.composition.services import Services
from lti_tool.demo.server_thread import THREADS as SERVER_THREADS
from lti_tool.demo.server_thread import ServerThread, listen
from lti_tool.identity.models import Course
from lti_tool.jobs.models import Job
from lti_tool.lti.registration.invitations import invite
from lti_tool.lti.registration.models import Registration
from tests.platform.keys import key
from tests.platform.keyset_server import KeysetServer
from tests.platform.platform import INSTRUCTOR, LTI, Platform
from tests.slow_platforms.slow_server import SlowPlatform, wait_until

LIMIT = 2.0
"""Seconds within which everybody else must be answered, beyond what a burst on a quick platform takes."""
BURST = 24
"""Launches that arrive at once: three times the threads of the server."""
NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"


@dataclass
class Reply:
    """The parts of an answer that the platform's double reads."""

    status_code: int
    headers: Any
    text: str


class SocketBrowser:
    """A browser that reaches the served tool over real sockets and keeps its cookies."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies: dict[str, str] = {}

    def get(self, path: str, query_string: dict[str, str] | None = None) -> Reply:
        return self._send("GET", f"{path}?{urlencode(query_string)}" if query_string else path)

    def post(self, path: str, form: dict[str, str]) -> Reply:
        return self._send("POST", path, form)

    def launch(self, state: str, id_token: str) -> Reply:
        """Post a launch, as the platform's page makes the browser do."""
        return self._send("POST", "/lti/launch", {"state": state, "id_token": id_token})

    def _send(self, method: str, path: str, form: dict[str, str] | None = None) -> Reply:
        carried = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = requests.request(
            method,
            self.address + path,
            data=form,
            headers={"Cookie": carried} if carried else {},
            allow_redirects=False,
            timeout=90,
        )
        # The cookie is Secure and the address is not: only by hand is it sent back.
        self.cookies |= answer.cookies.get_dict()
        return Reply(answer.status_code, answer.headers, answer.text)


@pytest.fixture
def served(services: Services) -> Iterator[str]:
    """The tool behind a real server, with as many threads as ``tandem serve`` has."""
    assert SERVER_THREADS == THREADS
    listener = listen(0)
    with ServerThread(create_app(services.config, services), listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def jobs(services: Services) -> Iterator[JobWorker]:
    """What runs background jobs beside the pages; a test starts it."""
    worker = make_job_worker(services, sweep_seconds=0.1)
    yield worker
    worker.stop()


@pytest.fixture
def slow(services: Services, jobs: JobWorker) -> Iterator[SlowPlatform]:
    """The slow platform. Readings under way end before the tool's database goes."""
    platform = SlowPlatform()
    yield platform
    platform.close()
    jobs.stop()
    wait_until(lambda: not jobs.runner.running + services.platform_keys.running, 20)


@pytest.fixture
def slow_tenant(services: Services, keysets: KeysetServer, slow: SlowPlatform) -> Platform:
    """A tenant whose services are on the slow platform; its key set is quick until a test says otherwise."""
    tenant = Platform(keysets, issuer="https://slow.example", client_id="slow", key=key(owner="slow"))
    tenant.register(services.database)
    with services.database.transaction() as db:
        db.execute(
            sa.update(Registration)
            .where(Registration.id == tenant.registration_id)
            .values(
                auth_token_url=f"{slow.url}/token",
                service_hosts=[slow.url.removeprefix("http://")],
            )
        )
    return tenant


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.monotonic()
    result = work()
    return time.monotonic() - started, result


@dataclass
class Limit:
    """How soon everybody else must be answered, on this machine as busy as it is."""

    measure: Callable[[], float]
    """Seconds that somebody else waits at most while a burst of launches of a quick platform arrives."""
    usual: float

    def allows(self, took: float) -> bool:
        """Whether an answer came soon enough. To be asked when nobody is held up any more.

        Where it did not, what this machine needs is measured once more: other programs may have become busier since.
        """
        if took >= LIMIT + self.usual:
            self.usual = max(self.usual, self.measure())
        return took < LIMIT + self.usual


@pytest.fixture
def limit(services: Services, served: str, platform: Platform, keysets: KeysetServer) -> Limit:
    quick = Platform(keysets, issuer="https://quick.example", client_id="quick", key=key(owner="quick"))
    quick.register(services.database)
    # The platform's own key set is read by now, and no part of what is measured.
    assert platform.launch(SocketBrowser(served)).status_code == 303

    def measure() -> float:
        usual = 0.0
        with ThreadPoolExecutor(BURST) as attackers:
            burst = [attackers.submit(forge, served, quick, number) for number in range(BURST)]
            while not all(one.done() for one in burst):
                usual = max(usual, *times_of_others(served, platform))
        assert {one.result() for one in burst} <= {403, 429}
        return usual

    return Limit(measure, measure())


def forge(served: str, tenant: Platform, number: int) -> int:
    """The status of a launch that is signed with a key that the tenant's key set does not hold."""
    return tenant.launch(SocketBrowser(served), header={"kid": f"unknown-{number}"}).status_code


def times_of_others(served: str, platform: Platform) -> tuple[float, float]:
    """Seconds that health and an honest launch take."""
    health_took, health = timed(lambda: requests.get(f"{served}/healthz", timeout=90))
    launch_took, launched = timed(lambda: platform.launch(SocketBrowser(served)))
    assert (health.status_code, launched.status_code) == (200, 303)
    return health_took, launch_took


def slowest_of_others(served: str, platform: Platform, seconds: float) -> float:
    """Seconds of the slowest answer while health and an honest launch are asked for, again and again for so long."""
    until, slowest = time.monotonic() + seconds, 0.0
    while time.monotonic() < until:
        slowest = max(slowest, *times_of_others(served, platform))
        time.sleep(0.1)
    return slowest


def make_keyset_drip(services: Services, tenant: Platform, slow: SlowPlatform) -> None:
    with services.database.transaction() as db:
        db.execute(
            sa.update(Registration)
            .where(Registration.id == tenant.registration_id)
            .values(jwks_url=f"{slow.url}/drip/jwks")
        )


def test_forged_launches_against_a_dripping_key_set(
    services: Services,
    served: str,
    platform: Platform,
    slow_tenant: Platform,
    slow: SlowPlatform,
    limit: Limit,
) -> None:
    make_keyset_drip(services, slow_tenant, slow)
    with ThreadPoolExecutor(BURST) as attackers:
        forged = [attackers.submit(forge, served, slow_tenant, number) for number in range(BURST)]
        wait_until(lambda: slow.requests["/drip/jwks"], 10)
        slowest = slowest_of_others(served, platform, 6)
        answers = [future.result() for future in forged]
    assert set(answers) <= {403, 429}
    assert limit.allows(slowest), (slowest, limit)
    # Everybody shared one reading, or two where the first had ended.
    assert slow.requests["/drip/jwks"] <= 2


def test_a_key_that_is_known_serves_while_the_key_set_drips(
    services: Services, served: str, slow_tenant: Platform, slow: SlowPlatform, limit: Limit
) -> None:
    assert slow_tenant.launch(SocketBrowser(served)).status_code == 303
    make_keyset_drip(services, slow_tenant, slow)
    with ThreadPoolExecutor(8) as attackers:
        for number in range(8):
            attackers.submit(forge, served, slow_tenant, number)
        wait_until(lambda: slow.requests["/drip/jwks"], 10)
        took, reply = timed(lambda: slow_tenant.launch(SocketBrowser(served)))
    assert (reply.status_code, limit.allows(took)) == (303, True), (took, limit)


def launch_as_tutor(served: str, tenant: Platform, roster_url: str, number: int) -> tuple[SocketBrowser, str]:
    """A tutor of a course of their own launches; the browser, and the path of the first page."""
    browser = SocketBrowser(served)
    launched = tenant.launch(
        browser,
        sub=f"tutor-{number}",
        roles=[INSTRUCTOR],
        context={"id": f"course-{number}", "title": "Slow"},
        resource_link={"id": f"link-{number}"},
        custom={"template": "demo"},
        **{NRPS_CLAIM: {"context_memberships_url": roster_url, "service_versions": ["2.0"]}},
    )
    assert launched.status_code == 303, launched.text
    return browser, launched.headers["Location"]


def states_of_readings(services: Services) -> Counter[str]:
    with services.database.reading() as db:
        return Counter(db.scalars(sa.select(Job.status).where(Job.kind == "read_roster")))


@pytest.mark.parametrize("roster", ["/drip/members", "/endless/0"])
def test_nine_tutors_of_a_roster_that_drips_or_never_ends(
    services: Services,
    served: str,
    jobs: JobWorker,
    platform: Platform,
    slow_tenant: Platform,
    slow: SlowPlatform,
    limit: Limit,
    roster: str,
) -> None:
    # Nothing is read yet: each page is whole without the platform.
    with ThreadPoolExecutor(9) as tutors:
        come = [
            tutors.submit(launch_as_tutor, served, slow_tenant, slow.url + roster, number)
            for number in range(9)
        ]
        pages = [browser.get(path) for browser, path in (tutor.result() for tutor in come)]
    assert [page.status_code for page in pages] == [200] * 9
    assert all("The list of participants is being read." in page.text for page in pages)
    assert (slow.requests[roster], states_of_readings(services)) == (0, {"waiting": 9})
    jobs.start()
    wait_until(lambda: slow.requests[roster], 10)
    slowest = slowest_of_others(served, platform, 4)
    assert limit.allows(slowest), (slowest, limit)
    # At most two readings of one registration at the same time, whatever the number of its courses.
    assert states_of_readings(services) == {"waiting": 7, "running": 2}
    if roster == "/drip/members":
        assert slow.requests[roster] <= 2
    # The pages are still answered, and another tenant's roster is read meanwhile.
    for tutor in come:
        browser, path = tutor.result()
        assert browser.get(f"{path}cohort/live").status_code == 200
    serve_quick_roster(services, platform, slow)
    browser, path = launch_as_tutor(served, platform, f"{platform.keysets.url}/quick?x=1", 0)
    browser.get(path)
    wait_until(lambda: "Ngozi Eze" in browser.get(f"{path}cohort/live").text, 20)


def test_nine_administrators_whose_platform_drips_its_configuration(
    services: Services, served: str, jobs: JobWorker, platform: Platform, slow: SlowPlatform, limit: Limit
) -> None:
    jobs.start()
    with services.database.transaction() as db:
        invitations = [invite(db)[1] for _ in range(9)]

    def register(invitation: str) -> tuple[list[int], float]:
        browser = SocketBrowser(served)
        query = {"openid_configuration": f"{slow.url}/drip/configuration", "invite": invitation}
        shown, page = timed(lambda: browser.get("/lti/register", query))
        pressed, answer = timed(lambda: browser.post("/lti/register", query))
        followed, progress = timed(lambda: browser.get(answer.headers["Location"]))
        assert "Connecting 127.0.0.1" in progress.text
        return [reply.status_code for reply in (page, answer, progress)], max(shown, pressed, followed)

    with ThreadPoolExecutor(9) as administrators:
        pages = [administrators.submit(register, invitation) for invitation in invitations]
        wait_until(lambda: slow.requests["/drip/configuration"], 10)
        slowest = slowest_of_others(served, platform, 6)
        results = [page.result() for page in pages]
    assert [statuses for statuses, _took in results] == [[200, 303, 200]] * 9
    slowest = max(slowest, *(took for _statuses, took in results))
    assert limit.allows(slowest), (slowest, limit)
    # Three pages at a time wait for a platform, and two jobs of one platform.
    assert states_of_connections(services)["running"] <= 2


def states_of_connections(services: Services) -> Counter[str]:
    with services.database.reading() as db:
        return Counter(db.scalars(sa.select(Job.status).where(Job.kind == "connect_platform")))


def serve_quick_roster(services: Services, platform: Platform, slow: SlowPlatform) -> None:
    """A roster of one person at ``/quick?x=1`` of the platform's key set server."""
    with services.database.transaction() as db:
        db.execute(
            sa.update(Registration)
            .where(Registration.id == platform.registration_id)
            .values(
                auth_token_url=f"{slow.url}/token",
                service_hosts=[
                    platform.keysets.url.removeprefix("http://"),
                    slow.url.removeprefix("http://"),
                ],
            )
        )
    members = {
        "id": "x",
        "members": [{"user_id": "p", "name": "Ngozi Eze", "roles": [f"{LTI}#Learner", "Learner"]}],
    }
    platform.keysets.documents["/quick?x=1&limit=500&rlid=link-0"] = members


def test_a_roster_appears_by_itself_on_the_page_that_had_it_read(
    services: Services, served: str, jobs: JobWorker, platform: Platform, slow: SlowPlatform
) -> None:
    serve_quick_roster(services, platform, slow)
    browser, path = launch_as_tutor(served, platform, f"{platform.keysets.url}/quick?x=1", 0)
    page = browser.get(path)
    assert "The list of participants is being read." in page.text
    assert "Ngozi Eze" not in page.text
    jobs.start()
    wait_until(lambda: "Ngozi Eze" in browser.get(f"{path}cohort/live").text, 20)

    def is_read() -> bool:
        with services.database.reading() as db:
            return db.scalars(sa.select(Course.roster_read_at)).one() is not None

    # People are stored a batch at a time, and the end of the reading after the last batch.
    wait_until(is_read, 20)
