import pytest

from enrichscrapy import __version__
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.politeness.user_agent import make_user_agent


def test_it_names_program_version_and_contact():
    assert make_user_agent("ops@example.org") == f"enrichscrapy/{__version__} (+ops@example.org)"
    assert make_user_agent(" https://example.org/bot ") == (
        f"enrichscrapy/{__version__} (+https://example.org/bot)"
    )


def test_without_contact_it_still_names_the_program():
    assert make_user_agent("") == f"enrichscrapy/{__version__}"


@pytest.mark.parametrize("contact", ["a\r\nX: y", "a(b)", "tab\there", "ä@example.org", "x" * 300])
def test_contacts_no_header_can_carry(contact):
    with pytest.raises(BadSetting, match="CONTACT"):
        make_user_agent(contact)
