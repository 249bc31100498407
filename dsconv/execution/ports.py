"""Arrays for the inputs and outputs of a network: found by name, quantised, packed for a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dsconv.driver.difference import Difference, first_difference
from dsconv.errors import DsconvError
from dsconv.frontends import Port
from dsconv.frontends.onnx_file.preprocessing import Preparation

Array = npt.NDArray[Any]

RANDOM_SEED = 0


def by_port(given: object, ports: Sequence[Port], role: str) -> list[dict[str, Array]]:
    """What is given for each port, by one of its names; nothing for one without.

    `given` is an array for the only input or output of the file, or a mapping from names. Raises
    DsconvError where a name is unknown, or where an array comes without the name that it needs.
    """
    own_names = list(dict.fromkeys(port.names[0] for port in ports))
    names = ", ".join(f"'{name}'" for name in own_names)
    if given is None:
        return [{} for _ in ports]
    if not isinstance(given, Mapping):
        if len(own_names) > 1:
            raise DsconvError(f"the network has {len(own_names)} {role}s, {names}: name each array")
        return [{own_names[0]: np.asarray(given)} for _ in ports]
    named: dict[str, Array] = {str(name): np.asarray(array) for name, array in given.items()}
    unknown = named.keys() - {name for port in ports for name in port.names}
    if unknown:
        raise DsconvError(f"the network has no {role} '{min(unknown)}'; it has {names}")
    return [{name: named[name] for name in port.names if name in named} for port in ports]


def quantised_inputs(given: object, ports: Sequence[Port]) -> list[Array]:
    """For each input (n, its shape), in the type that the network takes.

    `given` is as in `by_port`; None draws a random one for every port. What the file does to an
    input before it is quantised is done to arrays of the input's name. Floats are quantised as
    QuantizeLinear does; integers have to be of the network's type.
    """
    generator = np.random.default_rng(RANDOM_SEED)
    if given is None:
        return [_random(port, generator) for port in ports]
    arrays: list[Array] = []
    for port, named in zip(ports, by_port(given, ports, "input"), strict=True):
        if not named:
            raise DsconvError(f"there are no values for the input '{port.names[0]}'")
        if len(named) > 1:
            raise DsconvError(f"{' and '.join(named)} are the same input: give one of them")
        ((name, array),) = named.items()
        if port.preparation is not None and name == port.preparation.source.name:
            array = _prepared(array, port.preparation)
        arrays.append(_quantised(array, port))
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
    for port, named in zip(ports, by_port(expect, ports, "output"), strict=True):
        place = f"expected output {port.name}" if len(ports) > 1 else "expected output"
        for given in named.values():
            expected = _expected(given, len(outputs[port.name]), port, notes)
            found.append(first_difference(place, expected, outputs[port.name]))
    return [difference for difference in found if difference is not None]


def _expected(given: Array, count: int, port: Port, notes: Sequence[str]) -> Array:
    """Expected values of an output, (count, its shape) integers."""
    try:
        expected = rows_of(given, port.shape, port.name)
    except DsconvError as error:
        raise DsconvError("; ".join((str(error), *(f"note: {note}" for note in notes)))) from error
    if len(expected) != count:
        raise DsconvError(f"{len(expected)} outputs are expected of {count} inputs")
    if not np.issubdtype(expected.dtype, np.floating):
        return expected
    if port.computed_by_caller:
        steps = ", ".join(port.computed_by_caller)
        raise DsconvError(
            f"'{port.name}': the network gives what {steps} takes, as {port.dtype}; expect that, "
            "or compare with dsconv verify"
        )
    return quantise(expected, port)


def rows_of(array: Array, shape: Sequence[int], name: str) -> Array:
    """One value or several as (n, *shape). Raises DsconvError for dimensions in another order.

    Dimensions of size 1 may be left out, and values may lie flat.
    """
    size = int(np.prod(shape))
    wanted = [length for length in shape if length != 1]
    for leading in (0, 1):
        lengths = [length for length in array.shape[leading:] if length != 1]
        fits = lengths in (wanted, [size]) or (len(wanted) < 2 and np.prod(lengths) == size)
        if array.size and fits:
            return array.reshape(-1, *shape)
    if array.ndim == 1 and array.size and array.size % size == 0:
        return array.reshape(-1, *shape)
    last = array.shape[-1:] + array.shape[-3:-1]
    is_channels_last = array.ndim >= 3 and list(last) == list(shape[-3:])
    advice = "; np.moveaxis(x, -1, -3) makes it channels first" if is_channels_last else ""
    raise DsconvError(
        f"'{name}' takes {list(shape)}, or several of them; the array is {list(array.shape)}"
        f"{advice}"
    )


def quantise(array: Array, port: Port) -> Array:
    """QuantizeLinear with the scale and zero point of a port."""
    if port.scale is None:
        raise DsconvError(
            f"'{port.name}' has no scale in the file: give {port.dtype}, not {array.dtype}"
        )
    if not np.all(np.isfinite(array)):
        raise DsconvError(f"the values for '{port.name}' are not all finite: give numbers")
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


def _prepared(array: Array, preparation: Preparation) -> Array:
    """What the first operations of the file make of its input."""
    name = preparation.source.name
    is_real = np.issubdtype(array.dtype, np.floating)
    if not is_real and array.dtype != preparation.source.dtype:
        raise DsconvError(
            f"'{name}' takes {preparation.source.dtype}; the array is {array.dtype}: "
            f"x.astype(np.{preparation.source.dtype}) if its values are those of the file's input, "
            f"or name it '{preparation.result}' if it is quantised"
        )
    rows = rows_of(array, preparation.source.shape, name)
    return preparation.apply(rows.astype(np.float32) if is_real else rows)


def _quantised(array: Array, port: Port) -> Array:
    rows = rows_of(array, port.shape, port.name)
    if np.issubdtype(array.dtype, np.floating):
        return quantise(rows, port)
    if array.dtype != port.dtype:
        real = " if it holds the reals of the file" if port.float_model else ""
        cure = "np.float32" if port.float_model else f"np.{port.dtype}"
        raise DsconvError(
            f"'{port.name}' takes {port.dtype}{' or float' if port.scale else ''}; the array is "
            f"{array.dtype}: x.astype({cure}){real}"
        )
    return np.ascontiguousarray(rows)
