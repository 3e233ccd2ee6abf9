"""A class of thirty as Moodle and Canvas hand it out, with what makes real downloads difficult."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Names with accents, apostrophes, hyphens, one word, other scripts; two learners have the same one.
_NAMES = (
    *("Ada Lovelace", "José García", "Zoë Ångström", "Seán O'Brien", "Anne-Marie Dupont", "Łukasz Żak"),
    *("李 明", "Madonna", "Ng Wei Ling", "Anna Schmidt", "Anna Schmidt", "Jan van der Berg", "Ólafur Jónsson"),
    *("Grace Hopper", "Linus Torvalds", "Barbara Liskov", "Donald Knuth", "Edsger Dijkstra", "Frances Allen"),
    *("Ken Thompson", "Dennis Ritchie", "Margaret Hamilton", "Radia Perlman", "Vint Cerf", "Tim Lee", "Alan Turing"),
    *("John Backus", "Joan Clarke", "Katherine Johnson", "Leslie Lamport"),
)
# Logins that a spreadsheet would take for formulas, numbers or two cells.
_LOGINS = {1: "-jan", 2: "@zoe", 3: "+49170", 4: "dupont;a", 5: "00123"}
# How each learner hands in; those without a number hand in one plain file.
NESTED, ZIPPED, ONLINE, CAPITALS, COPY, RESUBMITTED, WITH_FILES = 0, 6, 7, 8, 11, 12, 13
MISSING = (14, 20, 29)
LATE = (15, 16)
_FIRST_NUMBER = 2_400_101


@dataclass(frozen=True, slots=True)
class ClassMember:
    """A learner of the class.

    Attributes:
        index: The position in the class.
        name: The full name.
        login: The user name.
        points: The number of checks of the lab that pass with this submission, from 0 to 3.

    """

    index: int
    name: str
    login: str
    points: int

    @property
    def first_name(self) -> str:
        """All but the last word of the name."""
        return self.name.rpartition(" ")[0]

    @property
    def last_name(self) -> str:
        """The last word of the name."""
        return self.name.rpartition(" ")[2]

    @property
    def sortable_name(self) -> str:
        """The name as Canvas sorts it."""
        return f"{self.last_name}, {self.first_name}" if self.first_name else self.name

    @property
    def number(self) -> int:
        """The number in the course system."""
        return _FIRST_NUMBER + 7 * self.index

    @property
    def student_id(self) -> str:
        """The ID in the institution."""
        return f"0{self.index + 50:04}"

    @property
    def email(self) -> str:
        """The e-mail address."""
        return f"student{self.index}@example.org"

    @property
    def is_missing(self) -> bool:
        """Whether the learner hands nothing in."""
        return self.index in MISSING


def list_members() -> list[ClassMember]:
    """Return the class."""
    return [
        ClassMember(index, name, _LOGINS.get(index, f"user{index}"), 3 - index % 4) for index, name in enumerate(_NAMES)
    ]


def write_submission(points: int, lab: str = "tiny") -> str:
    """Return a submission with which so many of the three checks of `LESSON` pass."""
    commands = "".join(f"touch /root/{word}\n" for word in ("one", "two", "three")[:points])
    return f"---\nlab: {lab}\n---\n\n```sh node1\ntrue\n{commands}```\n"


def read_points(text: str) -> int:
    """Return with how many checks a submission passes."""
    return len(re.findall(r"^touch /root/", text, re.MULTILINE))


def _zip_files(files: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return stream.getvalue()


def _type_online(text: str) -> str:
    """Return the HTML that an editor on a web page makes of a text."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"<p>{line or '&nbsp;'}</p>" for line in escaped.splitlines())


def _list_files(member: ClassMember) -> dict[str, bytes]:
    """Return the files that a learner uploads; an online text is a page."""
    text = write_submission(member.points)
    handlers: dict[int, Callable[[], dict[str, bytes]]] = {
        NESTED: lambda: {"swarm work/tiny/submission.md": text.encode()},
        ZIPPED: lambda: {"tiny.zip": _zip_files({"tiny/submission.md": text, "__MACOSX/tiny/._submission.md": "x"})},
        CAPITALS: lambda: {"Submission.MD": b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()},
        COPY: lambda: {"submission (1).md": text.encode()},
        WITH_FILES: lambda: {"submission.md": text.encode(), "stack.yml": b"services: {}\n", "Thumbs.db": b"\0"},
    }
    return handlers[member.index]() if member.index in handlers else {"submission.md": text.encode()}


def write_moodle_zip(path: Path) -> None:
    """Write what Moodle's 'Download all submissions' gives."""
    with zipfile.ZipFile(path, "w") as archive:
        for member in list_members():
            name = member.name.replace("'", "").replace("_", " ")
            # Some computers decompose accents when they pack a folder again.
            name = unicodedata.normalize("NFD", name) if member.index % 2 else name
            prefix = f"{name}_{member.number}_assignsubmission"
            if member.is_missing:
                continue
            if member.index == ONLINE:
                page = _type_online(write_submission(member.points))
                archive.writestr(f"{prefix}_onlinetext/onlinetext.html", page)
                continue
            # Old versions end the name with an underscore.
            folder = f"{prefix}_file_" if member.index % 3 else f"{prefix}_file"
            for file, content in _list_files(member).items():
                archive.writestr(f"{folder}/{file}", content)
            archive.writestr(f"{name}_{member.number}_assignfeedback_file/feedback.pdf", b"%PDF")
        for file in ("__MACOSX/._x", ".DS_Store", "@eaDir/x@SynoEAStream", "lost+found/x", "Thumbs.db", "desktop.ini"):
            archive.writestr(file, b"\0")


def write_moodle_worksheet(path: Path, encoding: str = "utf-8-sig", delimiter: str = ",") -> None:
    """Write Moodle's grading worksheet; two learners are late, and one of them has an extension."""
    header = ["Identifier", "Full name", "Username", "ID number", "Email address", "Status", "Grade", "Maximum grade"]
    header += ["Grade can be changed", "Last modified (submission)", "Last modified (grade)", "Feedback comments"]
    rows = []
    for member in list_members():
        status = "No submission" if member.is_missing else "Submitted for grading"
        submitted = "-" if member.is_missing else "Monday, 30 November 2026, 9:25 PM"
        if member.index in LATE:
            status, submitted = f"{status} - 1 day 2 hours late", "Wednesday, 2 December 2026, 1:59 AM"
        if member.index == LATE[1]:
            status = f"{status} - Extension granted until: Friday, 4 December 2026, 11:59 PM"
        row = [f"Participant {member.number}", member.name, member.login, member.student_id, member.email, status]
        rows.append([*row, "", "100.00", "Yes", submitted, "-", ""])
    _write_csv(path, [header, *rows], encoding, delimiter)


def write_canvas_zip(path: Path) -> None:
    """Write what Canvas' 'Download Submissions' gives."""
    upload = 678_000
    with zipfile.ZipFile(path, "w") as archive:
        for member in list_members():
            name = "".join(re.findall(r"\w+", member.sortable_name.lower()))
            late = "LATE_" if member.index in LATE else ""
            prefix = f"{name}_{late}{member.number}"
            if member.is_missing:
                continue
            if member.index == ONLINE:
                page = f"<html><head><title>x</title></head><body><h1>Lab: {member.name}</h1>"
                page += f"<div>{_type_online(write_submission(member.points))}</div></body></html>"
                archive.writestr(f"{prefix}_text.html", page)
                continue
            files = {file.rpartition("/")[2]: content for file, content in _list_files(member).items()}
            if member.index == RESUBMITTED:
                # The first upload is worth less; Canvas numbers the second one.
                archive.writestr(f"{prefix}_{upload}_submission.md", write_submission(0))
                files = {"submission-1.md": files["submission.md"]}
            for file, content in files.items():
                upload += 1
                archive.writestr(f"{prefix}_{upload}_{file}", content)
        for file in ("__MACOSX/._x", ".DS_Store", "@eaDir/x"):
            archive.writestr(file, b"\0")


def write_canvas_grade_book(path: Path, encoding: str = "utf-8-sig", delimiter: str = ",") -> None:
    """Write an export of the grade book of Canvas."""
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Lab 1 (4321)", "Current Score"]
    rows: list[list[str]] = [["    Points Possible", "", "", "", "", "3.00", "(read only)"]]
    rows += (
        [member.sortable_name, str(member.number), member.student_id, member.login, "Group A; Mon", "", ""]
        for member in list_members()
    )
    rows.append(["Student, Test", "999", "", "f00ba4", "Group A; Mon", "", ""])
    _write_csv(path, [header, *rows], encoding, delimiter)


def _write_csv(path: Path, rows: Sequence[Sequence[str]], encoding: str, delimiter: str) -> None:
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)


LESSON_STEPS = "## Look {#look}\n\n## Find it {#find}\n"
CHECKS = '''"""The checks of the lab that the class does."""

from checks import Nodes, expect_equal, step


def _expect_file(nodes: Nodes, name: str) -> None:
    node = nodes["node1"]
    expect_equal(node, node.run_command("test", "-e", f"/root/{name}").exit_status, 0, of=name, see="ls")


@step("look")
def test_one(nodes: Nodes) -> None:
    """The file one exists."""
    _expect_file(nodes, "one")


@step("find")
def test_two(nodes: Nodes) -> None:
    """The file two exists."""
    _expect_file(nodes, "two")


@step("find")
def test_three(nodes: Nodes) -> None:
    """The file three exists."""
    _expect_file(nodes, "three")
'''
