"""The links to what whoever runs the tool has published about it."""

from __future__ import annotations

import dataclasses
import re

from lti_tool.app import create_app
from lti_tool.composition.services import Services
from tests.builder import situations
from tests.web.visiting import Visit


def published(page: str) -> list[tuple[str, str]]:
    """The addresses outside the tool, and in which window each opens."""
    return re.findall(r'<a href="(https://www\.example\.com/[^"]*)"( target="_blank" rel="noopener")?>', page)


def test_pages_link_what_is_set_and_a_frame_is_not_left_for_it(visit, services: Services) -> None:
    here = visit(situations.under_way)
    assert published(here.text()) == published(here.client.get("/").text) == []
    personal_data, sources = "https://www.example.com/gdpr", "https://www.example.com/code"
    config = dataclasses.replace(services.config, privacy_url=personal_data, source_url=sources)
    client = create_app(config, dataclasses.replace(services, config=config)).test_client()
    new_tab = ' target="_blank" rel="noopener"'
    # The source code is for those who run it, not for those who take part.
    assert published(Visit(client, here.home).text()) == [(personal_data, new_tab)]
    for page in ("/", "/xapi/profile?lang=en", "/hr?link=x"):
        answer = client.get(page, headers={"Accept": "text/html"})
        assert published(answer.text) == [(personal_data, ""), (sources, "")]
