"""Requantisation where the bias is not in the accumulator.

A sum of products begins with its first product, so nothing is spent to set it to the bias. The
bias is added on the way: in the narrow form, which is linear up to its shifts, at no cost.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager

from dsconv.dialects.attributes import NarrowRequantAttr
from dsconv.dialects.records import BIAS, NARROW_ADDEND, RecordAttr
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import Assembly
from dsconv.lowering.xpulp.requantise import NarrowRequantiser, Requantiser, requantiser


class WindowRequantiser(ABC):
    """Turns sums of products into outputs, in place. There is one bias, or one a column."""

    def __init__(self, asm: Assembly, record: RecordAttr):
        self.asm = asm
        self.record = record

    @contextmanager
    @abstractmethod
    def constants(self, biases: int) -> Generator[None]:
        """Takes registers for a channel's parameters and so many biases."""

    @abstractmethod
    def load(self, record: str) -> None:
        """Loads the parameters of the channel whose record a register points to."""

    @abstractmethod
    def set_bias(self, number: int, record: str, addend: str | None) -> None:
        """Sets a bias: the record's, and what a register holds, which it may change."""

    def load_bias(self, bias: str, record: str, addend: str | None) -> None:
        """Loads the record's bias into a register, and adds what another holds."""
        self.asm("lw", bias, record, self.record.offset(BIAS))
        if addend is not None:
            self.asm("add", bias, bias, addend)

    @abstractmethod
    def __call__(self, value: str, bias: int) -> str:
        """Turns a sum into an output, with one of the biases; returns the register it is in."""


class AddedBias(WindowRequantiser):
    """Adds the bias, then requantises by any form."""

    def __init__(self, asm: Assembly, record: RecordAttr, requantise: Requantiser):
        super().__init__(asm, record)
        self.requantise = requantise

    @contextmanager
    def constants(self, biases: int) -> Generator[None]:
        with (
            self.asm.registers(biases) as self.biases,
            self.asm.registers(self.requantise.registers) as self.channel,
            self.requantise.constants(),
        ):
            yield

    def load(self, record: str) -> None:
        self.requantise.load(self.channel, record)

    def set_bias(self, number: int, record: str, addend: str | None) -> None:
        self.load_bias(self.biases[number], record, addend)

    def __call__(self, value: str, bias: int) -> str:
        self.asm("add", value, value, self.biases[bias])
        self.requantise([value], self.channel)
        return value


class NarrowWindow(WindowRequantiser):
    """The narrow form with the bias on the way, and the result in a register of its own.

    A multiplication takes two cycles on GVSoC, one that accumulates takes one. So the low product
    is added to the last output, which is still in the register: NarrowRequantAttr allows for that.
    """

    folds_bias = False

    def __init__(self, asm: Assembly, record: RecordAttr, narrow: NarrowRequantAttr):
        super().__init__(asm, record)
        self.narrow = narrow
        self.parameters = NarrowRequantiser(asm, record, narrow, folds_bias=self.folds_bias)
        self.clip = self.parameters.clip
        self.has_low = self.parameters.has_low

    def multiply_low(self, value: str, low: str) -> None:
        """The low product. What is left of the last output stays in it, if that may be."""
        smallest, largest = self.narrow.clip
        if self.narrow.slack < max(largest, -smallest):
            self.asm("mv", self.product, "zero")
        self.asm("p.mac", self.product, value, low)

    @contextmanager
    def constants(self, biases: int) -> Generator[None]:
        with (
            self.asm.registers(self.parameters.registers) as self.channel,
            self.bias_registers(biases),
            self.clip.constants(),
            self.asm.registers(1) as (self.product,),
        ):
            self.asm("mv", self.product, "zero")
            yield

    @abstractmethod
    def bias_registers(self, biases: int) -> AbstractContextManager[None]:
        """Takes registers for the biases."""

    def load(self, record: str) -> None:
        self.parameters.load(self.channel, record)


class FoldedBias(NarrowWindow):
    """Multiplies the bias out, for accumulators that are not clipped.

    `a * low + bias * low` and `a * high + (bias * high + addend)`: both sums are part of an
    addition and a shift that are there anyway.
    """

    folds_bias = True

    @contextmanager
    def bias_registers(self, biases: int) -> Generator[None]:
        with (
            self.asm.registers(biases) as self.high_addends,
            self.asm.registers(biases if self.has_low else 0) as self.low_addends,
        ):
            yield

    def set_bias(self, number: int, record: str, addend: str | None) -> None:
        asm, target = self.asm, self.high_addends[number]
        with asm.registers(1) as (bias,):
            asm("lw", bias, record, self.record.offset(BIAS))
            self.parameters.load_addend(target, record)
            if addend is not None:
                asm("add", bias, bias, addend)
            asm("p.mac", target, bias, self.channel[0])
            if self.has_low:
                asm("mul", self.low_addends[number], bias, self.channel[1])

    def __call__(self, value: str, bias: int) -> str:
        asm, product, narrow = self.asm, self.product, self.narrow
        if self.has_low:
            high, low, *_ = self.channel
            self.multiply_low(value, low)
            asm("p.addN", product, product, self.low_addends[bias], narrow.low_shift)
            asm("p.mac", product, value, high)
            self.parameters.add_and_shift(product, self.high_addends[bias], self.channel)
        else:
            asm("mv", product, self.high_addends[bias])
            asm("p.mac", product, value, self.channel[0])
            self.parameters.shift(product, self.channel)
        self.clip(product)
        return product


class ClippedSum(NarrowWindow):
    """Adds the bias and clips the accumulator, then multiplies."""

    @contextmanager
    def bias_registers(self, biases: int) -> Generator[None]:
        shared = 0 if NARROW_ADDEND in self.parameters.own else self.narrow.addends[0]
        with (
            self.asm.registers(biases) as self.biases,
            self.asm.constants(shared) as (self.parameters.addend,),
        ):
            yield

    def set_bias(self, number: int, record: str, addend: str | None) -> None:
        self.load_bias(self.biases[number], record, addend)

    def __call__(self, value: str, bias: int) -> str:
        asm, product, narrow = self.asm, self.product, self.narrow
        asm("add", value, value, self.biases[bias])
        addend = self.parameters.addend_of(self.channel)
        asm("p.clip", value, value, narrow.bits)
        if self.has_low:
            high, low, *_ = self.channel
            self.multiply_low(value, low)
            asm("srai", product, product, narrow.low_shift)
            asm("p.mac", product, value, high)
            self.parameters.add_and_shift(product, addend, self.channel)
        else:
            asm("mv", product, addend)
            asm("p.mac", product, value, self.channel[0])
            self.parameters.shift(product, self.channel)
        self.clip(product)
        return product


def window_requantiser(asm: Assembly, kernel: KernelOp) -> WindowRequantiser | None:
    """The kernel's requantisation; None where it has no form."""
    assert kernel.record is not None, "weighted kernels have records"
    if kernel.narrow is not None and not kernel.narrow.is_mulh:
        form = ClippedSum if kernel.narrow.bits else FoldedBias
        return form(asm, kernel.record, kernel.narrow)
    requantise = requantiser(asm, kernel)
    return None if requantise is None else AddedBias(asm, kernel.record, requantise)
