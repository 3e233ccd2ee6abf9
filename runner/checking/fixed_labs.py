"""The labs that are verified whatever has changed: those that use the most of each driver."""

from __future__ import annotations

import tomllib
from collections.abc import Container
from dataclasses import dataclass

from runner import paths
from runner.errors import BrokenLabError
from runner.storage import codec

FIXED_LABS_FILE = "fixed_labs.toml"


@dataclass(frozen=True, slots=True)
class FixedLab:
    """A lab that is verified whatever has changed.

    Attributes:
        lab: The lab's name.
        reason: What it uses of its driver.

    """

    lab: str
    reason: str


def load_fixed_labs(lab_names: Container[str], driver_names: Container[str]) -> dict[str, FixedLab]:
    """Return the fixed lab of each driver, by the driver's name; none if the labs have no `fixed_labs.toml`.

    Args:
        lab_names: The names of all labs.
        driver_names: The names of all drivers.

    Raises:
        BrokenLabError: The file is not valid, or names a lab or driver that does not exist.

    """
    file = paths.labs_folder() / FIXED_LABS_FILE
    try:
        fixed_labs = codec.from_builtins(tomllib.loads(file.read_text("utf-8")), dict[str, FixedLab])
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise BrokenLabError(f"{file} is not valid: {error}.", "Fix this file.") from error
    for driver, fixed_lab in fixed_labs.items():
        if driver not in driver_names:
            raise BrokenLabError(f"{file} names the driver '{driver}', which does not exist.", "Fix this file.")
        if fixed_lab.lab not in lab_names:
            raise BrokenLabError(f"{file} names the lab '{fixed_lab.lab}', which does not exist.", "Fix this file.")
    return fixed_labs
