"""The measure of logging a session is of forms that are accepted."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from bench import sessions


def test_every_form_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pair logs several meetings in one run; a form that is refused ends the run with an error."""
    monkeypatch.setattr(sessions, "PAIRS", 1)
    with ExitStack() as stack:
        forms = sessions._tandem(stack, tmp_path / "tandem")
        forms.play(3)
    assert forms.milliseconds > 0
