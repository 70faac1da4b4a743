"""The pages by which a programme is chosen, set up, changed and copied."""

from __future__ import annotations

from tests.browser.visits import UNKNOWN, Case, Visit, at_page, followed, sent_to
from tests.builder import setting_up, situations


def _scaled(visit: Visit) -> None:
    home = visit.served_tool.build_situation(situations.tutor, visit.locale, again=True)
    visit.page.goto(home + "programme/scale")
    with visit.page.expect_navigation():
        visit.page.locator("#make").click()


def _own_template(visit: Visit, below: str = "change", made_from: str = "blank") -> None:
    """A page of a template that the company has made from another one: its text, or one of its parts."""
    home = visit.situation(situations.tutor_alone, f"programme/templates/{made_from}/copy")
    visit.send("", title_fr="Notre programme", title_en="Our programme")
    visit.page.goto(f"{home}programme/templates/our-programme/{below}")


PROGRAMME_CASES: tuple[Case, ...] = (
    sent_to(
        "programme-wrong-group",
        "opening.choose",
        situations.tutor_who_chooses,
        "programme",
        template="demo",
        group=UNKNOWN,
        role_view="both",
    ),
    at_page("programme-to-choose", "programme.tasks", situations.tutor_who_chooses, "programme"),
    at_page("programme-templates", "templates.index", situations.tutor_alone, "programme/templates"),
    at_page("programme-template", "templates.show", situations.tutor_alone, "programme/templates/ai-at-work"),
    at_page(
        "programme-template-copy",
        "templates.ask_copy",
        situations.tutor_alone,
        "programme/templates/ai-at-work/copy",
    ),
    sent_to(
        "programme-template-copy-unnamed",
        "templates.copy",
        situations.tutor_alone,
        "programme/templates/ai-at-work/copy",
        title_fr="",
        title_en="",
    ),
    Case(
        "programme-template-parts",
        ("template_parts.tasks", "GET"),
        lambda visit: _own_template(visit, "parts", "sustainability"),
    ),
    Case(
        "programme-template-dates",
        ("template_parts.show", "GET"),
        lambda visit: _own_template(visit, "parts/dates", "sustainability"),
    ),
    Case(
        "programme-template-skill",
        ("template_parts.show_entry", "GET"),
        lambda visit: _own_template(visit, "parts/skills/new", "sustainability"),
    ),
    Case(
        "programme-template-rule",
        ("template_rule.show", "GET"),
        lambda visit: _own_template(visit, "parts/rule", "customer-market-trends"),
    ),
    Case("programme-template-change", ("templates.change", "GET"), _own_template),
    sent_to(
        "programme-template-wrong",
        "templates.keep",
        situations.tutor_alone,
        "programme/template-text",
        text="v: 1\ncode: ours\nrhythm:\n  sessions: six\n  tempo: fast\n",
    ),
    at_page(
        "programme-template-of-settings",
        "templates.ask_own_settings",
        situations.tutor_alone,
        "programme/template-of-settings",
    ),
    sent_to(
        "programme-template-of-settings-unnamed",
        "templates.keep_own_settings",
        situations.tutor_alone,
        "programme/template-of-settings",
        title_fr="",
    ),
    at_page("programme-to-scale", "scale.show", situations.tutor, "programme/scale"),
    Case("programme-to-scale-made", ("scale.show", "GET"), _scaled),
    sent_to(
        "programme-to-scale-wrong",
        "scale.make",
        situations.tutor,
        "programme/scale",
        starts_on="2020-01-01",
        ends_on="2019-01-01",
    ),
    at_page(
        "programme-template-file", "templates.ask_file", situations.tutor_alone, "programme/template-file"
    ),
    sent_to(
        "programme-template-no-file",
        "templates.take_file",
        situations.tutor_alone,
        "programme/template-file",
    ),
    sent_to(
        "programme-questions",
        "opening.choose",
        situations.tutor_who_chooses,
        "programme",
        template="ai-at-work",
        role_view="both",
        begin="set-up",
        go_to="questions",
    ),
    at_page("programme-set-up", "programme.tasks", setting_up.tutor_sets_up, "programme"),
    at_page("programme-set-up-begun", "programme.tasks", setting_up.tutor_sets_up_much, "programme"),
    sent_to("programme-not-ready", "programme.start", setting_up.tutor_sets_up_much, "programme/start"),
    at_page("programme-settings", "programme.tasks", setting_up.tutor_changes_settings, "programme"),
    *(
        at_page(f"programme-{part}", "programme_sections.show", setting_up.tutor_sets_up, f"programme/{part}")
        for part in ("goal", "objectives", "kpis", "questionnaires")
    ),
    at_page(
        "programme-figure", "programme_sections.show_entry", setting_up.tutor_sets_up, "programme/kpis/new"
    ),
    at_page(
        "programme-formats-counted",
        "programme_sections.show",
        setting_up.rule_counts_audio,
        "programme/formats",
    ),
    at_page(
        "programme-objective",
        "programme_sections.show_entry",
        setting_up.tutor_sets_up,
        "programme/objectives/new",
    ),
    sent_to(
        "programme-skill-wrong",
        "programme_sections.save_entry",
        setting_up.tutor_sets_up,
        "programme/skills/new",
        tag="x",
    ),
    sent_to(
        "programme-dates-wrong",
        "programme_sections.save",
        setting_up.tutor_changes_settings,
        "programme/dates",
        ends_on="2020-01-01",
        follow_up_on="",
    ),
    sent_to(
        "programme-changed-by-two",
        "programme_sections.save",
        setting_up.tutor_sets_up_much,
        "programme/dates",
        made_from="1",
        starts_on="2030-01-01",
        ends_on="2030-06-30",
        follow_up_on="2030-09-30",
    ),
    sent_to(
        "duplicate-unknown-answer",
        "opening.answer",
        situations.tutor_of_duplicate,
        "duplicate",
        answer="both",
    ),
    sent_to(
        "duplicate-to-confirm",
        "opening.answer",
        situations.tutor_of_duplicate,
        "duplicate",
        answer="new",
    ),
    followed(
        "group-duplicate",
        ("waiting_copies.ask", "GET"),
        situations.tutor_of_waiting_duplicate,
        "/cohort/duplicates/[0-9a-f-]+",
    ),
    followed(
        "group-duplicate-unknown-answer",
        ("waiting_copies.answer", "POST"),
        situations.tutor_of_waiting_duplicate,
        "/cohort/duplicates/[0-9a-f-]+",
        answer="both",
    ),
)
