"""Arrays for the inputs and outputs of a network: found by name, quantised, packed for a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dsconv.dialects.run import Array
from dsconv.driver.difference import Difference, first_difference
from dsconv.errors import DsconvError
from dsconv.frontends import Port

RANDOM_SEED = 0


def by_port(given: object, ports: Sequence[Port], role: str) -> list[object]:
    """What is given for each port, None for one without.

    `given` is an array for the only port, or a mapping from names. Raises DsconvError where a name
    is unknown, or where an array comes without the name that it needs.
    """
    if not isinstance(given, Mapping):
        if len(ports) > 1 and given is not None:
            names = ", ".join(f"'{port.name}'" for port in ports)
            raise DsconvError(f"the network has {len(ports)} {role}s, {names}: name each array")
        return [given] * len(ports)
    named: dict[str, object] = {str(name): array for name, array in given.items()}
    unknown = named.keys() - {port.name for port in ports}
    if unknown:
        names = ", ".join(f"'{port.name}'" for port in ports)
        raise DsconvError(f"the network has no {role} '{min(unknown)}'; it has {names}")
    return [named.get(port.name) for port in ports]


def quantised_inputs(given: object, ports: Sequence[Port]) -> list[Array]:
    """For each input (n, its shape), in the type that the network takes.

    `given` is as in `by_port`; None draws a random one for every port. Floats are quantised as
    QuantizeLinear does; integers have to be of the network's type.
    """
    generator = np.random.default_rng(RANDOM_SEED)
    if given is None:
        return [_random(port, generator) for port in ports]
    arrays: list[Array] = []
    for port, x in zip(ports, by_port(given, ports, "input"), strict=True):
        if x is None:
            raise DsconvError(f"there are no values for the input '{port.name}'")
        arrays.append(_quantised(np.asarray(x), port))
    if len({len(array) for array in arrays}) > 1:
        counts = ", ".join(
            f"{len(array)} for '{port.name}'" for array, port in zip(arrays, ports, strict=True)
        )
        raise DsconvError(f"the inputs have different numbers of values: {counts}")
    return arrays


def expected_differences(
    expect: object, outputs: Mapping[str, Array], ports: Sequence[Port], notes: Sequence[str]
) -> list[Difference]:
    """Where outputs differ from what was expected, given as in `by_port`.

    Raises DsconvError, with the notes of the import, where the shapes differ.
    """
    found: list[Difference | None] = []
    for port, given in zip(ports, by_port(expect, ports, "output"), strict=True):
        if given is None:
            continue
        expected, actual = np.asarray(given), outputs[port.name]
        if expected.size != actual.size:
            raise DsconvError(
                f"expected outputs have shape {expected.shape}, the network's '{port.name}' "
                f"{actual.shape}" + "".join(f"; note: {note}" for note in notes)
            )
        expected = expected.reshape(actual.shape)
        if np.issubdtype(expected.dtype, np.floating):
            expected = quantise(expected.astype(np.float32), port)
        place = f"expected output {port.name}" if len(ports) > 1 else "expected output"
        found.append(first_difference(place, expected, actual))
    return [difference for difference in found if difference is not None]


def quantise(array: npt.NDArray[np.floating], port: Port) -> Array:
    """QuantizeLinear with the scale and zero point of a port."""
    if port.scale is None:
        raise DsconvError(f"{port.name} has no scale: give integers, not floats")
    limits = np.iinfo(port.dtype)
    steps = np.rint(array.astype(np.float32) / np.float32(port.scale)) + port.zero_point
    return np.clip(steps, limits.min, limits.max).astype(port.dtype)


def packed(inputs: Sequence[Array]) -> npt.NDArray[np.uint8]:
    """The bytes of (n, ...) arrays, one a port, as a run takes them: (n, bytes of all ports)."""
    rows = [np.ascontiguousarray(array).reshape(len(array), -1) for array in inputs]
    return np.concatenate([array.view(np.uint8) for array in rows], axis=1)


def unpacked(data: npt.NDArray[np.uint8], ports: Sequence[Port]) -> dict[str, Array]:
    """The outputs of a run by their names, (n, shape of the port) each."""
    sizes = [int(np.prod(port.shape)) * np.dtype(port.dtype).itemsize for port in ports]
    parts = np.split(data, np.cumsum(sizes)[:-1], axis=1)
    return {
        port.name: np.ascontiguousarray(part).view(port.dtype).reshape(-1, *port.shape)
        for port, part in zip(ports, parts, strict=True)
    }


def _random(port: Port, generator: np.random.Generator) -> Array:
    dtype = np.dtype(port.dtype)
    limits = np.iinfo(dtype)
    return generator.integers(limits.min, limits.max + 1, (1, *port.shape), dtype)


def _quantised(array: npt.NDArray[np.generic], port: Port) -> Array:
    size = int(np.prod(port.shape))
    if array.size == 0 or array.size % size:
        raise DsconvError(
            f"the input has shape {array.shape}; {port.name} takes {port.shape}, or several of them"
        )
    array = array.reshape(-1, *port.shape)
    if np.issubdtype(array.dtype, np.floating):
        return quantise(array.astype(np.float32), port)
    if array.dtype != port.dtype:
        raise DsconvError(f"the input is {array.dtype}; {port.name} takes {port.dtype} or float")
    return np.ascontiguousarray(array).astype(port.dtype)
