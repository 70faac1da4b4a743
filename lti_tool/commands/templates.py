"""``tandem templates``: the programme templates that come with the tool, and those of each company, as YAML files."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from lti_tool.commands.context import (
    BadInput,
    find_organisation,
    operator_command,
    print_json,
    print_rows,
    transaction,
)
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.identity import organisations
from lti_tool.identity.policy import Action
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.programmes.template import ProgrammeTemplate, UnknownTemplateError, template_codes
from lti_tool.mentoring.programmes.template_actions import keep_template
from lti_tool.mentoring.programmes.template_file import (
    TemplateFileError,
    read_template_file,
    write_template_file,
)
from lti_tool.mentoring.programmes.template_queries import TemplateRecord, find_template, templates_offered
from lti_tool.translation import LANGUAGES, using_language
from schemas.yaml_text import LARGEST_FILE

_ORGANISATION = click.option(
    "--organisation", metavar="O", help="The company, by name or id. Not needed where there is one alone."
)


@click.group()
def templates() -> None:
    """What programmes are made from: the built-in templates, and each company's own.

    \b
    Example:
      tandem templates export digital-skills > ours.yaml
      tandem templates import ours.yaml
    """


@templates.command("list")
@_ORGANISATION
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.READ_TEMPLATES)
def list_templates(services: Services, organisation: str | None, as_json: bool) -> None:
    """List the templates that a company can choose: those that come with the tool, and its own.

    \b
    Example:
      tandem templates list --organisation "Example Ltd"
    """
    with services.database.reading() as db:
        records = templates_offered(db, _organisation(db, organisation))
    shown = [_shown(record) for record in records]
    if as_json:
        print_json(shown)
        return
    columns = ("code", "title", "kind", "version", "changed_at")
    print_rows([{name: row[name] for name in columns} for row in shown], empty="No template.")


def _shown(record: TemplateRecord) -> dict[str, Any]:
    document = record.template.document()
    changed_at = record.changed_at
    return {
        "code": record.code,
        "title": record.template.title.en,
        "title_fr": record.template.title.fr,
        "kind": "own" if record.is_own else "built-in",
        "version": record.number,
        "changed_at": changed_at.isoformat(timespec="seconds") if changed_at is not None else None,
        "skills": len(document["skills"]),
        "objectives": len(document["objectives"]),
        "kpis": len(document["kpis"]),
        "questionnaires": [questionnaire["phase"] for questionnaire in document["questionnaires"]],
    }


@templates.command("export")
@click.argument("code", metavar="CODE")
@_ORGANISATION
@click.option(
    "--language",
    type=click.Choice(tuple(LANGUAGES)),
    default="en",
    show_default=True,
    help="Of the comments; the texts are there in both.",
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.READ_TEMPLATES)
def export_template(
    services: Services, code: str, organisation: str | None, language: str, as_json: bool
) -> None:
    """Write the template CODE as a YAML file, to be changed in a text editor and imported again.

    \b
    Example:
      tandem templates export digital-skills > ours.yaml
    """
    with services.database.reading() as db:
        try:
            template = find_template(db, _organisation(db, organisation), code).template
        except UnknownTemplateError:
            raise BadInput(f"there is no template {code!r}; `tandem templates list` shows them") from None
    if as_json:
        print_json(template.document())
        return
    with using_language(language):
        click.echo(write_template_file(template), nl=False)


@templates.command("import")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True))
@_ORGANISATION
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@operator_command(Action.KEEP_TEMPLATES)
def import_template(services: Services, file: Path, organisation: str | None, as_json: bool) -> None:
    """Keep the template of a YAML FILE as a company's own, or as the next version of its own with the same code.

    \b
    Example:
      tandem templates import ours.yaml --organisation "Example Ltd"
    """
    template = _read(file)
    with transaction(services) as db:
        organisation_id = _organisation(db, organisation)
        if organisation_id is None:
            raise BadInput(
                "--organisation: say whose template it is; `tandem organisations list` shows the companies"
            )
        try:
            kept = keep_template(db, organisation_id, template, by=None, now=utcnow())
        except NotAllowed:
            raise click.ClickException("the company has as many templates as can be kept") from None
        number = kept.number if kept is not None else find_template(db, organisation_id, template.code).number
    if as_json:
        print_json({"code": template.code, "version": number, "changed": kept is not None})
    elif kept is None:
        click.echo(f"{template.code} is as it was: nothing was changed.")
    else:
        place = ", in place of the built-in template" if template.code in template_codes() else ""
        click.echo(f"Kept {template.code} as version {number}{place}. It is offered from now on.")


def _organisation(db: Session, given: str | None) -> uuid.UUID | None:
    """The company that was named, or the only one that there is."""
    named = find_organisation(db, given)
    every = organisations.every(db) if named is None else []
    return every[0].id if len(every) == 1 else named


def _read(file: Path) -> ProgrammeTemplate:
    """The template of a file; what is wrong with it ends the command, with the line."""
    try:
        with click.open_file(str(file), "rb") as opened:
            content = opened.read(LARGEST_FILE + 1)
        return read_template_file(content)
    except OSError as error:
        raise BadInput(f"FILE {file}: {error.strerror or 'cannot be read'}") from None
    except TemplateFileError as error:
        first, *others = error.problems
        place = f"{first.place}: " if first.place else ""
        line = f", line {first.line}" if first.line is not None else ""
        more = f" (and {len(others)} more)" if others else ""
        raise BadInput(f"{file}{line}: {place}{first.problem.text}{more}") from None
