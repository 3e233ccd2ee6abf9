"""Finding the submissions in folders and archives as classes hand them in."""

from __future__ import annotations

import gzip
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.grading import class_folder, folder_tree
from runner.grading.class_folder import find_submissions

LAB = "swarm-basics"
TEXT = f"---\nlab: {LAB}\n---\n"


def write_files(root: Path, paths: Iterable[str]) -> Path:
    """Write files and archives; 'ada.zip:notes.txt' is a file in an archive, and 'ada/' is an empty folder."""
    for path in paths:
        archive, _, member = path.partition(":")
        file = root / archive
        (file if path.endswith("/") else file.parent).mkdir(parents=True, exist_ok=True)
        if member:
            with zipfile.ZipFile(file, "a") as zip_file:
                zip_file.writestr(member, TEXT)
        elif not path.endswith("/"):
            file.write_text(TEXT, "utf-8")
    return root


def find_names(root: Path, *names: str) -> list[str]:
    """Return the submissions in paths below a folder, relative to it."""
    scratch = root / ".scratch"
    scratch.mkdir()
    submissions = find_submissions([root / name for name in names or (".",)], scratch).submissions
    return [str(path.relative_to(root)).removeprefix(".scratch/") for path in submissions]


@pytest.mark.parametrize(
    ("files", "submissions"),
    [
        # What `labs submit` writes, and people hand in.
        ([f"ada/{LAB}/submission.md", f"bob/{LAB}/submission.md"], ["ada", "bob"]),
        ([f"ada/{LAB}/submission.md"], ["ada"]),
        # All kinds in one class; also those without a submission count, and nothing else does.
        (
            [
                "ada/submission.md",
                f"bob/{LAB}/submission.md",
                "cy/my work/lab/submission.md",
                "dan.zip:submission.md",
                "eve/upload.zip:submission.md",
                "fay/report.pdf",
                "guy/",
                "hal.tar.gz/submission.md",
                "ivy/Submission (1).md",
                "notes.txt",
                "data.zip:data.txt",
                "__MACOSX/ada/._submission.md",
                "__MACOSX/submission.md",
                "@eaDir/ada/submission.md",
                "lost+found/submission.md",
                ".git/ada/submission.md",
            ],
            ["ada", "bob", "cy", "dan.zip", "eve", "fay", "guy", "hal.tar.gz", "ivy"],
        ),
        # Only archives.
        (["ada.zip:submission.md", "bob.zip:work/submission.md"], ["ada.zip", "bob.zip"]),
        (["ada.zip:submission.md"], ["ada.zip"]),
        # Extracting an archive adds a folder around the class.
        (["class/ada/submission.md", "class/bob/submission.md"], ["class/ada", "class/bob"]),
        (["a/b/ada/submission.md", "a/b/bob.zip:submission.md"], ["a/b/ada", "a/b/bob.zip"]),
        # Sections of a class.
        (
            ["1/ada/submission.md", "1/bob/submission.md", "2/cy/submission.md", "2/dan/submission.md", "2/eve/"],
            ["1/ada", "1/bob", "2/cy", "2/dan", "2/eve"],
        ),
        # A learner with several labs, or attempts.
        (["ada/swarm-basics/submission.md", "ada/secrets/submission.md", "bob/submission.md"], ["ada", "bob"]),
        (["ada/1/submission.md", "ada/2/submission.md", "bob/submission.md"], ["ada", "bob"]),
        # An archive next to its own content.
        (["ada.zip:submission.md", "ada/submission.md"], ["ada"]),
        (["ada.zip:submission.md", "ada/", "bob/submission.md"], ["ada.zip", "bob"]),
        # One submission.
        (["submission.md", "app/submission.md"], ["."]),
        (["SUBMISSION.md"], ["."]),
        (["submission (1).md", "stack.yml"], ["."]),
        ([f"{LAB}/submission.md", "notes/x"], ["."]),
        (["swarm-basics/submission.md", "secrets/submission.md"], ["."]),
        ([f"{LAB}.zip:submission.md"], ["."]),
        # Instructions in the folder of a class are not a submission.
        (["submission-rules.md", "ada/submission.md", "bob/submission.md"], ["ada", "bob"]),
    ],
)
def test_find_submissions(files: list[str], submissions: list[str], tmp_path: Path) -> None:
    """A folder is a submission or a class, whatever folders and archives are around each `submission.md`."""
    assert submissions == find_names(write_files(tmp_path, files))


def test_paths(tmp_path: Path) -> None:
    """Several paths keep their order, each once; one without a submission counts if another one has some."""
    write_files(tmp_path, ["class/ada/submission.md", "class/bob/submission.md", "eve/submission.md", "none/", "x.md"])
    write_files(tmp_path, ["fay/SUBMISSION.md", "guy.zip:submission.md"])
    assert ["class/ada", "class/bob", "eve", "none", "fay/SUBMISSION.md", "guy.zip"] == find_names(
        tmp_path, "class", "eve", "none", "class/ada", "fay/SUBMISSION.md", "guy.zip"
    )


def test_archive_of_a_class(tmp_path: Path) -> None:
    """An archive of a class is extracted, and is not taken for one submission."""
    write_files(tmp_path, ["class.zip:class/ada/submission.md", "class.zip:class/bob/lab/submission.md"])
    assert ["0/class/ada", "0/class/bob"] == find_names(tmp_path, "class.zip")
    assert TEXT == (tmp_path / ".scratch" / "0" / "class" / "ada" / "submission.md").read_text("utf-8")


def test_archive_of_one_submission(tmp_path: Path) -> None:
    """An archive of one submission stays an archive, which is extracted when it is graded."""
    write_files(tmp_path, [f"ada.zip:{LAB}/submission.md"])
    assert (["ada.zip"], []) == (find_names(tmp_path, "ada.zip"), list((tmp_path / ".scratch").iterdir()))


def test_archive_of_one_folder(tmp_path: Path) -> None:
    """An archive of one folder is one submission, because the folder's name is not that of its learner."""
    write_files(tmp_path, ["ada.zip:my work/submission.md", "ada.zip:my work/app/x"])
    assert ["ada.zip"] == find_names(tmp_path, "ada.zip")


def test_name_of_extracted_folder(tmp_path: Path) -> None:
    """A submission that was extracted is named by its archive, and any other one by its path."""
    paths = [Path("ada"), Path("x/class.zip")]
    extracted = tmp_path / "1" / "class" / "bob"
    assert "x/class.zip/class/bob" == class_folder.name_extracted_folder(extracted, paths, tmp_path)
    assert "ada" == class_folder.name_extracted_folder(Path("ada"), paths, tmp_path)


def test_damaged_archive(tmp_path: Path) -> None:
    """An archive that cannot be read is submissions, so that it can be reported under the name of its learner."""
    write_files(tmp_path, ["ada/submission.md", "bob.zip"])
    assert ["ada", "bob.zip"] == find_names(tmp_path)


def find_others(root: Path, *names: str) -> tuple[list[str], list[str]]:
    """Return the names of archives without a submission, and of other files, next to the submissions of a class."""
    (root / ".scratch").mkdir()
    content = find_submissions([root / name for name in names or (".",)], root / ".scratch")
    return [path.name for path in content.empty_archives], [path.name for path in content.other_files]


@pytest.mark.parametrize(
    ("files", "empty_archives", "other_files"),
    [
        # Where one archive is a learner, all archives are.
        (
            ["ada.zip:submission.md", "bob.zip:submission.docx", "dee.rar", "eve.7z", "fay.tar.zst", "dee.md", "r.csv"],
            ["bob.zip", "dee.rar", "eve.7z", "fay.tar.zst"],
            ["dee.md", "r.csv"],
        ),
        # Two archives of one name are one learner, and an archive next to its folder is none.
        (["ada.zip:submission.md", "bob.7z", "bob.rar", "cy/", "cy.rar"], ["bob.7z"], ["bob.rar", "cy.rar"]),
        # Among folders, an archive without a submission may be the instructor's.
        (["ada/submission.md", "bob/x", "starter.zip:x", "bob.rar", "t.csv"], [], ["bob.rar", "starter.zip", "t.csv"]),
        # Files next to sections are named too; those of systems and of learners are not.
        (
            [
                "1/ada/submission.md",
                "1/bob/x",
                "1/cy.md",
                "1/dan/submission.md",
                "2/eve/submission.md",
                "2/fay/submission.md",
                "r.csv",
            ],
            [],
            ["cy.md", "r.csv"],
        ),
        (["ada/submission.md", "ada/x.rar", "bob/x", ".DS_Store", ".hidden", "__MACOSX/x.rar"], [], []),
        (["submission.md", "x.rar", "x.md"], [], []),
    ],
)
def test_files_next_to_submissions(
    files: list[str], empty_archives: list[str], other_files: list[str], tmp_path: Path
) -> None:
    """What is next to the submissions of a class is found, so that it can be graded or named, and nothing gets lost."""
    assert (empty_archives, other_files) == find_others(write_files(tmp_path, files))


def test_files_in_archive_of_a_class(tmp_path: Path) -> None:
    """In the archive of a class, empty folders are learners, and archives that are never read and files are found."""
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        for name in ("ada/submission.md", "bob.zip", "cy/", "dee.rar", "r.csv", "../../eve/"):
            archive.writestr(f"class/{name}", "")
    (tmp_path / ".scratch").mkdir()
    content = find_submissions([tmp_path / "class.zip"], tmp_path / ".scratch")
    assert ["ada", "bob.zip", "cy"] == [path.name for path in content.submissions]
    assert (["dee.rar"], ["r.csv"]) == ([path.name for path in content.empty_archives], [content.other_files[0].name])
    assert all(path.exists() for path in (*content.submissions, *content.empty_archives, *content.other_files))


@pytest.mark.parametrize("root", ["class", "class.zip"])
def test_loose_submission(root: str, tmp_path: Path) -> None:
    """A file next to the folders of a class that may be a submission is separated from those of other learners."""
    names = ("ada_submission.md", "bob/submission.md", "cy/submission.md")
    write_files(tmp_path, [f"{root}{':' if '.' in root else '/'}{name}" for name in names])
    (tmp_path / ".scratch").mkdir()
    content = find_submissions([tmp_path / root], tmp_path / ".scratch")
    (folder,) = content.other_files
    assert ("ada_submission.md", ["ada_submission.md"]) == (folder.name, [path.name for path in folder.iterdir()])
    shown = class_folder.name_extracted_folder(folder, [tmp_path / root], tmp_path / ".scratch")
    assert str(tmp_path / root / "ada_submission.md") == shown


def test_too_many_files(tmp_path: Path) -> None:
    """A folder that is much larger than a class, such as a home, is not searched to the end."""
    write_files(tmp_path, [f"{number}/x" for number in range(10)])
    assert 10 == len(folder_tree.read_folder_tree(tmp_path, 20).folders)
    with pytest.raises(UsageError, match="contains more than 19 files and folders"):
        folder_tree.read_folder_tree(tmp_path, 19)


def test_hostile_archives(tmp_path: Path) -> None:
    """A pipe that is called an archive, and an archive that is huge without its compression, delay nothing."""
    write_files(tmp_path, ["ada/submission.md", "bob/x"])
    os.mkfifo(tmp_path / "bob" / "pipe.zip")
    with gzip.open(tmp_path / "cy.tar.gz", "wb", compresslevel=1) as stream:
        for _ in range(300):
            stream.write(bytes(1 << 20))
    assert ["ada", "bob", "cy.tar.gz"] == find_names(tmp_path)


def test_class_or_submission(tmp_path: Path) -> None:
    """A folder that is as much a submission as a class is refused, with what to type for each."""
    write_files(tmp_path, ["submission.md", "ada/submission.md", "bob/lab/submission.md"])
    with pytest.raises(UsageError) as caught:
        find_names(tmp_path, "")
    assert f"{tmp_path} contains a submission.md, and so do its folders ada, bob" in caught.value.message
    assert (f"'labs grade {tmp_path}/submission.md'", f"'labs grade {tmp_path}/*/'") == (
        caught.value.advice.split(" grades")[0],
        caught.value.advice.split(", ")[1].split(" grades")[0],
    )


def test_nothing_found(tmp_path: Path) -> None:
    """If there is no submission at all, the error names what there is."""
    write_files(
        tmp_path, ["ada/report.pdf", "ada/x/y", "bob.rar", "data.zip:data.txt", "notes.txt", ".git/config", "empty/"]
    )
    write_files(tmp_path, ["ada/1", "ada/2", "ada/3", ".git/config"])
    with pytest.raises(UsageError) as caught:
        find_names(tmp_path, "")
    assert (
        f"Found no submission.md. {tmp_path} contains: ada/ (1, 2, 3, ...), bob.rar, data.zip, empty/, notes.txt."
        == caught.value.message
    )


@pytest.mark.parametrize("files", [["ada/"], ["ada/.DS_Store"], ["ada/.git/config", "ada/README.md"]])
def test_empty_folder(files: list[str], tmp_path: Path) -> None:
    """An empty folder, or a repository without folders, is that of a learner who handed in nothing."""
    write_files(tmp_path, files)
    assert ["ada"] == find_names(tmp_path, "ada")


def test_nothing_found_in_archive(tmp_path: Path) -> None:
    """If an archive has no submission, the error names its files."""
    write_files(tmp_path, ["data.zip:data.txt", "data.zip:more/data.txt"])
    with pytest.raises(UsageError, match=r"data\.zip contains: data\.txt, more/data\.txt\."):
        find_names(tmp_path, "data.zip")


@pytest.mark.parametrize(
    ("name", "message"),
    [("none", "The folder .*none does not exist"), ("x.pdf", "x.pdf is neither a folder, nor a zip or tar archive")],
)
def test_no_folder(name: str, message: str, tmp_path: Path) -> None:
    """A path that does not exist or is another kind of file is named, even if other paths have submissions."""
    write_files(tmp_path, ["ada/submission.md", "x.pdf"])
    with pytest.raises(UsageError, match=message):
        find_names(tmp_path, "ada", name)


def test_single(tmp_path: Path) -> None:
    """A path that is one submission in any case is not searched."""
    write_files(tmp_path, ["ada/submission.md", "bob/submission.md"])
    assert (tmp_path,) == find_submissions([tmp_path], tmp_path / ".scratch", is_single=True).submissions


def test_links(tmp_path: Path) -> None:
    """In the folder of a class, links to folders are followed; in those of learners they are not."""
    write_files(tmp_path, ["elsewhere/ada/submission.md", "class/bob/notes.txt", "class/cy/submission.md"])
    (tmp_path / "class" / "ada").symlink_to("../elsewhere/ada")
    (tmp_path / "class" / "bob" / "loop").symlink_to("..")
    assert ["class/ada", "class/bob", "class/cy"] == find_names(tmp_path, "class")
