"""``python -m lti_tool.demo.lms --port 5001 --data FOLDER``: the demo's LMS in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lti_tool.demo.lms.server import serve_lms
from lti_tool.demo.lms.settings import LmsSettings


@click.command(epilog="Example: python -m lti_tool.demo.lms --port 5001 --data ./demo-data/lms")
@click.option(
    "--port", default=5001, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."
)
@click.option(
    "--data", required=True, type=click.Path(file_okay=False, path_type=Path), help="The LMS's own folder."
)
@click.option("--grade-rules", default="moodle", show_default=True, type=click.Choice(["moodle", "canvas"]))
@click.option("--language", default="fr", show_default=True, type=click.Choice(["fr", "en"]))
def main(port: int, data: Path, grade_rules: str, language: str) -> None:
    """Serve the demo's LMS on loopback until it is stopped."""
    settings = LmsSettings(
        data_dir=data,
        port=port,
        grade_rules="canvas" if grade_rules == "canvas" else "moodle",
        product_family_code=grade_rules,
        default_locale="en" if language == "en" else "fr",
    )
    try:
        serve_lms(settings)
    except OSError as error:
        print(f"The LMS cannot start on port {port}: {error.strerror or error}.", file=sys.stderr)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
