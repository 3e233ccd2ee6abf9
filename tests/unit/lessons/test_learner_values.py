"""Values that are drawn for each learner."""

from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from runner import paths
from runner.lessons import catalog, learner_values, parse, translation
from runner.lessons.learner_values import NO_LEARNER, Learner, ValueDeclaration
from runner.lessons.model import Command, Lab
from tests.support import helpers

PORT = ValueDeclaration("PORT", tuple(str(number) for number in range(8000, 9000)), "8080")
NAME = ValueDeclaration("NAME", ("third", "fourth", "fifth", "sixth", "last"), "third")
ADA = Learner("ada", "autumn")
FRONT = helpers.FRONT_MATTER.replace(
    "images: []\n", "images: []\nvalues: {NAME: {among: [web, api, shop, cart]}, COUNT: {from: 3, to: 6, default: 5}}\n"
)
LESSON = f"""{FRONT}
## Look {{#look}}

Look at **<NAME>**, <COUNT> times, and at <OTHER>.

```sh node1 capture=OTHER
echo <NAME>
```

```output
<NAME>
```

::: hint says="<NAME> is not there"
It is `<NAME>`.
:::

## Find {{#find}}
"""
CHINESE = """---
title: 小
summary: 小
translates: 0123456789ab
---
## 看 {#look}

<NAME> <COUNT>

```sh node1 capture=OTHER
echo <NAME>
```

```output
<NAME>
```

::: hint says="<NAME> is not there"
<NAME>
:::

## 找 {#find}
"""
NEAR_MISS = """---
step: look
played: before
says: "<NAME> is not there"
---
## Wrong
```sh node1
rm <NAME>
```
## Cure
```sh node1
touch <NAME>
```
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a lab with values, a near miss, a solution and a translation."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    path = helpers.write_lab(tmp_path, LESSON, wrong={"odd.md": NEAR_MISS})
    (path / "solution").mkdir()
    (path / "solution" / "find.md").write_text("```sh node1\nfind <NAME> <COUNT>\n```\n", "utf-8")
    (path / "lesson.zh.md").write_text(CHINESE, "utf-8")
    return path


def list_filled_texts(lab: Lab) -> list[str]:
    """Return the texts that replace a placeholder in all of a lab's files."""
    chinese = translation.load_translation(lab, "zh")
    assert chinese is not None
    near_miss = parse.parse_near_miss(lab.near_miss_paths[0], lab)
    look, find = lab.lesson.steps
    commands = [*look.commands, *chinese.lesson.steps[0].commands, *near_miss.wrong_commands, *near_miss.cure_commands]
    hints = [*look.hints, *chinese.lesson.steps[0].hints]
    return [
        *(command.script.split()[1] for command in commands),
        *(line for command in commands for line in command.expected_output),
        *(hint.text.removeprefix("It is `").removesuffix("`.") for hint in hints),
        *(str(hint.says).split()[0] for hint in hints),
        near_miss.says.split()[0],
        parse.load_solution_commands(lab, find)[0].script.split()[1],
    ]


@pytest.mark.parametrize(
    ("value", "lab", "learner", "drawn"),
    [
        (PORT, "tiny", Learner("ada"), "8031"),
        (PORT, "tiny", ADA, "8561"),
        (PORT, "mesh", Learner("ada"), "8231"),
        (ValueDeclaration("DOOR", PORT.choices, "8080"), "tiny", Learner("ada"), "8986"),
        (PORT, "tiny", Learner("José"), "8643"),
        (NAME, "ladder", Learner("ada"), "fifth"),
        (NAME, "tiny", NO_LEARNER, "third"),
        (PORT, "tiny", Learner("", "autumn"), "8080"),
    ],
)
def test_draw(value: ValueDeclaration, lab: str, learner: Learner, drawn: str) -> None:
    """A value depends on learner, seed, lab and name and never changes; without a learner it is the default."""
    assert drawn == learner_values.draw_value(lab, value, learner)


def test_accents() -> None:
    """Both Unicode spellings of an accented letter are the same learner."""
    drawn = {
        learner_values.draw_value("tiny", PORT, Learner(unicodedata.normalize(form, "José"))) for form in ("NFC", "NFD")
    }
    assert 1 == len(drawn)


def test_spread() -> None:
    """Among many learners, all choices are about equally frequent, and two values are independent."""
    drawn = [learner_values.draw_values("tiny", (NAME, PORT), Learner(f"learner{number}")) for number in range(5000)]
    names = Counter(values["NAME"] for values in drawn)
    assert {*NAME.choices} == {*names}
    assert all(850 < times < 1150 for times in names.values()), names
    halves = Counter((values["NAME"], values["PORT"] < "8500") for values in drawn)
    assert all(400 < times < 600 for times in halves.values()), halves


def test_default(folder: Path) -> None:
    """Without a learner, values are the default, or else the first choice."""
    lab = parse.parse_lab(folder)
    assert ({"NAME": "web", "COUNT": "5"}, {"web"}) == (lab.values, {*list_filled_texts(lab)})


@pytest.mark.parametrize("learner", [Learner("ada"), Learner("bob"), Learner("ada", "autumn"), Learner("a\\1<b>")])
def test_all_files(learner: Learner, folder: Path) -> None:
    """A learner's values are filled in everywhere: in text, commands, outputs and hints of all files."""
    lab = parse.parse_lab(folder, learner)
    name, count = lab.values["NAME"], lab.values["COUNT"]
    assert {name} == {*list_filled_texts(lab)}
    assert f"Look at **{name}**, {count} times, and at <OTHER>." in str(lab.lesson.steps[0].parts[0])
    assert f"find {name} {count}" == parse.load_solution_commands(lab, lab.lesson.steps[1])[0].script


def test_line_numbers(folder: Path) -> None:
    """Filling in values does not change line numbers."""
    (command,) = parse.parse_lab(folder, ADA).lesson.steps[0].commands
    assert Command(("node1",), "", LESSON.splitlines().index("```sh node1 capture=OTHER") + 1).line == command.line


def test_translation_hash(folder: Path) -> None:
    """A translation is up to date for every learner, because the hash is that of the file."""
    text = CHINESE.replace("0123456789ab", translation.hash_english_lesson(folder))
    (folder / "lesson.zh.md").write_text(text, "utf-8")
    translations = [
        translation.load_translation(parse.parse_lab(folder, learner), "zh") for learner in (NO_LEARNER, ADA)
    ]
    assert [False, False] == [translated.is_stale for translated in translations if translated]


def test_cache(folder: Path) -> None:
    """The cached lab of one learner is never used for another."""
    for learner in (NO_LEARNER, ADA, Learner("bob"), ADA, NO_LEARNER):
        assert parse.parse_lab(folder, learner) == catalog.load_lab("tiny", learner)
    entries = sorted(path.name for path in (paths.cache_folder() / "lessons").iterdir())
    assert ["tiny.drawn.pickle", "tiny.pickle"] == entries


def test_no_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab without values is the same for every learner, and still has its learner."""
    helpers.isolate_environment(monkeypatch, tmp_path)
    default = helpers.make_lab(tmp_path, f"{helpers.FRONT_MATTER}## Look {{#look}}\n")
    personal = catalog.load_lab("tiny", ADA)
    assert (default.lesson, ADA, {}) == (personal.lesson, personal.learner, personal.values)


def test_description() -> None:
    """One line names the learner and the values."""
    assert "Values for ada: NAME is web, PORT is 8031." == learner_values.describe_values(
        ADA, {"NAME": "web", "PORT": "8031"}
    )
    assert "Values for ada: this lab has none." == learner_values.describe_values(ADA, {})
