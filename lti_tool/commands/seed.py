"""``tandem seed``: data for measuring, and a cohort with a past for looking at."""

from __future__ import annotations

import datetime as dt
import ipaddress
from urllib.parse import urlsplit

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.commands.context import operator_command
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.demo.seeding import bulk
from lti_tool.demo.seeding.cohorts import DAYS, live
from lti_tool.demo.seeding.groups import SEEDED_ISSUER, NewPerson, add_course
from lti_tool.demo.seeding.names import PEOPLE
from lti_tool.identity.policy import Action
from lti_tool.lti.registration.models import Registration

COUPLES = 12


@click.command()
@click.option("--programmes", type=click.IntRange(0, 10_000), default=0, help="How many programmes.")
@click.option(
    "--people", type=click.IntRange(0, 1_000_000), default=0, help="How many people, in all of them."
)
@click.option("--sessions", type=click.IntRange(0, 10_000_000), default=0, help="How many meetings, in all.")
@click.option(
    "--demo", is_flag=True, help="Also a cohort of 12 pairs with eleven weeks behind it, in every state."
)
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", help="In which its people write.")
@click.option("--among-real-people", is_flag=True, help="Also where a real platform is connected.")
@operator_command(Action.SEED)
def seed(
    services: Services,
    programmes: int,
    people: int,
    sessions: int,
    demo: bool,
    language: str,
    among_real_people: bool,
) -> None:
    """Make invented programmes, people and meetings, by the tool's own actions in a simulated past.

    They belong to a platform that does not exist, so no grade is sent; their statements go to the record store that is
    set, if any.

    \b
    Examples:
      tandem seed --programmes 10 --people 1000 --sessions 5000
      tandem seed --demo
    """
    if programmes == 0 and (people or sessions):
        raise click.UsageError("people and meetings need a programme: --programmes N")
    if not demo and not programmes:
        raise click.UsageError("say how many: --programmes N --people N --sessions N, or --demo")
    if sessions and people // max(programmes, 1) < 2:
        raise click.UsageError("meetings need two people in each programme: --people N")
    if not among_real_people:
        _refuse_real_platforms(services)
    now = utcnow()
    if programmes:
        with click.progressbar(length=people, label="People") as shown:
            made = bulk.seed(
                services,
                programmes=programmes,
                people=people,
                sessions=sessions,
                now=now,
                progress=shown.update,
            )
            count = sum(1 for _group in made)
        click.echo(f"{count} programmes, {people} people, {sessions} meetings.")
    if demo:
        _live_cohort(services, now, language)


def _live_cohort(services: Services, now: dt.datetime, language: str) -> None:
    tutor, *learners = (
        NewPerson(f"seeded-{now:%Y%m%d%H%M%S}-{number}", given, family, language)
        for number, (given, family) in enumerate((("Claire", "Dubreuil"), *PEOPLE))
    )
    group, people = add_course(
        services,
        title="Transmettre le numérique" if language == "fr" else "Passing digital skills on",
        tutor=tutor,
        learners=learners,
        template="digital-skills",
        opened_at=now - dt.timedelta(days=DAYS),
    )
    with click.progressbar(length=100, label="Ten weeks") as shown:
        live(
            group,
            people,
            couples=COUPLES,
            now=now,
            locale=language,
            progress=lambda done, all: shown.update(100 * done // all - shown.pos),
        )
    click.echo(f"A cohort of {len(people)} people with eleven weeks behind it: {group.cohort_id}")


def _refuse_real_platforms(services: Services) -> None:
    """End the command where invented people would stand among real ones."""
    with services.database.reading() as db:
        real = _real_issuer(db)
    if real is not None:
        raise click.ClickException(
            f"{real} is connected here: invented people would stand among real ones. Use another TANDEM_DATA_DIR, "
            "or add --among-real-people"
        )


def _real_issuer(db: Session) -> str | None:
    issuers = db.scalars(sa.select(Registration.issuer).where(Registration.issuer != SEEDED_ISSUER))
    return next((issuer for issuer in issuers if not _is_loopback(urlsplit(issuer).hostname or "")), None)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
