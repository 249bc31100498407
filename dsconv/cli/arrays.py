"""Arrays that the user names on the command line, and arrays that the user gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import numpy.typing as npt

from dsconv.errors import DsconvError
from dsconv.files import check_writable, written_at_once
from dsconv.frontends import Port

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class GivenArrays:
    """What an option that may be repeated gives: arrays by name, or one file without a name.

    `file` is an array, or the arrays of an .npz by their keys.
    """

    option: str
    named: Mapping[str, Array]
    file: Array | Mapping[str, Array] | None
    place: str

    @staticmethod
    def load(option: str, texts: Sequence[str] | None) -> GivenArrays | None:
        """Reads [NAME=]X.npy or [NAME=]X.npz[:KEY], any number of them; None for none."""
        if not texts:
            return None
        pairs = [_named_place(text) for text in texts]
        if len(pairs) == 1 and pairs[0][0] is None:
            place = pairs[0][1]
            return GivenArrays(option, {}, load_file(place), place)
        named: dict[str, Array] = {}
        for name, place in pairs:
            if name is None or name in named:
                raise DsconvError(f"{option} {place}: write {option} NAME={place}, a NAME for each")
            found = load_file(place)
            named[name] = found[name] if _has(found, name) else only_array(found, place)
        return GivenArrays(option, named, None, "")

    def for_ports(self, ports: Sequence[Port]) -> Array | Mapping[str, Array]:
        """What the API takes for these inputs or outputs. An .npz may hold other arrays too."""
        if self.file is None:
            return self.named
        if not isinstance(self.file, Mapping):
            return self.file
        names = {name for port in ports for name in port.names}
        found = {name: array for name, array in self.file.items() if name in names}
        if found:
            return found
        if len(ports) == 1:
            return only_array(self.file, self.place)
        known = ", ".join(port.name for port in ports)
        raise DsconvError(
            f"{self.place} has {', '.join(self.file)}, the model {known}: "
            f"write {self.option} NAME={self.place}:KEY for each"
        )


def load_array(place: str) -> Array:
    """An array from X.npy, X.npz with one array, or X.npz:KEY."""
    return only_array(load_file(place), place)


def load_file(place: str) -> Array | dict[str, Array]:
    """An array from X.npy or X.npz:KEY; all arrays of X.npz by their keys."""
    path, _, key = place.partition(".npz:")
    path = f"{path}.npz" if key else place
    try:
        loaded = np.load(path)
        if isinstance(loaded, np.ndarray):
            return loaded
        with loaded:
            arrays = {name: loaded[name] for name in loaded.files}
    except OSError as error:
        raise DsconvError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, EOFError) as error:
        raise DsconvError(f"cannot read {path}: {error}") from error
    if not key:
        return arrays
    if key not in arrays:
        raise DsconvError(f"{path} has {', '.join(arrays)}, no {key}")
    return arrays[key]


def only_array(found: Array | Mapping[str, Array], place: str) -> Array:
    """The array of a file with one. Raises DsconvError where it has several."""
    if isinstance(found, np.ndarray):
        return found
    if len(found) != 1:
        raise DsconvError(f"{place} has {', '.join(found)}; say which: {place}:KEY")
    return next(iter(found.values()))


def check_arrays_path(path: Path) -> None:
    """Raises DsconvError where arrays cannot be written to a file of this name."""
    if path.suffix not in (".npy", ".npz"):
        raise DsconvError(f"{path}: outputs are written to a .npy or a .npz")
    check_writable(path)


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Writes X.npz with all arrays by their names, or X.npy with the only one."""
    if path.suffix == ".npy" and len(arrays) > 1:
        raise DsconvError(f"{path} holds one array, not {', '.join(arrays)}; take a .npz")
    with written_at_once(path) as draft:
        if path.suffix == ".npy":
            np.save(draft, next(iter(arrays.values())))
        else:
            _write_npz(draft, arrays)


def _write_npz(path: Path, arrays: Mapping[str, Array]) -> None:
    """As numpy.savez, which does not take every name."""
    with ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array)


def _has(found: Array | Mapping[str, Array], name: str) -> bool:
    return isinstance(found, Mapping) and name in found


def _named_place(text: str) -> tuple[str | None, str]:
    """NAME and place; a file whose own name has a = is a place alone."""
    name, equals, place = text.partition("=")
    if not equals or Path(text.partition(".npz:")[0]).exists():
        return None, text
    return name, place
