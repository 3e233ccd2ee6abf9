"""Choose the labs to verify, and the driver of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from runner.checking import affected_labs, fixed_labs
from runner.checking.parallel_verify import LabOnDriver
from runner.checking.verify_report import LabVerification
from runner.clusters import selection
from runner.errors import ExitCode, HostError
from runner.lessons.model import Lab


@dataclass(frozen=True, slots=True)
class LabSelection:
    """The labs to verify.

    Attributes:
        labs: The labs.
        reasons: Why each lab was chosen, by its name; without an entry, the user named it.
        fixed_drivers: The driver of each fixed lab, by the lab's name; these labs come first.
        refusals: Why a driver cannot run its fixed lab on this host, one line per driver.

    """

    labs: Sequence[Lab]
    reasons: Mapping[str, str] = field(default_factory=dict)
    fixed_drivers: Mapping[str, str] = field(default_factory=dict)
    refusals: Sequence[str] = ()


def select_affected_labs(labs: Sequence[Lab], revision: str, driver: str | None) -> LabSelection:
    """Return the labs that the changes since a revision can affect, and the fixed labs.

    Args:
        labs: All labs.
        revision: The revision.
        driver: The name of the requested driver, if any.

    Raises:
        UsageError: git does not know the revision, or there is no such driver.
        HostError: git cannot read the repository.
        BrokenLabError: The file with the fixed labs is not valid.

    """
    reasons = affected_labs.explain_affected_labs(labs, revision)
    with_fixed = add_fixed_labs(labs, driver)
    # A fixed lab that is affected too has the more specific reason.
    reasons = {**with_fixed.reasons, **reasons}
    return replace(with_fixed, labs=[lab for lab in labs if lab.name in reasons], reasons=reasons)


def add_fixed_labs(labs: Sequence[Lab], driver: str | None) -> LabSelection:
    """Return a selection of all labs, with the fixed lab of each driver that can run it on this host.

    Args:
        labs: All labs.
        driver: The name of the requested driver, if any.

    Raises:
        UsageError: There is no such driver.
        BrokenLabError: The file with the fixed labs is not valid.

    """
    labs_by_name = {lab.name: lab for lab in labs}
    fixed = fixed_labs.load_fixed_labs(labs_by_name, selection.DRIVER_NAMES)
    reasons, drivers, refusals = dict[str, str](), dict[str, str](), list[str]()
    for usable in [selection.load_driver(driver)] if driver else selection.load_allowed_drivers():
        entry = fixed.get(usable.name)
        if entry is None or entry.lab in drivers:
            continue
        try:
            usable.check_support(labs_by_name[entry.lab].lesson.needs, f"'{entry.lab}'")
        except HostError as error:
            refusals.append(f"The driver {usable.name} cannot run '{entry.lab}' here: {error.message}")
            continue
        drivers[entry.lab] = usable.name
        reasons[entry.lab] = f"always verified on {usable.name}: {entry.reason}"
    return LabSelection(labs, reasons, drivers, refusals)


def assign_drivers(chosen: LabSelection, driver: str | None) -> tuple[list[LabOnDriver], list[LabVerification]]:
    """Return each lab with its driver, and a verification without a driver for each that no driver supports here.

    Args:
        chosen: The labs.
        driver: The name of the requested driver, if any.

    Raises:
        UsageError: There is no such driver.

    """
    jobs, unsupported = [], []
    for lab in chosen.labs:
        try:
            name = chosen.fixed_drivers.get(lab.name) or selection.choose_driver(lab, driver, None).driver.name
            jobs.append(LabOnDriver(lab, name))
        except HostError as error:
            reason = f"{error.message} {error.advice}"
            unsupported.append(LabVerification(lab.name, "", 0, (), reason, ExitCode.HOST))
    return jobs, unsupported
