"""What a lab says, as data: the lesson, its steps, and the commands in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from runner.lessons import learner_values
from runner.lessons.learner_values import NO_LEARNER, Learner, LearnerValue
from runner.nodes.topology import Topology

PLACEHOLDER = re.compile(r"<([A-Z][A-Z0-9_]*)>")


@dataclass(frozen=True, slots=True)
class Prose:
    """Markdown between the commands of a step.

    Attributes:
        text: The Markdown.
        line: Its first line in the lesson, counted from 1; where it stands makes no difference to what it says.

    """

    text: str
    line: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Hint:
    """One tier of help; a step's hints are ordered weakest first.

    Attributes:
        text: What it says, as Markdown.
        line: Its line in the lesson, counted from 1.
        check: The check that it is for: it helps only while that one fails. None where it always helps.
        says: Words that the failure must have for it to help, if any.

    """

    text: str
    line: int
    check_name: str | None = None
    says: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """One fenced shell block.

    Attributes:
        nodes: Where to type it, one node after another.
        script: The text to type, placeholders such as `<WORKER_TOKEN>` left in.
        line: Its line in the lesson, counted from 1.
        capture: The name its output fills in later commands, if any.
        exit_status: What it must exit with.
        retry: For how many seconds it is typed again until exit status and output are as promised.
        output: Lines that its output must contain in this order; `...` stands for anything.

    """

    nodes: tuple[str, ...]
    script: str
    line: int
    capture_name: str | None = None
    exit_status: int = 0
    retry_seconds: float = 0
    expected_output: tuple[str, ...] = ()

    @property
    def placeholders(self) -> frozenset[str]:
        """The names it needs filled in."""
        return frozenset(PLACEHOLDER.findall(self.script))


@dataclass(frozen=True, slots=True)
class PictureService:
    """A service, or a container, in a picture.

    Attributes:
        name: Its name.
        tasks: The node of each of its tasks; a node stands as often as there are tasks on it.
        networks: The networks it is on.
        ports: What it publishes, as `8080:80`.
        volumes: The volumes it keeps data in.

    """

    name: str
    tasks: tuple[str, ...]
    networks: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """What stands on the nodes, to be drawn: at the end of the lab, or after a step.

    Attributes:
        services: The services or containers.
        networks: The networks that are the learner's own.
        line: Its line in the lesson, counted from 1.
        swarm: Whether the nodes are one swarm then, so that they have roles in it.

    """

    services: tuple[PictureService, ...]
    networks: tuple[str, ...]
    line: int
    is_swarm: bool = True


LessonPart = Prose | Command | Hint | Picture


@dataclass(frozen=True, slots=True)
class Step:
    """One second-level heading of a lesson and what follows it."""

    id: str
    title: str
    line: int
    parts: tuple[LessonPart, ...]

    @property
    def commands(self) -> tuple[Command, ...]:
        """What a learner types in this step."""
        return tuple(part for part in self.parts if isinstance(part, Command))

    @property
    def hints(self) -> tuple[Hint, ...]:
        """The step's hints, weakest first."""
        return tuple(part for part in self.parts if isinstance(part, Hint))


@dataclass(frozen=True, slots=True)
class Lesson:
    """A parsed `lesson.md`."""

    title: str
    summary: str
    level: str
    minutes: int
    topology: Topology
    images: tuple[str, ...]
    intro: tuple[LessonPart, ...]
    steps: tuple[Step, ...]
    needs: frozenset[str] = field(default_factory=frozenset)
    prerequisites: tuple[str, ...] = ()
    values: tuple[LearnerValue, ...] = ()

    def find_step(self, step_id: str) -> Step | None:
        """Return the step with this id, or None."""
        return next((step for step in self.steps if step.id == step_id), None)


@dataclass(frozen=True, slots=True)
class Lab:
    """A folder under `labs/` and the lesson in it.

    Attributes:
        name: The folder's name.
        folder: The folder.
        lesson: The lesson, the learner's values filled in.
        learner: Whose values these are.

    """

    name: str
    folder: Path
    lesson: Lesson
    learner: Learner = NO_LEARNER

    @property
    def values(self) -> dict[str, str]:
        """What stands for the names of values in all its files."""
        return learner_values.draw_values(self.name, self.lesson.values, self.learner)

    @property
    def setup_script(self) -> Path:
        """The script that sets the scene on every node."""
        return self.folder / "setup.sh"

    @property
    def files_folder(self) -> Path:
        """What the learner starts from; copied onto every node."""
        return self.folder / "files"

    def solution_path(self, step_id: str) -> Path:
        """The reference answer to a step whose commands the lesson does not tell."""
        return self.folder / "solution" / f"{step_id}.md"

    @property
    def translation_paths(self) -> tuple[Path, ...]:
        """The lesson in other languages, as `lesson.zh.md`, by name."""
        return tuple(sorted(self.folder.glob("lesson.?*.md")))

    @property
    def solution_paths(self) -> tuple[Path, ...]:
        """The reference answers there are, by name."""
        return tuple(sorted((self.folder / "solution").glob("*.md")))

    @property
    def near_miss_paths(self) -> tuple[Path, ...]:
        """The near-miss answers, by name."""
        return tuple(sorted((self.folder / "wrong").glob("*.md")))


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A plausible wrong answer, what the checks must say to it, and how to put it right again.

    Attributes:
        path: Its file.
        step: The step it goes wrong in.
        after: Whether it is played after the step's own commands, and not before them.
        says: Words that a failed check of that step must use.
        wrong: The commands that make the mistake.
        cure: The commands that lead back to where the mistake was made.

    """

    path: Path
    step_id: str
    is_played_after: bool
    says: str
    wrong_commands: tuple[Command, ...]
    cure_commands: tuple[Command, ...]
