"""``enrichscrapy COMMAND``: what it lists, refuses, and hands to Scrapy."""

import shutil
import subprocess
import sys

import pytest

from enrichscrapy.__main__ import GROUPS, main
from enrichscrapy.command import load_commands


@pytest.fixture
def enrichscrapy(tmp_path, monkeypatch, capsys):
    """``enrichscrapy(*words)`` in an empty folder -> exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])  # Scrapy adds the folder of a scrapy.cfg
    monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", "")  # put back when the test ends
    monkeypatch.delenv("SCRAPY_SETTINGS_MODULE")

    def run(*words: str) -> tuple[object, str, str]:
        monkeypatch.setattr("sys.argv", ["/bin/enrichscrapy", *words])
        try:
            main()
            code: object = 0
        except SystemExit as ended:
            code = ended.code
        return code, *capsys.readouterr()

    return run


@pytest.mark.parametrize("words", [(), ("--help",)])
def test_it_lists_its_own_commands_before_scrapys(enrichscrapy, words):
    code, out, err = enrichscrapy(*words)
    assert (code, err) == (0, "")
    own = [f"\n  {name} " for name in load_commands()]
    assert all(name in out for name in own)
    assert max(out.index(name) for name in own) < out.index("Scrapy's own: bench, ")
    assert max(map(len, out.splitlines())) <= 100


def test_every_command_has_its_place_in_the_list():
    placed = [name for names in GROUPS.values() for name in names]
    assert load_commands().keys() <= set(placed)
    assert len(placed) == len(set(placed))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("status",), "enrichscrapy: status needs a folder of yours: enrichscrapy init DIR"),
        (("statsu",), "enrichscrapy: there is no command statsu: try status"),
        (("xyzzy",), "enrichscrapy: there is no command xyzzy: try enrichscrapy, which lists"),
        (("init",), "enrichscrapy init: name one folder"),
        (("init", "a", "b"), "enrichscrapy init: name one folder"),
        (("init", "new", "--contact", "a\nb"), "enrichscrapy init: CONTACT"),
        (("completion", "csh"), "enrichscrapy completion: name your shell: bash"),
    ],
)
def test_what_cannot_be_done_is_one_line(enrichscrapy, tmp_path, words, told):
    code, out, err = enrichscrapy(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(told)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("nowhere.settings", "cannot be found: No module named 'nowhere'"),
        ("scrapy.settings.default_settings", "is another program's"),
    ],
)
def test_a_folder_of_another_program_is_one_line(enrichscrapy, tmp_path, settings, told):
    (tmp_path / "scrapy.cfg").write_text(f"[settings]\ndefault = {settings}\n")
    code, out, err = enrichscrapy("status")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_init_says_the_next_three_commands(enrichscrapy, tmp_path):
    code, out, err = enrichscrapy("init", "my faces")
    assert (code, err) == (0, "")
    assert out.startswith("my faces: made data/, jobs/, ")
    named = [line.split()[1] for line in out.splitlines() if line.startswith("  enrichscrapy ")]
    assert named == ["import-performers", "import-faces", "crawl"]
    assert set(named) <= load_commands().keys()
    assert max(map(len, out.splitlines())) <= 80
    assert (tmp_path / "my faces" / "scrapy.cfg").exists()


def test_a_shell_can_complete_commands_spiders_and_options(enrichscrapy):
    code, out, _ = enrichscrapy("completion", "bash")
    assert code == 0
    for word in ("import-faces", "babepedia", "--performer"):
        assert word in out
    checked = subprocess.run([shutil.which("bash"), "-n"], input=out, text=True, check=False)
    assert checked.returncode == 0
