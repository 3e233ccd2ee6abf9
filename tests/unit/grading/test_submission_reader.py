"""Finding and reading one learner's submission, wherever it is in what was handed in."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.grading.archives import ArchiveError
from runner.grading.collect import read_submission_snapshot
from runner.grading.lab_choice import LabChoice, choose_lab
from runner.grading.resource_limits import ResourceLimits
from runner.grading.snapshot import Snapshot
from runner.grading.submission_search import AmbiguousSubmissionError

SWARM, SECRETS, NO_LAB = "---\nlab: swarm-basics\n---\n", "---\nLab: Secrets\n---\n", "## Look\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder of a learner."""
    folder = tmp_path / "ada"
    folder.mkdir()
    return folder


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")


def make_zip(files: Mapping[str, str | bytes]) -> bytes:
    """Return the content of a zip archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return stream.getvalue()


def read_snapshot(path: Path, lab: str | None = None) -> Snapshot:
    """Read a submission."""
    return read_submission_snapshot(path, ResourceLimits(), lab)


def list_problems(snapshot: Snapshot) -> list[str]:
    """Return the problems with their paths."""
    return [f"{problem.path}: {problem.message}" for problem in snapshot.problems]


@pytest.mark.parametrize("path", ["submission.md", "swarm-basics/submission.md", "my work/a/b/submission.md"])
def test_nested_folder(path: str, folder: Path) -> None:
    """A submission.md in any folder below is the submission, with the files next to it."""
    write_files(folder / Path(path).parent, {"submission.md": SWARM, "stack.yml": "", "app/x": ""})
    snapshot = read_snapshot(folder)
    assert ("ada", SWARM, (), ()) == (snapshot.name, snapshot.text.decode(), snapshot.problems, snapshot.notes)
    assert ["stack.yml", "app/x"] == [file.path for file in snapshot.files]


def test_files_elsewhere(folder: Path) -> None:
    """Files that are not next to submission.md are named, because the nodes do not have them."""
    write_files(
        folder, {"swarm-basics/submission.md": SWARM, "stack.yml": "", "app/x": "", "__MACOSX/x": "", ".DS_Store": ""}
    )
    message = "it is not next to swarm-basics/submission.md, so the nodes do not have it"
    assert [f"stack.yml: {message}", f"app/x: {message}"] == list_problems(read_snapshot(folder))


def test_many_files_elsewhere(folder: Path) -> None:
    """Of many files elsewhere, the first ones are named."""
    write_files(folder, {"lab/submission.md": SWARM, **{f"{number:02}": "" for number in range(30)}})
    problems = list_problems(read_snapshot(folder))
    assert (9, True) == (len(problems), problems[-1].endswith(", like all files after this one"))


@pytest.mark.parametrize(
    "name", ["Submission.md", "SUBMISSION.MD", "submission (1).md", "submission.md.txt", "lab/submission-1.md"]
)
def test_near_name(name: str, folder: Path) -> None:
    """A file with nearly the right name is the submission, and a note says so."""
    write_files(folder, {name: SWARM, "README.md": ""})
    snapshot = read_snapshot(folder)
    assert (SWARM, (f"{name} was read as submission.md",)) == (snapshot.text.decode(), snapshot.notes)
    assert "submission" not in "".join(file.path for file in snapshot.files)


def test_right_name_and_near_name(folder: Path) -> None:
    """The right name counts more than a near one; a note names the other file."""
    write_files(folder, {"submission.md": SWARM, "submission (1).md": SECRETS})
    snapshot = read_snapshot(folder, "swarm-basics")
    note = "submission.md is graded; these files are not: submission (1).md"
    assert (SWARM, (note,)) == (snapshot.text.decode(), snapshot.notes)


@pytest.mark.parametrize("lab", [None, "swarm-basics"])
@pytest.mark.parametrize("paths", [("submission (1).md", "submission (2).md"), ("a/submission.md", "b/submission.md")])
def test_ambiguous(paths: tuple[str, str], lab: str | None, folder: Path) -> None:
    """If several files could be the submission, all of them are named."""
    write_files(folder, dict(zip(paths, (SWARM, f"{SWARM}## Look\n"), strict=True)))
    with pytest.raises(AmbiguousSubmissionError) as caught:
        read_snapshot(folder, lab)
    assert f"2 files could be its submission.md: {', '.join(paths)}." == caught.value.message


def test_same_content(folder: Path) -> None:
    """Copies in the same folder are no reason to refuse a submission; in two, they may be those of two learners."""
    write_files(folder, {"submission (1).md": SWARM, "submission (2).md": SWARM})
    assert "submission (1).md is graded; these files are not: submission (2).md" in read_snapshot(folder).notes
    write_files(folder / "class", {"a/submission.md": SWARM, "b/submission.md": SWARM})
    with pytest.raises(AmbiguousSubmissionError, match=r"a/submission\.md, b/submission\.md"):
        read_snapshot(folder / "class")


@pytest.mark.parametrize(
    "names",
    [("ada_submission.md", "bob_submission.md"), ("submission-ada.md", "submission-bob (1).md", "submission.txt")],
)
def test_names_of_persons(names: tuple[str, ...], folder: Path) -> None:
    """Files with the names of several persons are those of several learners, whatever their text is."""
    write_files(folder, dict.fromkeys(names, SWARM))
    with pytest.raises(AmbiguousSubmissionError) as caught:
        read_snapshot(folder)
    assert f"{len(names)} files could be its submission.md: {', '.join(names)}." == caught.value.message


def test_versions_of_one_text(folder: Path) -> None:
    """Copies that differ only in what people and programs add to names are no reason to refuse a submission."""
    names = ("Ada_Submission - Copy.md", "ada_submission (1).md", "ada_submission_final_v2.md", "submission (1).md")
    write_files(folder, dict.fromkeys(names, SWARM))
    assert SWARM == read_snapshot(folder).text.decode()


def test_upper_folder_counts_more(folder: Path) -> None:
    """A submission.md at the top counts more than one below, which is one of its files."""
    write_files(folder, {"submission.md": SWARM, "old/submission.md": f"{SWARM}## Look\n"})
    snapshot = read_snapshot(folder)
    assert (SWARM, ["old/submission.md"]) == (snapshot.text.decode(), [file.path for file in snapshot.files])
    assert ("submission.md is graded; these files are not: old/submission.md",) == snapshot.notes


@pytest.mark.parametrize(("lab", "text"), [("swarm-basics", SWARM), ("secrets", SECRETS)])
@pytest.mark.parametrize("paths", [("1/submission.md", "2/submission.md"), ("submission.md", "secrets/submission.md")])
def test_several_labs(paths: tuple[str, str], lab: str, text: str, folder: Path) -> None:
    """Of submissions for several labs, the one for the lab that is graded is taken, whatever its place is."""
    write_files(folder, dict(zip(paths, (SWARM, SECRETS), strict=True)))
    assert text == read_snapshot(folder, lab).text.decode()


def test_several_labs_and_none_given(folder: Path) -> None:
    """Without a lab, submissions for several labs are named with their labs."""
    write_files(folder, {"1/submission.md": SWARM, "2/submission.md": SECRETS, "3/submission.md": ""})
    with pytest.raises(AmbiguousSubmissionError) as caught:
        read_snapshot(folder)
    named = "1/submission.md (swarm-basics), 2/submission.md (secrets), 3/submission.md (no lab)"
    assert f"It has submissions for several labs: {named}." == caught.value.message


def test_lab_of_other_folder(folder: Path) -> None:
    """If only one submission names no lab, it is not the one for a lab that another one names."""
    write_files(folder, {"1/submission.md": NO_LAB, "2/submission.md": SECRETS})
    assert [SECRETS, NO_LAB] == [read_snapshot(folder, lab).text.decode() for lab in ("secrets", "swarm-basics")]


@pytest.mark.parametrize("name", ["ada.zip", "ada/upload.ZIP", "ada/work/swarm-basics.zip"])
def test_archive(name: str, folder: Path, tmp_path: Path) -> None:
    """A submission is found in an archive, and in archives in its folder; scripts in it are made to run."""
    content = make_zip({"swarm-basics/submission.md": SWARM, "swarm-basics/run.sh": "#!/bin/sh\r\ntrue\r\n"})
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(content)
    snapshot = read_snapshot(tmp_path / name if name == "ada.zip" else folder)
    assert ("ada", SWARM, ()) == (snapshot.name, snapshot.text.decode(), snapshot.problems)
    assert [("run.sh", b"#!/bin/sh\ntrue\n", True)] == [
        (file.path, file.content, file.is_executable) for file in snapshot.files
    ]
    assert ("line ends of Windows were converted in run.sh", "made executable: run.sh") == snapshot.notes


def test_archive_next_to_submission(folder: Path) -> None:
    """If a folder has a submission.md, archives in it are ordinary files."""
    content = make_zip({"submission.md": SECRETS})
    write_files(folder, {"submission.md": SWARM})
    (folder / "data.zip").write_bytes(content)
    snapshot = read_snapshot(folder)
    assert (SWARM, content) == (snapshot.text.decode(), snapshot.files[0].content)


def test_files_next_to_archive(folder: Path) -> None:
    """Files next to the archive with the submission are named."""
    (folder / "a.zip").write_bytes(make_zip({"submission.md": SWARM, "../x": "x"}))
    (folder / "b.zip").write_bytes(make_zip({"data": "data"}))
    write_files(folder, {"stack.yml": ""})
    message = "it is not next to a.zip/submission.md, so the nodes do not have it"
    assert ["a.zip/../x: path with '..'; it is not extracted", f"stack.yml: {message}", f"data: {message}"] == (
        list_problems(read_snapshot(folder))
    )


def test_bad_archive(folder: Path, tmp_path: Path) -> None:
    """An archive that cannot be read is an error if no other one has the submission, and a problem otherwise."""
    (folder / "a.zip").write_bytes(b"no archive")
    for path in (folder, folder / "a.zip"):
        with pytest.raises(ArchiveError, match=r"a\.zip: it is damaged, or not a zip or tar archive"):
            read_snapshot(path)
    (folder / "b.zip").write_bytes(make_zip({"submission.md": SWARM}))
    (problem,) = list_problems(read_snapshot(folder))
    assert problem.startswith("a.zip: cannot read the archive: it is damaged")


def test_archive_is_a_link(folder: Path, tmp_path: Path) -> None:
    """An archive that is a link could be any file of the host, so it is not read."""
    (tmp_path / "other.zip").write_bytes(make_zip({"submission.md": SWARM}))
    (folder / "a.zip").symlink_to("../other.zip")
    with pytest.raises(ArchiveError, match="it is a symbolic link"):
        read_snapshot(folder)


def test_nested_archive(folder: Path) -> None:
    """An archive in an archive is not read, and named."""
    (folder / "a.zip").write_bytes(make_zip({"x/b.zip": make_zip({"submission.md": SWARM})}))
    message = "submission.md: the file is missing, also in these archives (archives in archives are not read)"
    assert [f"{message}: a.zip"] == list_problems(read_snapshot(folder))
    assert [f"{message}: x/b.zip"] == list_problems(read_snapshot(folder / "a.zip"))


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"report.pdf": "", "a/x": ""}, "the file is missing; the folder contains: report.pdf, a/x"),
        ({}, "the file is missing; the folder is empty"),
        ({".DS_Store": ""}, "the file is missing; the folder is empty"),
        (
            {"Submission.docx": ""},
            "the file is missing; save as plain text with the name submission.md: Submission.docx",
        ),
        ({"ada.rar": ""}, "the file is missing; labs cannot read ada.rar: hand in a folder, or a zip or tar archive"),
    ],
)
def test_nothing(files: dict[str, str], problem: str, folder: Path) -> None:
    """Without a submission, the report names what there is instead."""
    write_files(folder, files)
    snapshot = read_snapshot(folder)
    assert (b"", [f"submission.md: {problem}"]) == (snapshot.text, list_problems(snapshot))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("dee.rar", "labs cannot read dee.rar: hand in a folder, or a zip or tar archive"),
        ("dee.md", "instead of a folder or an archive with it, there is only the file dee.md"),
        ("dee.zip", "the archive contains: work/compose.yaml"),
    ],
)
def test_file_of_a_class(name: str, problem: str, folder: Path) -> None:
    """A file that is all that a learner has handed in is named, and the files of others around it are not collected."""
    write_files(folder, {"bob/submission.md": SWARM, "dee.rar": "", "dee.md": ""})
    (folder / "dee.zip").write_bytes(make_zip({"work/compose.yaml": ""}))
    snapshot = read_snapshot(folder / name)
    assert ("dee", b"") == (snapshot.name, snapshot.text)
    assert [f"submission.md: the file is missing; {problem}"] == list_problems(snapshot)
    assert [] == [file.path for file in snapshot.files if file.path != "work/compose.yaml"]


def test_file(folder: Path) -> None:
    """A file that was named is the submission, with the files next to it."""
    write_files(folder, {"submission.md": SWARM, "submission-2.md": SECRETS})
    snapshot = read_snapshot(folder / "submission-2.md")
    assert ("ada", SECRETS, ["submission.md"]) == (
        snapshot.name,
        snapshot.text.decode(),
        [file.path for file in snapshot.files],
    )


@pytest.mark.parametrize(
    ("path", "expected"), [("", "x"), ("x/submission.md", "x"), ("x/a.zip", "x/a.zip"), ("y", "y/a.zip"), ("z", "z")]
)
def test_folder(path: str, expected: str, folder: Path) -> None:
    """The folder of a submission is the one with submission.md, or the archive that was named."""
    for name in ("x", "y", "z"):
        (folder / name).mkdir()
    write_files(folder / "x", {"submission.md": SWARM})
    for name in ("x", "y"):
        (folder / name / "a.zip").write_bytes(make_zip({"submission.md": SWARM}))
    assert str(folder / expected) == read_snapshot(folder / path).folder


@pytest.mark.parametrize(("encoding", "name"), [("utf-16", "UTF-16"), ("cp1252", "Windows-1252")])
def test_encodings_of_windows(encoding: str, name: str, folder: Path) -> None:
    """A submission in an encoding of Windows is read, also its front matter, and a note says so."""
    text = "---\nname: René\nlab: swarm-basics\n---\n"
    (folder / "submission.md").write_bytes(text.encode(encoding))
    snapshot = read_snapshot(folder)
    note = f"submission.md was converted from {name} to UTF-8"
    assert (text, (note,)) == (snapshot.text.decode(), snapshot.notes)
    assert LabChoice("swarm-basics") == choose_lab(folder, ResourceLimits(), None)


def test_errors_are_usage_errors() -> None:
    """Both errors are reported like any mistake on the command line."""
    assert issubclass(AmbiguousSubmissionError, UsageError)
    assert issubclass(ArchiveError, UsageError)
