"""Downloads of Gradescope and of repositories, groups, and what is special in Moodle and Canvas."""

from __future__ import annotations

import subprocess
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.grading.classes import class_list, online_text
from runner.grading.classes.class_list import ClassList
from runner.grading.classes.deadlines import parse_deadline
from tests.support import helpers

SUBMISSION = "---\nlab: tiny\n---\n\n```sh node1\necho 'a < b' && true\n```\n"


def write_files(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files with their folders, and return the folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def list_class(
    system: str, download: Path, roster: str = "", skip_unmatched: bool = False, due: str | None = None
) -> ClassList:
    """Return a class from a download and the text of a roster."""
    scratch, roster_file = Path(tempfile.mkdtemp(dir=download.parent)), download.parent / "roster.csv"
    roster_file.write_text(roster, "utf-8")
    opened = class_list.open_download(system, download, scratch)
    deadline = parse_deadline(due, None, None)
    return class_list.create_class_list(download, opened, roster_file if roster else None, deadline, skip_unmatched)


METADATA = """\
submission_101:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0007'
    :email: ada@x.org
  :created_at: 2026-11-30 22:10:00.123456000 Z
  :score: 0.0
  :history: []
submission_102:
  :submitters:
  - :name: Bob
    :sid: ''
    :email: bob@x.org
  - :name: Eve
    :sid:
    :email: eve@x.org
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-12-01 01:00:00 Z
    zone: UTC
"""


def test_gradescope(tmp_path: Path) -> None:
    """Gradescope's metadata says who handed in and when; each member of a group gets the submission."""
    files = {f"assignment_5_export/submission_{number}/submission.md": SUBMISSION for number in (101, 102)}
    write_files(tmp_path / "export", {**files, "assignment_5_export/submission_metadata.yml": METADATA})
    roster = "name,id,email\nAda,0007,\nBob B,2,bob@x.org\nEve E,3,eve@x.org\nJoe,4,j@x.org\n"
    members = list_class("gradescope", tmp_path / "export", roster)
    assert ["0007", "2", "3"] == [source.name for source in members.sources]
    assert ["4"] == [entry.key for entry in members.missing]
    assert members.sources[1].folder == members.sources[2].folder
    times = [members.submittals[key].time for key in ("0007", "2")]
    assert [datetime(2026, 11, 30, 22, 10, 0, 123456, UTC), datetime(2026, 12, 1, 1, tzinfo=UTC)] == times


def test_gradescope_without_metadata_of_a_folder(tmp_path: Path) -> None:
    """A submission of which the metadata says nothing is named, and is not lost."""
    files = {"submission_101/submission.md": SUBMISSION, "submission_999/submission.md": SUBMISSION}
    write_files(tmp_path / "export", {**files, "submission_metadata.yml": METADATA})
    with pytest.raises(UsageError, match="submission_999: the download does not say who handed it in"):
        list_class("gradescope", tmp_path / "export")


def create_repository(folder: Path, time: str) -> None:
    """Create a repository with a submission that was committed at a time."""
    write_files(folder, {"submission.md": SUBMISSION})
    dates = {"GIT_AUTHOR_DATE": time, "GIT_COMMITTER_DATE": time}
    for command in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message", "Hand in")):
        argv = ["git", "-c", "user.name=x", "-c", "user.email=x@y.z", "-C", str(folder), *command]
        subprocess.run(argv, check=True, env=helpers.build_environment(folder, **dates))


@pytest.mark.parametrize("folder", ["tiny-lab-submissions", "clones"])
def test_repositories(folder: str, tmp_path: Path) -> None:
    """Clones are matched by the GitHub user name behind the assignment, and the last commit says when."""
    for login in ("ada-l", "Bob", "carol"):
        create_repository(tmp_path / folder / f"tiny-lab-{login}", "2026-11-30T22:10:00+00:00")
    write_files(tmp_path / folder, {"scores.csv": "x", ".DS_Store": "x"})
    roster = "identifier,github_username,github_id,name\n-ada,Ada-L,1,Ada\nbo,bob,2,Bo\ncy,carol,3,Cy\nd,,,Dee\n"
    members = list_class("classroom50", tmp_path / folder, roster)
    assert ["-ada", "bo", "cy"] == [source.name for source in members.sources]
    assert tmp_path / folder / "tiny-lab-Bob" == members.sources[1].folder
    assert datetime(2026, 11, 30, 22, 10, tzinfo=UTC) == members.submittals["cy"].time
    assert ["d"] == [entry.key for entry in members.missing]
    assert ("Ignored, because it is no submission: scores.csv",) == members.warnings


def test_moodle_groups_and_flat_files(tmp_path: Path) -> None:
    """A group's submission is that of all its members; old versions of Moodle write files and no folders."""
    files = {
        "Group A_17_assignsubmission_file_submission.md": SUBMISSION,
        "Group A_17_assignsubmission_file_stack.yml": "services: {}",
        "Dee_18_assignsubmission_file_/submission.md": SUBMISSION,
        "notes.txt": "mine",
    }
    roster = "login,name,group\na,Ada,Group A\nb,Bob,Group A\nd,Dee,\n"
    members = list_class("moodle", write_files(tmp_path / "download", files), roster)
    assert ["a", "b", "d"] == [source.name for source in members.sources]
    assert ["stack.yml", "submission.md"] == sorted(path.name for path in members.sources[0].folder.iterdir())
    assert ("Ignored, because it is no submission: notes.txt",) == members.warnings


def test_moodle_with_usernames(tmp_path: Path) -> None:
    """Some versions of Moodle put the username before the name."""
    folder = write_files(tmp_path / "download", {"s17 Ada B_5_assignsubmission_file/submission.md": SUBMISSION})
    assert "s17" == list_class("moodle", folder, "login,name\ns17,Ada B\n").sources[0].name


def test_two_learners_of_one_name(tmp_path: Path) -> None:
    """A submission with only a name, which two learners have, is given to neither; both lines are named."""
    folder = write_files(tmp_path / "download", {"Anna S_5_assignsubmission_file/submission.md": SUBMISSION})
    with pytest.raises(UsageError, match="lines 2 and 3 of the roster have this name"):
        list_class("moodle", folder, "login,name\na,Anna S\nb,Anna S\n")


def test_canvas_names(tmp_path: Path) -> None:
    """Names may contain numbers, underscores and LATE; a roster without Canvas' numbers is matched by the names."""
    files = {
        "r2_d2_LATE_12345_678_submission.md": SUBMISSION,
        "o'brienseán_12346_679_submission-12.md": SUBMISSION,
        "o'brienseán_12346_680_stack-2.yml": "services: {}",
        "李明_12347_681_submission.md": SUBMISSION,
    }
    roster = "login,name\nr,R2_D2\ns,Seán O'Brien\nl,李 明\n"
    members = list_class("canvas", write_files(tmp_path / "download", files), roster)
    assert ["r", "s", "l"] == [source.name for source in members.sources]
    # The grade book finds learners by the numbers in the download.
    assert ["12345", "12346", "12347"] == [members.entries[key].identity.canvas_id for key in "rsl"]
    assert [True, False, False] == [members.submittals[key].is_marked_late for key in "rsl"]
    names = sorted(path.name for path in members.sources[1].folder.iterdir())
    assert ["stack-2.yml", "stack.yml", "submission.md"] == names


def test_anonymous_canvas_download(tmp_path: Path) -> None:
    """Submissions that Canvas made anonymous are named with what to do about it."""
    folder = write_files(tmp_path / "download", {"anon_Ab1cD_678_submission.md": SUBMISSION})
    with pytest.raises(UsageError, match="turn anonymous grading off"):
        list_class("canvas", folder, "login,name\na,Ada\n")


def test_unreadable_time_in_the_roster(tmp_path: Path) -> None:
    """A time that cannot be read is an error if there is a deadline, and does not matter otherwise."""
    folder = write_files(tmp_path / "download", {"Ada_5_assignsubmission_file/submission.md": SUBMISSION})
    roster = "login,name,submitted\na,Ada,gestern\n"
    assert 1 == len(list_class("moodle", folder, roster).sources)
    with pytest.raises(UsageError, match="line 2 of the roster, 'a': 'gestern' is not a time"):
        list_class("moodle", folder, roster, due="2026-11-30")


def test_damaged_download(tmp_path: Path) -> None:
    """A zip that cannot be read is a usage error, and so is one that does not exist."""
    (tmp_path / "damaged.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(UsageError, match=r"Cannot read the archive damaged\.zip"):
        list_class("moodle", tmp_path / "damaged.zip")
    with pytest.raises(UsageError, match="does not exist"):
        list_class("moodle", tmp_path / "none.zip")


def test_links_in_a_download(tmp_path: Path) -> None:
    """A link in a submission stays a link when its files are copied, so that no file outside is read."""
    folder = write_files(tmp_path / "download", {"Ada_5_assignsubmission_file/submission.md": SUBMISSION})
    (tmp_path / "secret").write_text("secret", "utf-8")
    (folder / "Ada_5_assignsubmission_file" / "link").symlink_to(tmp_path / "secret")
    assert (list_class("moodle", folder).sources[0].folder / "link").is_symlink()


def test_zip_with_paths_out_of_it(tmp_path: Path) -> None:
    """A zip cannot write outside the folder for its files."""
    with zipfile.ZipFile(tmp_path / "download.zip", "w") as archive:
        archive.writestr("../../outside.md", "x")
        archive.writestr("Ada_5_assignsubmission_file/submission.md", SUBMISSION)
    members = list_class("moodle", tmp_path / "download.zip")
    assert 1 == len(members.sources)
    assert ("Not extracted: download.zip/../../outside.md: path with '..'; it is not extracted",) == members.warnings
    assert [] == list(tmp_path.rglob("outside.md"))


@pytest.mark.parametrize(
    "html",
    [
        "<p>---<br>lab: tiny<br />---</p><p>&nbsp;</p><p>```sh node1<br>echo 'a &lt; b' &amp;&amp; true<br>```</p>",
        "<html><head><title>T</title></head><body><h1>Lab: Ada</h1><div>\n<pre>---\nlab: tiny\n---\n\n```sh node1\n"
        "echo 'a &lt; b' &amp;&amp; true\n```</pre>\n</div></body></html>",
        "<div>---</div><div>lab: tiny</div><div>---</div><div><br></div><div>```sh node1</div>"
        "<div>echo 'a &lt; b'&nbsp;&amp;&amp;\n true</div><div>```</div>",
    ],
)
def test_online_text(html: str) -> None:
    """A submission that was pasted into an editor on a web page is the same text again."""
    text = online_text.convert_html_to_text(html)
    assert SUBMISSION.split() == text.split()
    assert [line for line in SUBMISSION.splitlines() if line] == [line for line in text.splitlines() if line]


def write_both_kinds(system: str, folder: Path, files: Mapping[str, str], page: str) -> Path:
    """Write the download of a learner who has typed a text into a page and uploaded files."""
    prefixes = {"moodle": "Ada_5_assignsubmission_file/", "canvas": "ada_12345_678_"}
    pages = {"moodle": "Ada_5_assignsubmission_onlinetext/onlinetext.html", "canvas": "ada_12345_text.html"}
    written = {f"{prefixes[system]}{name}": text for name, text in files.items()}
    return write_files(folder / "download", {**written, pages[system]: page})


@pytest.mark.parametrize("system", ["moodle", "canvas"])
@pytest.mark.parametrize(
    ("files", "page", "submission", "note"),
    [
        ({"run.sh": "true"}, f"<pre>{SUBMISSION}</pre>", True, "; uploaded too: run.sh"),
        ({"Submission.docx": "x"}, f"<pre>{SUBMISSION}</pre>", True, "; uploaded too: Submission.docx"),
        ({"submission.md": "mine"}, f"<pre>{SUBMISSION}</pre>", False, "; uploaded: submission.md"),
        ({"Submission (1).md": "mine"}, f"<pre>{SUBMISSION}</pre>", False, "; uploaded: Submission (1).md"),
        ({"work.zip": "damaged"}, "<p>See my zip.</p>", False, "; uploaded: work.zip"),
        ({"run.sh": "true"}, "<p>&nbsp;</p>", False, None),
        ({}, f"<pre>{SUBMISSION}</pre>", True, ""),
    ],
)
def test_online_text_and_files(
    system: str, files: Mapping[str, str], page: str, submission: bool, note: str | None, tmp_path: Path
) -> None:
    """The uploaded submission is graded; if there is none, the typed text is, with the files; a note says which."""
    members = list_class(system, write_both_kinds(system, tmp_path, files, page))
    (source,) = members.sources
    written = {path.name: path.read_text("utf-8") for path in source.folder.iterdir()}
    assert {**files, **({"submission.md": SUBMISSION} if submission else {})} == written
    typed = "the text that was typed on the page of the course system"
    start = f"submission.md is {typed}" if submission else f"the uploaded submission.md is graded, and not {typed}"
    assert (() if note is None else (f"{start}{note}",)) == members.notes[source.name]


def test_online_text_and_archive(tmp_path: Path) -> None:
    """A submission in an uploaded archive is graded, and not the text; the pictures in a text are not the text."""
    folder = write_both_kinds("moodle", tmp_path, {}, "<p>See my zip.</p>")
    write_files(folder, {"Ada_5_assignsubmission_onlinetext/Picture.png": "x"})
    (folder / "Ada_5_assignsubmission_file").mkdir()
    for name, text in (("submission.docx", "See my zip.\n"), ("work/submission.md", "")):
        with zipfile.ZipFile(folder / "Ada_5_assignsubmission_file" / "work.zip", "a") as archive:
            archive.writestr(name, SUBMISSION)
        members = list_class("moodle", folder)
        (source,) = members.sources
        written = {path.name: path.read_bytes() for path in source.folder.iterdir()}
        assert ({"work.zip", "submission.md"} if text else {"work.zip"}) == set(written)
        assert text == written.get("submission.md", b"").decode()


def test_two_learners_of_one_name_in_one_group(tmp_path: Path) -> None:
    """Two learners of one name do not get each other's submission, even if the roster has them in one group."""
    folder = write_files(tmp_path / "download", {"Anna S_5_assignsubmission_file/submission.md": SUBMISSION})
    with pytest.raises(UsageError, match="lines 2 and 3 of the roster have this name"):
        list_class("moodle", folder, "login,name,group\na,Anna S,Monday\nb,Anna S,Monday\n")


def test_two_accounts_of_one_name(tmp_path: Path) -> None:
    """If the roster has one of two learners of the same name, it is not known which submission is whose."""
    files = {f"annas_{number}_678_submission.md": SUBMISSION for number in (12345, 12346)}
    folder = write_files(tmp_path / "download", files)
    with pytest.raises(UsageError, match="2 accounts have the name of 'a'"):
        list_class("canvas", folder, "login,name\na,Anna S\n")
    members = list_class("canvas", folder, "login,name,canvas id\na,Anna S,12346\n", skip_unmatched=True)
    assert ["a"] == [source.name for source in members.sources]
    assert (
        "Not graded: annas_12345_678_submission.md: the roster has the name, but not the number 12345; "
        "is it for another assignment or course?",
    ) == members.warnings
