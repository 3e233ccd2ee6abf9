"""`labs site build` on the command line."""

from __future__ import annotations

from pathlib import Path

import html5lib

from tests.support import helpers

STEP = f"{helpers.FRONT_MATTER}## Look {{#look}}\n"


def test_build(tmp_path: Path) -> None:
    """The site is built into `_site`, and the output says how many files were written."""
    helpers.write_lab(tmp_path, STEP)
    result = helpers.run_labs(tmp_path, "site", "build")
    assert (0, "") == (result.returncode, result.stderr)
    assert " files in _site: " in result.stdout
    assert (tmp_path / "_site" / "tiny" / "look.html").is_file()
    assert ": 0 written, 0 removed." in helpers.run_labs(tmp_path, "site", "build").stdout


def test_out(tmp_path: Path) -> None:
    """`--out` names the folder."""
    helpers.write_lab(tmp_path, STEP)
    result = helpers.run_labs(tmp_path, "site", "build", "--out", "a/[b]")
    assert (0, True) == (result.returncode, "Open a/[b]/index.html." in result.stdout)
    assert (tmp_path / "a" / "[b]" / "index.html").is_file()


def test_broken_link(tmp_path: Path) -> None:
    """A broken link is reported with exit code 3, and nothing is written."""
    helpers.write_lab(tmp_path, f"{STEP}\n[x](gone.md)\n")
    result = helpers.run_labs(tmp_path, "site", "build")
    assert 3 == result.returncode
    where = f"{tmp_path}/labs/tiny/lesson.md:11: the link 'gone.md' points to a file that does not exist"
    assert f"The site was not built because of 1 problem:\n{where}\n" in result.stderr
    assert not (tmp_path / "_site").exists()


def test_broken_front_matter(tmp_path: Path) -> None:
    """Broken front matter is reported with its line."""
    helpers.write_lab(tmp_path, STEP.replace("minutes: 5", "minutes: soon"))
    result = helpers.run_labs(tmp_path, "site", "build")
    assert (3, True) == (result.returncode, "lesson.md:5: front matter: 'minutes'" in result.stderr)


def test_missing_lab(tmp_path: Path) -> None:
    """An unknown prerequisite and a missing lesson are reported, and not left out."""
    helpers.write_lab(tmp_path, STEP.replace("images: []", "after: [gone]\nimages: []"))
    (helpers.write_lab(tmp_path, STEP, name="lost") / "lesson.md").unlink()
    result = helpers.run_labs(tmp_path, "site", "build")
    lost = f"{tmp_path}/labs/lost/lesson.md:1: the file is missing, although the lab has a setup.sh"
    gone = f"{tmp_path}/labs/tiny/lesson.md:7: the lab 'gone', which should come before this one, does not exist"
    message = f"The site was not built because of 2 problems:\n{lost}\n{gone}\nFix the files, then retry.\n"
    assert (3, message) == (result.returncode, result.stderr)


def test_foreign_folder(tmp_path: Path) -> None:
    """A folder with other files is refused."""
    helpers.write_lab(tmp_path, STEP)
    result = helpers.run_labs(tmp_path, "site", "build", "--out", ".")
    assert (2, ". contains files that do not belong to a lesson site.\nName an empty folder with --out.\n") == (
        result.returncode,
        result.stderr,
    )


def test_out_is_a_file(tmp_path: Path) -> None:
    """A file in place of the folder is refused."""
    helpers.write_lab(tmp_path, STEP)
    (tmp_path / "out").touch()
    assert 2 == helpers.run_labs(tmp_path, "site", "build", "--out", "out").returncode


def test_cannot_be_written(tmp_path: Path) -> None:
    """A folder that cannot be written to is named in the error."""
    helpers.write_lab(tmp_path, STEP)
    result = helpers.run_labs(tmp_path, "site", "build", "--out", "/proc/site")
    assert (4, True) == (result.returncode, "/proc/site: " in result.stderr), result.stderr


def test_no_folder(tmp_path: Path) -> None:
    """Without a labs folder, the build is refused and no empty site is written."""
    result = helpers.run_labs(tmp_path, "site", "build")
    assert 2 == result.returncode
    assert (
        f"The labs folder {tmp_path}/labs does not exist, so there are no lessons to build the site from.\n"
        in result.stderr
    )
    assert not (tmp_path / "_site").exists()


def test_unreadable_lesson(tmp_path: Path) -> None:
    """A lesson that is not UTF-8 is reported, and not treated as missing."""
    (helpers.write_lab(tmp_path, STEP) / "lesson.md").write_bytes(b"\xe9")
    result = helpers.run_labs(tmp_path, "site", "build")
    assert (3, True) == (result.returncode, "lesson.md:1: cannot read the file: " in result.stderr)


def test_valid_pages(tmp_path: Path) -> None:
    """Every page of the site of the built-in labs is valid HTML according to a strict parser."""
    result = helpers.run_labs(tmp_path, "--labs", str(helpers.CHECKOUT), "site", "build", "--out", "site")
    assert 0 == result.returncode, result.stderr
    errors_by_page = {}
    for path in (tmp_path / "site").rglob("*.html"):
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(path.read_bytes(), transport_encoding="utf-8")
        errors_by_page[path] = parser.errors
    assert errors_by_page
    assert {} == {path: errors for path, errors in errors_by_page.items() if errors}


def test_same_bytes(tmp_path: Path) -> None:
    """The same lessons produce the same bytes, independent of the order of Python's sets."""
    for name in ("one", "two"):
        helpers.write_lab(tmp_path, STEP + "```sh node1 capture=A\ntrue\n```\n", name=name)
    script = "import hashlib; from runner.site_builder import build; files = build.render_site_files()\n"
    script += "print(hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest(), list(files))"
    # Each with its own empty cache.
    outputs = [
        helpers.run_python(tmp_path, "-c", script, PYTHONHASHSEED=seed, XDG_CACHE_HOME=str(tmp_path / seed)).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1]
    assert "tiny" not in outputs[0]
    assert "one/look.html" in outputs[0]
