"""A lab as data: its lesson, the steps, and the commands, hints and pictures in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from runner.lessons import learner_values
from runner.lessons.learner_values import NO_LEARNER, Learner, ValueDeclaration
from runner.nodes.topology import Topology

PLACEHOLDER = re.compile(r"<([A-Z][A-Z0-9_]*)>")


@dataclass(frozen=True, slots=True)
class Prose:
    """Markdown between the commands of a step.

    Attributes:
        text: The Markdown.
        line: Its first line in the lesson, counted from 1. Equality ignores it.

    """

    text: str
    line: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Hint:
    """A hint, which always applies or only while a check fails; the hints of a step are ordered weakest first.

    Attributes:
        text: Its text, as Markdown.
        line: Its line in the lesson, counted from 1.
        check_name: The check that must fail for the hint to apply; None for any check.
        says: Text that the message of the failed check must contain; None for any text.

    """

    text: str
    line: int
    check_name: str | None = None
    says: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """One fenced shell block.

    Attributes:
        nodes: The names of the nodes to run it on, one after another.
        script: The commands, with placeholders such as `<WORKER_TOKEN>`.
        line: Its line in the lesson, counted from 1.
        capture_name: The placeholder that its output fills in later commands, if any.
        exit_status: The expected exit status.
        retry_seconds: For how many seconds to repeat it until its exit status and output are as expected.
        expected_output: Lines that its output must contain in this order; `...` matches any text.

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
        """The names of the placeholders in the script."""
        return frozenset(PLACEHOLDER.findall(self.script))


@dataclass(frozen=True, slots=True)
class PictureService:
    """A service or a container in a picture.

    Attributes:
        name: Its name.
        tasks: The name of the node of each task; a node is listed once per task on it.
        networks: The networks it is connected to.
        ports: The ports it publishes, as `8080:80`.
        volumes: The volumes it stores data in.

    """

    name: str
    tasks: tuple[str, ...]
    networks: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of what runs on the nodes at the end of the lab or after a step.

    Attributes:
        services: The services or containers.
        networks: The networks that the learner created.
        line: Its line in the lesson, counted from 1.
        is_swarm: Whether the nodes are in one swarm, so that they have roles.

    """

    services: tuple[PictureService, ...]
    networks: tuple[str, ...]
    line: int
    is_swarm: bool = True


LessonPart = Prose | Command | Hint | Picture


@dataclass(frozen=True, slots=True)
class Step:
    """A step: a second-level heading of a lesson and what follows it."""

    id: str
    title: str
    line: int
    parts: tuple[LessonPart, ...]

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands that a learner types in this step."""
        return tuple(part for part in self.parts if isinstance(part, Command))

    @property
    def hints(self) -> tuple[Hint, ...]:
        """The step's hints, weakest first."""
        return tuple(part for part in self.parts if isinstance(part, Hint))


@dataclass(frozen=True, slots=True)
class Lesson:
    """A parsed `lesson.md`.

    Attributes:
        title: Its title.
        summary: What the lab is about, in one line.
        level: 'beginner', 'intermediate' or 'advanced'.
        minutes: How long a learner needs for it.
        topology: The nodes of the lab.
        images: The images that its commands use, such as `busybox:latest`.
        intro: What comes before the first step.
        steps: The steps, in order.
        needs: The kernel features that not every driver has: 'ipvs', 'vxlan'.
        prerequisites: The names of the labs to do before this one.
        values: The values that are drawn per learner.

    """

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
    values: tuple[ValueDeclaration, ...] = ()

    def find_step(self, step_id: str) -> Step | None:
        """Return the step with this id, or None."""
        return next((step for step in self.steps if step.id == step_id), None)


@dataclass(frozen=True, slots=True)
class Lab:
    """A folder under `labs/` and the lesson in it.

    Attributes:
        name: The folder's name.
        folder: The folder.
        lesson: The lesson, with the learner's values filled in.
        learner: The learner whose values these are.

    """

    name: str
    folder: Path
    lesson: Lesson
    learner: Learner = NO_LEARNER

    @property
    def values(self) -> dict[str, str]:
        """The learner's values by name, which are filled in everywhere in the lab's files."""
        return learner_values.draw_values(self.name, self.lesson.values, self.learner)

    @property
    def setup_script_path(self) -> Path:
        """The script that prepares every node."""
        return self.folder / "setup.sh"

    @property
    def files_folder(self) -> Path:
        """The files that the learner starts with; they are copied to every node."""
        return self.folder / "files"

    def solution_path(self, step_id: str) -> Path:
        """Return the path of the reference solution of a step whose commands the lesson does not show."""
        return self.folder / "solution" / f"{step_id}.md"

    @property
    def translation_paths(self) -> tuple[Path, ...]:
        """The translated lessons, such as `lesson.zh.md`, sorted by name."""
        return tuple(sorted(self.folder.glob("lesson.?*.md")))

    @property
    def solution_paths(self) -> tuple[Path, ...]:
        """The existing reference solutions, sorted by name."""
        return tuple(sorted((self.folder / "solution").glob("*.md")))

    @property
    def near_miss_paths(self) -> tuple[Path, ...]:
        """The near misses, sorted by name."""
        return tuple(sorted((self.folder / "wrong").glob("*.md")))


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A plausible wrong answer, the message that the checks must reject it with, and how to undo it.

    Attributes:
        path: Its file.
        step_id: The id of its step.
        is_played_after: Whether it runs after the step's own commands, and not before them.
        says: Text that the message of a failed check of that step must contain.
        wrong_commands: The commands that make the mistake.
        cure_commands: The commands that undo it.

    """

    path: Path
    step_id: str
    is_played_after: bool
    says: str
    wrong_commands: tuple[Command, ...]
    cure_commands: tuple[Command, ...]
