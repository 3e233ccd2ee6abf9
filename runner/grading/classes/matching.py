"""Find the learner in the roster who handed in each submission of a download."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from runner.grading.classes import person_names
from runner.grading.classes.download_model import Download, DownloadedSubmission, Owner
from runner.grading.classes.roster import RosterEntry
from runner.grading.grade_model import LearnerIdentity
from runner.grading.sources import normalize_identifier

_ANONYMOUS = "anon_"


@dataclass(frozen=True, slots=True)
class MatchedSubmission:
    """A submission and the learner who handed it in; each member of a group has one.

    Attributes:
        entry: The learner.
        submission: The submission.

    """

    entry: RosterEntry
    submission: DownloadedSubmission


@dataclass(frozen=True, slots=True)
class UnmatchedSubmission:
    """A submission of which the learner is not known.

    Attributes:
        submission: The submission.
        reason: Why.

    """

    submission: DownloadedSubmission
    reason: str


@dataclass(frozen=True, slots=True)
class ClassMatch:
    """The submissions of a class and its learners.

    Attributes:
        matched: The latest submission of each learner, in the order of the roster.
        missing: The learners who handed nothing in.
        unmatched: The submissions of which the learner is not known.

    """

    matched: tuple[MatchedSubmission, ...]
    missing: tuple[RosterEntry, ...] = ()
    unmatched: tuple[UnmatchedSubmission, ...] = ()


def match_submissions(download: Download, entries: Sequence[RosterEntry], one_each: bool = False) -> ClassMatch:
    """Return who handed in what. Numbers and logins decide; a name decides only if one learner has it.

    Args:
        download: The submissions.
        entries: The learners.
        one_each: Whether a second submission of a learner is unknown, because nothing says which one is the latest.

    """
    claims: dict[str, list[tuple[Owner, DownloadedSubmission]]] = {}
    unmatched: list[UnmatchedSubmission] = []
    finder = EntryFinder(entries)
    for owner, submission in _list_owners(download, unmatched):
        learners, reason = finder.find_entries(owner)
        if not learners:
            unmatched.append(UnmatchedSubmission(submission, reason))
        for entry in learners:
            claims.setdefault(entry.key, []).append((owner, submission))
    _reject_accounts_of_one_name(claims, unmatched)
    if one_each:
        for key, ((_, first), *others) in claims.items():
            reason = f"'{key}' has handed in '{first.folder}' too"
            unmatched += (UnmatchedSubmission(replace(other, label=str(other.folder)), reason) for _, other in others)
    matched = tuple(_create_match(entry, claims[entry.key]) for entry in entries if entry.key in claims)
    return ClassMatch(matched, tuple(entry for entry in entries if entry.key not in claims), tuple(unmatched))


def _reject_accounts_of_one_name(
    claims: dict[str, list[tuple[Owner, DownloadedSubmission]]], unmatched: list[UnmatchedSubmission]
) -> None:
    """Move submissions of several accounts that have the name of one learner from `claims` to `unmatched`."""
    for key, claimed in list(claims.items()):
        accounts = {owner.number or owner.canvas_id for owner, _ in claimed} - {""}
        if len(accounts) > 1:
            reason = f"{len(accounts)} accounts have the name of '{key}'; the roster needs the numbers of the accounts"
            unmatched += (UnmatchedSubmission(submission, reason) for _, submission in claims.pop(key))


def _list_owners(
    download: Download, unmatched: list[UnmatchedSubmission]
) -> Iterator[tuple[Owner, DownloadedSubmission]]:
    """Yield each learner who handed in a submission; add submissions without a learner to `unmatched`."""
    for submission in download.submissions:
        if not submission.owners:
            unmatched.append(UnmatchedSubmission(submission, "the download does not say who handed it in"))
        for owner in submission.owners:
            yield owner, submission


def _create_match(entry: RosterEntry, claims: Sequence[tuple[Owner, DownloadedSubmission]]) -> MatchedSubmission:
    """Return the match of a learner, with the number in Canvas, by which its grade book finds learners best."""
    canvas_id = next((owner.canvas_id for owner, _ in claims if owner.canvas_id), entry.identity.canvas_id)
    known = replace(entry, identity=replace(entry.identity, canvas_id=canvas_id))
    return MatchedSubmission(known, _choose_latest([submission for _, submission in claims]))


def identify_by_download(download: Download) -> ClassMatch:
    """Return who handed in what if there is no roster: learners are known by what the download says."""
    matched: dict[str, MatchedSubmission] = {}
    unmatched: list[UnmatchedSubmission] = []
    for owner, submission in _list_owners(download, unmatched):
        entry = _create_entry(owner)
        earlier = [matched[entry.key].submission] if entry.key in matched else []
        matched[entry.key] = MatchedSubmission(entry, _choose_latest([*earlier, submission]))
    return ClassMatch(tuple(matched[key] for key in sorted(matched)), (), tuple(unmatched))


def _create_entry(owner: Owner) -> RosterEntry:
    identity = LearnerIdentity(
        name=normalize_identifier(owner.name or owner.squashed_name),
        id=owner.id,
        canvas_id=owner.canvas_id,
        login=owner.login,
        email=owner.email,
    )
    # Two learners can have one name, but not one number.
    key = (
        owner.login
        or owner.email
        or "_".join(filter(None, (identity.name, owner.number or owner.canvas_id)))
        or owner.id
    )
    return RosterEntry(normalize_identifier(key), identity)


def _choose_latest(submissions: Sequence[DownloadedSubmission]) -> DownloadedSubmission:
    latest = max(submissions, key=lambda submission: submission.rank)
    older = [submission.label for submission in submissions if submission is not latest]
    if not older:
        return latest
    note = f"'{latest.label}' is graded, the latest of {len(submissions)}; not graded: {', '.join(older)}"
    return replace(latest, notes=(*latest.notes, note))


@dataclass(slots=True)
class EntryFinder:
    """Finds learners by what a download or a file says about them.

    Attributes:
        entries: The learners.

    """

    entries: Sequence[RosterEntry]
    _indexes: dict[str, dict[str, list[RosterEntry]]] = field(default_factory=dict)

    def find_entries(self, owner: Owner) -> tuple[list[RosterEntry], str]:
        """Return the learners that an owner is, several for a group; if there is none, why."""
        for value, columns in (
            (owner.number, ("participant",)),
            (owner.canvas_id, ("canvas_id", "id")),
            (owner.login, ("github", "login", "key")),
            (owner.email, ("email",)),
            (owner.id, ("id", "login")),
        ):
            for column in columns if value else ():
                if entries := self._look_up(column, value.casefold()):
                    return entries, ""
        namesakes = self._find_by_name(owner)
        # Where the roster has the number of an account, only the number counts.
        entries = [entry for entry in namesakes if not _has_other_account(owner, entry)]
        if namesakes and not entries:
            number = owner.number or owner.canvas_id
            return [], f"the roster has the name, but not the number {number}; is it for another assignment or course?"
        if len(entries) > 1:
            lines = " and ".join(str(entry.line) for entry in entries)
            reason = f"the learners in lines {lines} of the roster have this name"
            return [], f"{reason}; add a column with logins, IDs or e-mail addresses"
        members = entries or self._look_up("group", person_names.normalize_name(owner.name))
        if members:
            return members, ""
        return [], self._explain_unknown(owner)

    def _find_by_name(self, owner: Owner) -> list[RosterEntry]:
        if owner.squashed_name:
            return self._look_up("squashed_name", "".join(person_names.split_name(owner.squashed_name)))
        if not owner.name:
            return []
        name = person_names.normalize_name(owner.name)
        if entries := self._look_up("name", name):
            return entries
        # Moodle can put the username before the name.
        login, _, rest = owner.name.partition(" ")
        candidates = self._look_up("login", login.casefold())
        return [
            entry
            for entry in candidates
            if person_names.normalize_name(rest) == person_names.normalize_name(entry.identity.name)
        ]

    def _explain_unknown(self, owner: Owner) -> str:
        if owner.canvas_id.startswith(_ANONYMOUS):
            return "it is anonymous; turn anonymous grading off in Canvas, and download it again"
        names = [entry.identity.name or entry.key for entry in self.entries]
        close = difflib.get_close_matches(owner.label, names, n=1, cutoff=0.6)
        return f"'{owner.label}' is not in the roster" + (f"; did they mean {close[0]}?" if close else "")

    def _look_up(self, column: str, value: str) -> list[RosterEntry]:
        if column not in self._indexes:
            index: dict[str, list[RosterEntry]] = {}
            for entry in self.entries:
                for text in _COLUMN_VALUES[column](entry):
                    index.setdefault(text, []).append(entry)
            self._indexes[column] = index
        return self._indexes[column].get(value, [])


def _has_other_account(owner: Owner, entry: RosterEntry) -> bool:
    return bool((owner.number and entry.participant) or (owner.canvas_id and entry.identity.canvas_id))


def _list_text(text: str) -> Iterator[str]:
    if text:
        yield text.casefold()


_COLUMN_VALUES: dict[str, Callable[[RosterEntry], Iterable[str]]] = {
    "participant": lambda entry: _list_text(entry.participant),
    "key": lambda entry: _list_text(entry.key),
    "id": lambda entry: _list_text(entry.identity.id),
    "canvas_id": lambda entry: _list_text(entry.identity.canvas_id),
    "login": lambda entry: _list_text(entry.identity.login),
    "email": lambda entry: _list_text(entry.identity.email),
    "github": lambda entry: _list_text(entry.github),
    "name": lambda entry: filter(None, [person_names.normalize_name(entry.identity.name)]),
    "squashed_name": lambda entry: person_names.list_squashed_names(entry.identity.name),
    "group": lambda entry: filter(None, [person_names.normalize_name(entry.group)]),
}
