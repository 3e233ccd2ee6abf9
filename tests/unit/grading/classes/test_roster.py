"""Rosters: which columns are read, and which mistakes are reported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.grading.classes import manual_points, roster
from runner.grading.classes.roster import RosterEntry, read_roster
from runner.grading.grade_model import LearnerIdentity
from tests.support import helpers


def read_text(folder: Path, text: str, encoding: str = "utf-8") -> tuple[RosterEntry, ...]:
    """Return the learners in a roster with this text."""
    file = folder / "roster.csv"
    file.write_bytes(text.encode(encoding))
    return read_roster(file).entries


@pytest.mark.parametrize(
    ("text", "key", "identity"),
    [
        ("login,name\nada,Ada Lovelace\n", "ada", LearnerIdentity("Ada Lovelace", login="ada")),
        ("First name;Surname;ID number\nAda;Lovelace;00123\n", "00123", LearnerIdentity("Ada Lovelace", "00123")),
        (
            "Last Name\tFirst Name\tEmail Address\nLovelace\tAda\ta@b.c\n",
            "a@b.c",
            LearnerIdentity("Ada Lovelace", email="a@b.c"),
        ),
        ("sep=;\r\nname;section\r\nAda;A,B\r\n", "Ada", LearnerIdentity("Ada", section="A,B")),
        ("Identifier,Full name\nTeilnehmer 77,Ada\n", "Ada", LearnerIdentity("Ada")),
        ("identifier,github_username,github_id,name\nx17,ada-l,5,Ada\n", "x17", LearnerIdentity("Ada", "x17")),
        (
            "username,first_name,last_name,email\nada-l,Ada,L,a@b.c\n",
            "ada-l",
            LearnerIdentity("Ada L", login="ada-l", email="a@b.c"),
        ),
        (
            'Student,ID,SIS User ID,SIS Login ID,Section\n  Points Possible,,,,\n"L, Ada",7,0042,ada,A\n',
            "ada",
            LearnerIdentity("L, Ada", "0042", "7", "ada", section="A"),
        ),
        (
            'Student,ID,SIS Login ID,Section\nAda,7,ada,A\n"Student, Test",8,x,A\n',
            "ada",
            LearnerIdentity("Ada", "", "7", "ada", section="A"),
        ),
        ("name,id\n  Jose\u0301 ,1\n", "1", LearnerIdentity("José", "1")),
    ],
)
def test_columns(text: str, key: str, identity: LearnerIdentity, tmp_path: Path) -> None:
    """The columns of usual exports are known under their headings, and texts are kept except for spaces around them."""
    (entry,) = read_text(tmp_path, text)
    assert (key, identity) == (entry.key, entry.identity)


def test_old_excel_file(tmp_path: Path) -> None:
    """A file of an Excel that does not write Unicode has its accents."""
    (entry,) = read_text(tmp_path, "name;login\nZoë Ångström;zoe\n", "cp1252")
    assert "Zoë Ångström" == entry.identity.name


def test_numbers_and_extensions(tmp_path: Path) -> None:
    """Moodle's number, its extension and the time of the submission are found in the worksheet."""
    status = "Submitted for grading - 1 day late - Extension granted until: Friday, 4 December 2026, 11:59 PM"
    text = "Identifier,Full name,Status,Last modified (submission)\n"
    text += f'Participant 77,Ada,"{status}","Monday, 30 November 2026, 9:25 PM"\n'
    text += "Participant 78,Bob,No submission,-\n"
    ada, bob = read_text(tmp_path, text)
    assert ("77", "Friday, 4 December 2026, 11:59 PM") == (ada.participant, ada.extension)
    assert ("Monday, 30 November 2026, 9:25 PM", "") == (ada.submitted, bob.submitted)


def test_one_learner_in_two_sections(tmp_path: Path) -> None:
    """A learner who has a row in each of two sections is one learner."""
    assert 1 == len(read_text(tmp_path, "login,name,section\nada,Ada,A\nada,Ada,B\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour,shape\nred,round\n", "no column that identifies learners; its columns are: colour, shape"),
        ("login,name\n", "contains no learners"),
        ("", "is empty"),
        ("login,login\na,b\n", "two columns 'login'"),
        ("login,name\njan,Jan\nbo,Bo\nJan,Jan B\n", "lines 2 and 4 have the same login 'Jan'"),
        ("login,email\na,x@y.z\nb,X@y.z\n", "lines 2 and 3 have the same e-mail address"),
        ("name\nAnna Schmidt\nAnna Schmidt\n", "lines 2 and 3 have the same name 'Anna Schmidt'"),
        ("login,name,section\na,Ada,1\n,,2\n", ":3: the row has no name"),
        ("PK\x03\x04", "it is a spreadsheet or an archive"),
    ],
)
def test_mistakes(text: str, message: str, tmp_path: Path) -> None:
    """A mistake in the roster is reported with its lines, because learners could get the grades of others."""
    with pytest.raises(UsageError, match=message):
        read_text(tmp_path, text)


def test_missing_file(tmp_path: Path) -> None:
    """A roster that does not exist is a usage error."""
    with pytest.raises(UsageError, match=r"Cannot read .*none\.csv: No such file"):
        read_roster(tmp_path / "none.csv")


def test_documentation() -> None:
    """The reference lists all headings of a roster and of a file with manual points."""
    text = (helpers.CHECKOUT / "docs" / "reference" / "class-files.md").read_text("utf-8")
    for columns, section in ((roster.COLUMNS, "## Rosters"), (manual_points.COLUMNS, "## Manual points")):
        table = text.partition(section)[2].partition("\n## ")[0]
        listed = [set(re.findall(r"`([^`]+)`", row)) for row in re.findall(r"^\| [^|]+ \| (`[^|]+) \|", table, re.M)]
        assert [set(headings) for headings in columns.values()] == [
            headings - {"id"} if "canvas id" in headings else headings for headings in listed
        ]
