"""Which submissions are reported as similar, and which are not."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import pytest

from runner.checking.results import Outcome
from runner.grading import similarity
from runner.grading.collect import read_submission_snapshot
from runner.grading.grade_model import BlockRun, Grade
from runner.grading.resource_limits import ResourceLimits
from runner.grading.similarity import SimilarPair
from runner.lessons import catalog
from tests.support import helpers
from tests.support.sample_grades import PASSED, make_grade

LAB = "swarm-basics"
LIMITS = ResourceLimits()
# The same task, solved by three learners in three different ways.
ADA = r"""
mkdir -p shop && cd shop
for port in 8101 8102 8103; do docker service create --detach --name front$port --publish $port:80 nginx:alpine; done
docker service ls --format '{{.Name}} {{.Replicas}}' | sort > before.txt
docker service update --detach --limit-memory 64M --restart-max-attempts 4 front8102
until docker service ps front8102 | grep -q Running; do sleep 1; done
docker service ls --format '{{.Name}} {{.Replicas}}' | sort > after.txt
diff before.txt after.txt || echo changed > result.txt
docker node inspect self --format '{{.Description.Hostname}} {{.Status.Addr}}' | tee address.txt
tar czf evidence.tar.gz before.txt after.txt result.txt address.txt
"""
BOB = r"""
printf '%s\n' alpha beta gamma > names
while read -r it; do
  docker service create --quiet --mode global --label owner=me --name "$it" busybox:latest sleep inf
done < names
docker node ls --quiet | xargs -n1 docker node inspect --pretty | grep -i leader
docker service inspect alpha --pretty | head -n 20 | tr -s ' ' | cut -d: -f2 > inspected
test -s inspected
docker service logs gamma 2>&1 | wc -l
docker service rm beta && docker service create --name beta --replicas 2 --env A=1 busybox:latest top -b
curl --silent --head localhost:2375 | awk '/HTTP/ {print $2}'
"""
EVE = r"""
export WANTED=5
seq $WANTED | while read i; do docker volume create v$i; docker run -d -v v$i:/data --name keep$i alpine sleep 99; done
docker ps -q | wc -l | grep -x $WANTED
docker exec keep3 sh -c 'echo hello > /data/greeting; sync'
docker rm -f keep3; docker run --rm -v v3:/data alpine cat /data/greeting
docker system df --verbose | sed -n '/VOLUME/,$p'
docker inspect keep1 keep2 | python3 -c 'import json, sys; print([one["State"]["Pid"] for one in json.load(sys.stdin)])'
docker swarm update --task-history-limit 2 --cert-expiry 48h
docker info | grep -A3 Raft
"""
RENAMED = [("shop", "laden"), ("front", "vorne"), ("before", "vorher"), ("after", "nachher"), ("evidence", "belege")]
RENAMED += [("port", "nummer"), ("result", "ergebnis"), ("address", "adresse"), ("810", "920"), ("64M", "96M")]
# A program that one learner may copy from another, in addition to commands.
PROGRAM = """
import http.server, os, socket
from collections import deque

KEPT = deque(maxlen=int(os.environ.get("KEEP", "20")))

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        KEPT.append((self.path, self.client_address[0]))
        body = "\\n".join(f"{path} asked by {who}" for path, who in reversed(KEPT)).encode()
        self.send_response(200 if self.path != "/broken" else 503)
        self.send_header("X-Answered-By", socket.gethostname())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *unused):
        if os.environ.get("LOUD"):
            super().log_message(*unused)

http.server.ThreadingHTTPServer(("", 8080), Answer).serve_forever()
"""


def rename_all(text: str) -> str:
    """Return a text with other names and numbers, which is otherwise the same."""
    for old, new in RENAMED:
        text = text.replace(old, new)
    return text


@cache
def lesson_scripts() -> list[str]:
    """Return the commands of the lesson."""
    return [command.script for step in catalog.load_lab(LAB).lesson.steps for command in step.commands]


def follow_lesson(seed: int) -> str:
    """Return the commands of a learner who follows the lesson, with their own values and a few extra commands."""
    generator = random.Random(seed)
    commands = [re.sub("<.*?>", f"10.213.{seed}.2", script) for script in lesson_scripts()]
    for extra in ("docker ps", "docker node ls", "docker service ls", "docker info"):
        commands.insert(generator.randrange(len(commands)), extra)
    return "\n".join(commands)


def make_grades(scripts: Mapping[str, str]) -> list[Grade]:
    """Return grades of submissions with these commands."""
    return [
        replace(
            make_grade(PASSED, submission=name),
            lab=LAB,
            runs=tuple(BlockRun(7, "", f"node{number}", script, 0) for number in (1, 2, 3)),
        )
        for name, script in scripts.items()
    ]


def find_pairs(grades: Sequence[Grade]) -> list[SimilarPair]:
    """Return the similar pairs among submissions without other files."""
    return similarity.find_similar_pairs(grades, [()] * len(grades))


def find_similar(scripts: Mapping[str, str], folder: Path | None = None) -> set[frozenset[str]]:
    """Return the names of similar submissions, whose other files are in folders below `folder`."""
    names = list(scripts)
    texts = [
        similarity.extract_compared_texts(read_submission_snapshot(folder / name, LIMITS)) if folder else ()
        for name in names
    ]
    pairs = similarity.find_similar_pairs(make_grades(scripts), texts)
    return {frozenset({names[pair.first], names[pair.second]}) for pair in pairs}


@pytest.fixture(scope="module")
def crowd() -> dict[str, str]:
    """Return a class whose learners follow the lesson, each with their own values."""
    return {f"s{number}": follow_lesson(number) for number in range(12)}


def test_copied(crowd: dict[str, str]) -> None:
    """A copied submission is found, alone and in a class."""
    assert {frozenset({"ada", "bob"})} == find_similar({"ada": ADA, "bob": ADA})
    assert {frozenset({"ada", "bob"})} == find_similar(
        {**crowd, "ada": follow_lesson(50) + ADA, "bob": ADA + follow_lesson(51)}
    )


def test_renamed(crowd: dict[str, str]) -> None:
    """A copy with other names, numbers, comments and white space is found too."""
    other = "# My own.\n" + rename_all(ADA).replace(" | ", "  |  ").replace("; do", ";\n  do")
    assert {frozenset({"ada", "bob"})} == find_similar({"ada": ADA, "bob": other})
    assert {frozenset({"ada", "bob"})} == find_similar(
        {**crowd, "ada": follow_lesson(50) + ADA, "bob": follow_lesson(51) + other}
    )


def test_lesson_is_followed(crowd: dict[str, str]) -> None:
    """Learners who follow the lesson are not similar, in a class of any size and with any names."""
    assert set() == find_similar({"ada": follow_lesson(1), "bob": follow_lesson(1)})
    assert set() == find_similar(crowd)
    solutions = [
        follow_lesson(number).replace("web", f"shop{number}").replace("lonely", f"solo{number}") for number in (1, 2)
    ]
    assert set() == find_similar(dict(zip(("ada", "bob"), solutions, strict=True)))


def test_unrelated(crowd: dict[str, str]) -> None:
    """Different solutions of the same task are not similar."""
    assert set() == find_similar({"ada": ADA, "bob": BOB, "eve": EVE})
    assert set() == find_similar({**crowd, "ada": ADA, "bob": BOB, "eve": EVE})


def test_few_common_commands() -> None:
    """A few common commands are not a copy, however short the submissions are."""
    few = "\n".join(ADA.splitlines()[:4])
    assert set() == find_similar({"ada": few, "bob": few})
    assert set() == find_similar({"ada": ADA, "bob": few + BOB})


def test_copy_with_additions() -> None:
    """A copy with additions is found: the share of the smaller submission counts."""
    assert {frozenset({"ada", "bob"})} == find_similar({"ada": ADA, "bob": rename_all(ADA) + EVE})


def test_common_to_the_class(crowd: dict[str, str]) -> None:
    """Commands that more than half of the class has, for example from an instructor's hint, do not count."""
    assert set() == find_similar({name: text + ADA for name, text in crowd.items()})
    assert 3 == len(find_similar({**crowd, "ada": ADA, "bob": ADA, "eve": ADA}))


def test_files(tmp_path: Path, crowd: dict[str, str]) -> None:
    """Text files count too, whatever their names and folders; other files and links do not."""
    other = PROGRAM.replace("KEPT", "HELD").replace("Answer", "Reply").replace("body", "out").replace("8080", "9000")
    scripts = {**crowd, "ada": follow_lesson(50), "bob": follow_lesson(51), "eve": follow_lesson(52)}
    for name in scripts:
        (tmp_path / name).mkdir()
    for path, text in (("ada/app/serve.py", PROGRAM), ("bob/main.py", other), ("eve/notes.txt", BOB)):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    for name in ("ada", "eve"):
        (tmp_path / name / "picture.png").write_bytes(b"\x89PNG\xff" * 1000)
    (tmp_path / "eve" / "link").symlink_to(tmp_path / "ada" / "app" / "serve.py")
    assert {frozenset({"ada", "bob"})} == find_similar(scripts, tmp_path)


def test_texts_are_limited(tmp_path: Path) -> None:
    """Only the part of a submission's files that is compared is kept in memory."""
    (tmp_path / "submission.md").write_text("not a file to compare", "utf-8")
    for name, size in (("large", 70 << 10), ("a", 60 << 10), ("b", 60 << 10), ("c", 60 << 10), ("d", 8 << 10)):
        (tmp_path / name).write_text(name * size, "utf-8")
    texts = similarity.extract_compared_texts(read_submission_snapshot(tmp_path, LIMITS))
    assert [("a", 60 << 10), ("b", 60 << 10), ("d", 8 << 10)] == [(text[0], len(text)) for text in texts]


def test_pair() -> None:
    """A pair has its share, its number of pieces and example lines; the most similar pair comes first."""
    half = "\n".join(ADA.splitlines()[:7])
    first, *_ = find_pairs(make_grades({"bob": BOB, "ada": ADA, "eve": rename_all(ADA), "max": half + EVE}))
    assert (1, 2, 1.0) == (first.first, first.second, first.share)
    assert first.pieces >= similarity.MIN_PIECES
    assert "docker service update --detach --limit-memory 64M --restart-max-attempts 4 front8102" in first.lines


def test_what_is_compared() -> None:
    """Submissions of the same learner, for different labs, or without another one are not compared."""
    ada, bob = make_grades({"ada": ADA, "bob": ADA})
    assert [] == find_pairs([ada, ada])
    assert [] == find_pairs([ada, replace(bob, lab="secrets")])
    assert [] == find_pairs([ada])
    assert [] == find_pairs([])


def test_no_grade_changes() -> None:
    """The comparison changes no grade."""
    grades = make_grades({"ada": ADA, "bob": ADA})
    before = [grade.to_json_dict() for grade in grades]
    assert 1 == len(find_pairs(grades))
    assert before == [grade.to_json_dict() for grade in grades]
    assert all(mark.outcome is Outcome.PASSED for grade in grades for mark in grade.marks)


def test_hostile() -> None:
    """Malformed text does not prevent the comparison."""
    nasty = "1." * 20_000 + "x\n" + "a." * 20_000 + "\n\ud800 \x00 `'\"$(" + "(" * 5000
    nasty += "\n" + "a-" * 10_000 + "\n\\\n" * 2000
    assert {frozenset({"ada", "bob"})} == find_similar({"ada": ADA + nasty, "bob": ADA, "eve": nasty})


def test_linear() -> None:
    """Twice as many submissions take twice the work, even if there are groups of copies."""
    variants = [ADA.replace(" ", f" -{option} ") for option in "abcd"]
    grades = make_grades(
        {f"s{number}": follow_lesson(number) + variants[number // 10] * (number % 10 < 3) for number in range(40)}
    )
    few, more, most = (helpers.count_calls(partial(find_pairs, grades[:count])) for count in (10, 20, 40))
    assert most - more < 2.1 * (more - few)
