"""The documentation is held to the program: settings, commands, links, messages, commands run."""

import ast
import json
import re
import runpy
from pathlib import Path

import pytest

from enrichscrapy.settings_reader import describe_allowed
from tests.support import PROJECT

DOCS = PROJECT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
PACKAGE = PROJECT / "enrichscrapy"


@pytest.fixture
def settings(monkeypatch) -> dict[str, object]:
    """Every setting with its default, whatever the environment holds."""
    monkeypatch.setattr("os.environ", {})
    values = runpy.run_path(str(PACKAGE / "settings.py"))
    return {name: value for name, value in values.items() if name.isupper()}


def documented() -> dict[str, tuple[str, str]]:
    """Each setting's default and what is allowed."""
    rows = re.findall(
        r"^\| `([A-Z_0-9]+)` \| (.*?) \| (.*?) \|", (DOCS / "settings.md").read_text(), re.M
    )
    told = {name: (default, allowed) for name, default, allowed in rows}
    assert len(rows) == len(told), "a setting is documented twice"
    return told


def shown(value: object) -> str:
    """How the page writes a default."""
    if value in ("", None):
        return "not set" if value is None else "empty"
    if isinstance(value, (dict, list)):
        told = json.dumps(value)
        return "see `settings.py`" if "enrichscrapy." in told and len(told) > 60 else f"`{told}`"
    return f"`{value}`"


def test_every_setting_is_documented_with_its_default_and_its_bounds(settings):
    told = documented()
    assert set(settings) - set(told) == set(), "settings that docs/settings.md lacks"
    assert set(told) - set(settings) == {"JOBDIR", "LOG_FILE"}, "documented, but no setting"
    given = settings | {"JOBDIR": None, "LOG_FILE": None}
    expected = {name: (shown(value), describe_allowed(name)) for name, value in given.items()}
    assert {name: row for name, row in told.items() if row != expected[name]} == {}


def test_settings_that_the_environment_may_hold_say_so():
    text = (PACKAGE / "settings.py").read_text()
    read = set(re.findall(r'^([A-Z_0-9]+) = _read_environment\("\1"', text, re.M))
    page = (DOCS / "settings.md").read_text()
    said = set(re.findall(r"^\| `([A-Z_0-9]+)` .*(?:in the environment|The same for)", page, re.M))
    assert said == read


def test_every_command_is_listed():
    commands = {path.stem for path in (PACKAGE / "commands").glob("[a-z]*.py")}
    listed = set(re.findall(r"`(?:enrich)?scrapy ([a-z-]+)", (DOCS / "README.md").read_text()))
    assert commands <= listed


def slug(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {slug(heading) for heading in re.findall(r"^#+ (.*)$", page.read_text(), re.M)}


@pytest.mark.parametrize("page", [*PAGES, PROJECT / "README.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        assert other.exists(), f"{page.name} links to {target}"
        if anchor and other.suffix == ".md":
            assert anchor in anchors(other), f"{page.name} links to {target}"


def test_the_index_names_every_page():
    text = (DOCS / "README.md").read_text()
    missing = [page.name for page in PAGES if page.name != "README.md" and page.name not in text]
    assert missing == []


def test_the_documentation_names_no_machine_and_no_setting_that_does_not_exist(settings):
    known = set(settings) | {"JOBDIR", "PATH", "PYTHONPATH", "SCRAPY_SETTINGS_MODULE", "LOG_FILE"}
    for page in PAGES:
        text = page.read_text()
        assert "/root/" not in text
        named = set(re.findall(r"-s '?([A-Z_]+)=", text)) - {"NAME"}
        assert named <= known, f"{page.name} names {named - known}"


def templates() -> set[str]:
    """Every text of the package, with … for what is filled in."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (text := _template(node)) is not None:
                found.add(text)
    return found


def _template(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub(r"%(?:\.\d+)?[sdgfr]", "…", node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            _template(value) or "" if isinstance(value, ast.Constant) else "…"
            for value in node.values
        )
    return None


def test_every_message_of_the_trouble_page_is_one_that_the_program_says():
    page = (DOCS / "trouble.md").read_text()
    headings = re.findall(r"^### `(.*?)`", page.partition("## scrapyd")[0], re.M)
    assert len(headings) > 20
    known = templates()
    unknown = [told for told in headings if not any(_says(text, told) for text in known)]
    assert unknown == []


def _says(template: str, told: str) -> bool:
    """Whether the pieces of ``told`` stand in ``template`` in their order."""
    place = 0
    for piece in told.split("…"):
        place = template.find(piece, place)
        if place < 0:
            return False
        place += len(piece)
    return True


def test_the_dockerfile_copies_what_is_there_and_sets_what_exists(settings):
    text = (PROJECT / "Dockerfile").read_text()
    ignored = (PROJECT / ".dockerignore").read_text()
    for line in re.findall(r"^COPY (.*) \S+$", text, re.M):
        for name in line.split():
            assert (PROJECT / name).exists()
            assert f"!{name}" in ignored.splitlines()
    names = re.findall(r"([A-Z_0-9]+)=", text.partition("\nENV ")[2].partition("\nUSER")[0])
    assert {"DATABASE_URL", "INDEX_DIR"} <= set(names) & set(settings)
