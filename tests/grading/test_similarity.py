"""Which submissions are told to resemble each other, and which are not."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import pytest

from runner.checking.results import Outcome
from runner.grading import similarity
from runner.grading.grade_model import BlockRun, Grade
from runner.lessons import catalog
from tests import helpers
from tests.grading.grades import PASSED, grade

LAB = "swarm-basics"
# The same work by three learners, each in a way of their own.
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
# A program that two may have from each other, beside what they have typed.
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


def renamed(text: str) -> str:
    """Return a text with other names and numbers, which is otherwise the same."""
    for old, new in RENAMED:
        text = text.replace(old, new)
    return text


@cache
def scripts() -> list[str]:
    """Return what the lesson tells to type."""
    return [command.script for step in catalog.load_lab(LAB).lesson.steps for command in step.commands]


def followed(seed: int) -> str:
    """Return what a learner has typed who has followed the lesson, with values of their own and a detour or two."""
    lucky = random.Random(seed)
    filled = [re.sub("<.*?>", f"10.213.{seed}.2", script) for script in scripts()]
    for look in ("docker ps", "docker node ls", "docker service ls", "docker info"):
        filled.insert(lucky.randrange(len(filled)), look)
    return "\n".join(filled)


def written(texts: Mapping[str, str], folder: Path | None = None) -> list[Grade]:
    """Return grades of submissions with these commands."""
    return [
        replace(
            grade(PASSED, submission=name),
            lab=LAB,
            runs=tuple(BlockRun(7, "", f"node{number}", text, 0) for number in (1, 2, 3)),
            folder=str((folder or Path("/nonexistent")) / name),
        )
        for name, text in texts.items()
    ]


def found(texts: Mapping[str, str], folder: Path | None = None) -> set[frozenset[str]]:
    """Return who resembles whom."""
    names = list(texts)
    return {
        frozenset({names[pair.first], names[pair.second]})
        for pair in similarity.find_similar_pairs(written(texts, folder))
    }


@pytest.fixture(scope="module")
def crowd() -> dict[str, str]:
    """Return a class that has followed the lesson, each with values of their own."""
    return {f"s{number}": followed(number) for number in range(12)}


def test_copied(crowd: dict[str, str]) -> None:
    """Who hands in the work of another is told, beside a class and without one."""
    assert {frozenset({"ada", "bob"})} == found({"ada": ADA, "bob": ADA})
    assert {frozenset({"ada", "bob"})} == found({**crowd, "ada": followed(50) + ADA, "bob": ADA + followed(51)})


def test_renamed(crowd: dict[str, str]) -> None:
    """Other names, numbers, comments and white space make no other work of it."""
    other = "# My own.\n" + renamed(ADA).replace(" | ", "  |  ").replace("; do", ";\n  do")
    assert {frozenset({"ada", "bob"})} == found({"ada": ADA, "bob": other})
    assert {frozenset({"ada", "bob"})} == found({**crowd, "ada": followed(50) + ADA, "bob": followed(51) + other})


def test_lesson_is_followed(crowd: dict[str, str]) -> None:
    """Who follows the lesson has nothing from anybody, in a class of two and in a larger one, under whatever names."""
    assert set() == found({"ada": followed(1), "bob": followed(1)})
    assert set() == found(crowd)
    own = [followed(number).replace("web", f"shop{number}").replace("lonely", f"solo{number}") for number in (1, 2)]
    assert set() == found(dict(zip(("ada", "bob"), own, strict=True)))


def test_unrelated(crowd: dict[str, str]) -> None:
    """Who has found a way of their own resembles nobody."""
    assert set() == found({"ada": ADA, "bob": BOB, "eve": EVE})
    assert set() == found({**crowd, "ada": ADA, "bob": BOB, "eve": EVE})


def test_a_little_in_common() -> None:
    """A few commands in common are less than a copy, however little else there is."""
    few = "\n".join(ADA.splitlines()[:4])
    assert set() == found({"ada": few, "bob": few})
    assert set() == found({"ada": ADA, "bob": few + BOB})


def test_part_of_it() -> None:
    """Who adds to what is copied is told all the same: it is the smaller one whose share counts."""
    assert {frozenset({"ada", "bob"})} == found({"ada": ADA, "bob": renamed(ADA) + EVE})


def test_common_property(crowd: dict[str, str]) -> None:
    """What more than half of the class have, as from a hint of the instructor's, nobody has from another."""
    assert set() == found({name: text + ADA for name, text in crowd.items()})
    assert 3 == len(found({**crowd, "ada": ADA, "bob": ADA, "eve": ADA}))


def test_files(tmp_path: Path, crowd: dict[str, str]) -> None:
    """Files beside the commands count too, wherever they lie and whatever they are called; what is no text does not."""
    other = PROGRAM.replace("KEPT", "HELD").replace("Answer", "Reply").replace("body", "out").replace("8080", "9000")
    for path, text in (("ada/app/serve.py", PROGRAM), ("bob/main.py", other), ("eve/notes.txt", BOB)):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text, "utf-8")
    for name in ("ada", "eve"):
        (tmp_path / name / "picture.png").write_bytes(b"\x89PNG\xff" * 1000)
    (tmp_path / "eve" / "link").symlink_to(tmp_path / "ada" / "app" / "serve.py")
    texts = {**crowd, "ada": followed(50), "bob": followed(51), "eve": followed(52)}
    assert {frozenset({"ada", "bob"})} == found(texts, tmp_path)


def test_what_is_told() -> None:
    """A pair comes with its share, its pieces and lines to look at; the most alike comes first."""
    half = "\n".join(ADA.splitlines()[:7])
    first, *_ = similarity.find_similar_pairs(written({"bob": BOB, "ada": ADA, "eve": renamed(ADA), "max": half + EVE}))
    assert (1, 2, 1.0) == (first.first, first.second, first.share)
    assert first.pieces >= similarity.MIN_PIECES
    assert "docker service update --detach --limit-memory 64M --restart-max-attempts 4 front8102" in first.lines


def test_who_is_compared() -> None:
    """Neither two submissions of one learner are compared, nor those for different labs; nor is one with nobody."""
    ada, bob = written({"ada": ADA, "bob": ADA})
    assert [] == similarity.find_similar_pairs([ada, ada])
    assert [] == similarity.find_similar_pairs([ada, replace(bob, lab="secrets")])
    assert [] == similarity.find_similar_pairs([ada])
    assert [] == similarity.find_similar_pairs([])


def test_no_grade_changes() -> None:
    """The note leaves every grade as it is."""
    grades = written({"ada": ADA, "bob": ADA})
    before = [one.to_json() for one in grades]
    assert 1 == len(similarity.find_similar_pairs(grades))
    assert before == [one.to_json() for one in grades]
    assert all(mark.outcome is Outcome.PASSED for one in grades for mark in one.marks)


def test_hostile() -> None:
    """Text that is no text keeps nobody from being compared."""
    nasty = "1." * 50_000 + "x\n" + "a." * 50_000 + "\n\ud800 \x00 `'\"$(" + "(" * 5000
    nasty += "\n" + "a-" * 20_000 + "\n\\\n" * 2000
    assert {frozenset({"ada", "bob"})} == found({"ada": ADA + nasty, "bob": ADA, "eve": nasty})


def test_linear() -> None:
    """Twice as many submissions are twice the work, also where groups of them are copies."""
    ways = [ADA.replace(" ", f" -{option} ") for option in "abcd"]
    grades = written({f"s{number}": followed(number) + ways[number // 20] * (number % 20 < 3) for number in range(80)})
    few, more, most = (
        helpers.count_calls(partial(similarity.find_similar_pairs, grades[:count])) for count in (20, 40, 80)
    )
    assert most - more < 2.1 * (more - few)
