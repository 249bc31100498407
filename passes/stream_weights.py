"""Moves weights that L2 cannot hold to L3, and brings them back while earlier layers compute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from xdsl.context import Context
from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    IndexType,
    IntegerAttr,
    ModuleOp,
    SymbolRefAttr,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from dsconv.dialects.attributes import Space
from dsconv.dialects.target import L3
from dsconv.dialects.tiled import (
    BoxAttr,
    BufferOp,
    L3LoadOp,
    L3TransferOp,
    L3WaitOp,
    LayerOp,
    aligned,
    buffer_size,
    buffer_type,
)
from dsconv.passes.analysis.allocator import fits
from dsconv.passes.analysis.diagnostics import DoesNotFitError
from dsconv.passes.analysis.liveness import (
    Lifespan,
    constant_size,
    constants,
    lifespans,
    live_bytes_by_position,
    positions,
)
from dsconv.passes.analysis.networks import first_layer, networks
from dsconv.passes.analysis.target_cluster import cluster_of, memory_limit

PLANNING_STEPS = 32
"""A plan that comes out too large is made again for so many parts of L2, less one each time."""

SHARES = 2
"""How finely the share of small weights that stay in L2 is varied."""


@dataclass(frozen=True)
class StreamStep:
    """One piece of a layer's work, with weights of its own: what a transfer has to precede."""

    use: memref.GetGlobalOp
    first: int
    last: int
    size: int
    cycles: float

    @property
    def layer(self) -> str:
        """Label of the layer."""
        layer = self.use.parent_op()
        assert isinstance(layer, LayerOp), "weights are used in layers"
        return layer.label.data

    @property
    def symbol(self) -> str:
        """Name of the weights."""
        return self.use.name_.string_value()


@dataclass(frozen=True)
class Stream:
    """Weights of a step that come from L3, and the step whose begin starts the transfer."""

    step: int
    start: int


Plan = tuple[float, list[Stream]]
"""Estimated cycles of a network, and its streams."""


def symbol_uses(module: ModuleOp) -> Counter[str]:
    """How often the operations of a module name each symbol."""
    return Counter(
        attribute.string_value()
        for op in module.walk()
        for attribute in (*op.properties.values(), *op.attributes.values())
        if isinstance(attribute, SymbolRefAttr)
    )


def layer_steps(function: FuncOp) -> list[StreamStep]:
    """The steps of a network in their order, with the positions they take up to the next one.

    Weights that something else uses, too, are not among them: they stay where they are.
    """
    module = function.parent_op()
    assert isinstance(module, ModuleOp), "networks lie in a module"
    movable = {
        constant.sym_name.data
        for constant in constants(module, Space.L2)
        if isinstance(constant.initial_value, DenseIntOrFPElementsAttr)
    }
    counts = symbol_uses(module)
    numbered = positions(function)
    steps: list[StreamStep] = []
    for layer in function.body.block.ops:
        if not isinstance(layer, LayerOp):
            continue
        uses = [
            op
            for op in layer.body.block.ops
            if isinstance(op, memref.GetGlobalOp)
            and op.name_.string_value() in movable
            and counts[op.name_.string_value()] == 1
        ]
        estimate = layer.estimate.value.data if layer.estimate else 0
        for index, use in enumerate(uses):
            first = numbered[use] if index else numbered[layer]
            cycles = estimate / len(uses)
            size = aligned(buffer_size(use.memref))
            steps.append(StreamStep(use, first if steps else 0, len(numbered), size, cycles))
    return [replace(step, last=following.first - 1) for step, following in pairwise(steps)] + steps[
        -1:
    ]


class StreamPlan:
    """Chooses which weights stay in L2, and when the others start to come.

    Transfers come one after the other, in the order of their steps, each as early as the bytes
    that are live leave room. Weights stay in L2 where that costs no time. `activation_transfers`
    from and to L3 may be in flight beside them.
    """

    def __init__(
        self,
        steps: Sequence[StreamStep],
        activations: Sequence[Lifespan],
        l2_bytes: int,
        l3: L3,
        activation_transfers: int = 0,
    ):
        self.steps = steps
        self.l2_bytes = l2_bytes
        self.l3 = l3
        self.most_in_flight = l3.transfers_in_flight - 1 - activation_transfers
        live = live_bytes_by_position(activations)
        self.activation_bytes = [max(live[step.first : step.last + 1], default=0) for step in steps]

    def choose(self) -> list[Stream] | None:
        """The streams of least estimated time; None where nothing fits."""
        everything = self.schedule(set(range(len(self.steps))))
        if everything is None:
            return None
        _, streams = min(
            (self._keep(order, everything) for order in self._orders()), key=lambda plan: plan[0]
        )
        return streams

    def _orders(self) -> Iterator[list[int]]:
        """Orders in which weights may be kept in L2: a share of them, the smallest, then the rest.

        Small ones because few large transfers are better than many small ones, and only some may be
        in flight. Of the rest, the largest layer's are first: only what it finds in L2 has not to
        come while all wait for it.
        """
        layers = Counter[str]()
        for step in self.steps:
            layers[step.layer] += step.size
        numbers = range(len(self.steps))
        smallest = sorted(numbers, key=lambda index: self.steps[index].size)
        for share in range(SHARES + 1):
            small = smallest[: len(smallest) * share // SHARES]
            rest = sorted(
                set(numbers) - set(small),
                key=lambda index: (-layers[self.steps[index].layer], index),
            )
            yield small + rest

    def _keep(self, order: Sequence[int], best: Plan) -> Plan:
        """Keeps weights in L2, in this order, where that costs no time."""
        streamed = set(order)
        for step in order:
            attempt = self.schedule(streamed - {step})
            if attempt is not None and attempt[0] <= best[0]:
                streamed, best = streamed - {step}, attempt
        return best

    def schedule(self, streamed: set[int]) -> Plan | None:
        """Estimated cycles and the streams, when these steps' weights come from L3."""
        resident = sum(step.size for index, step in enumerate(self.steps) if index not in streamed)
        free = [self.l2_bytes - resident - used for used in self.activation_bytes]
        if min(free) < 0:
            return None
        streams: list[Stream] = []
        earliest = 0
        for index in sorted(streamed):
            start = self._earliest_start(index, earliest, free, streams)
            if start is None:
                return None
            for step in range(start, index + 1):
                free[step] -= self.steps[index].size
            streams.append(Stream(index, start))
            earliest = start
        return self._cycles(streams), streams

    def _earliest_start(
        self, index: int, earliest: int, free: Sequence[int], streams: Sequence[Stream]
    ) -> int | None:
        """The first step from which on there is room up to the use; None where there is none."""
        size = self.steps[index].size
        if free[index] < size:
            return None
        if len(streams) >= self.most_in_flight:
            earliest = max(earliest, streams[-self.most_in_flight].step)
        start = index
        while start > earliest and free[start - 1] >= size:
            start -= 1
        return start

    def _cycles(self, streams: Sequence[Stream]) -> float:
        """Estimated time of the network: computation, and waiting for transfers."""
        by_step = {stream.step: stream for stream in streams}
        started: list[list[Stream]] = [[] for _ in self.steps]
        for stream in streams:
            started[stream.start].append(stream)
        now = link_free = 0.0
        arrival: dict[int, float] = {}
        for index, step in enumerate(self.steps):
            for stream in started[index]:
                transfer = self.steps[stream.step].size / self.l3.loaded_bytes_per_cycle
                link_free = max(link_free, now) + transfer + self.l3.transfer_cycles
                arrival[stream.step] = link_free
            if index in by_step:
                now = max(now, arrival[index])
            now += step.cycles
        return now


def activation_transfers(function: FuncOp) -> int:
    """The most transfers of activations from and to L3 that are in flight at a time."""
    most = in_flight = 0
    for op in function.walk():
        if isinstance(op, L3TransferOp):
            in_flight += 1
        elif isinstance(op, L3WaitOp):
            in_flight -= 1
        most = max(most, in_flight)
    return most


def start_stream(
    module: ModuleOp, function: FuncOp, step: StreamStep, start: memref.GetGlobalOp
) -> BufferOp:
    """Moves a step's weights to L3; writes their buffer in L2 and the transfer to it."""
    weights = next(
        constant
        for constant in constants(module, Space.L2)
        if constant.sym_name.data == step.symbol
    )
    size = buffer_size(step.use.memref)
    far_type = buffer_type(size, Space.L3)
    weights.properties["type"] = far_type
    buffer = BufferOp(step.symbol, aligned(size), Space.L2)
    function.body.block.insert_op_before(buffer, first_layer(function))
    layer = start.parent_op()
    assert isinstance(layer, LayerOp), "weights are used in layers"
    place: Operation = layer if is_first_use(start, layer) else start
    block = place.parent_block()
    assert block is not None, "layers lie in a function"
    offset = arith.ConstantOp(IntegerAttr(0, IndexType()))
    source = memref.GetGlobalOp(step.symbol, far_type)
    load = L3LoadOp(source.memref, buffer.result, offset.result, BoxAttr.of(size))
    block.insert_ops_before([offset, source, load], place)
    return buffer


def end_stream(step: StreamStep, buffer: BufferOp) -> None:
    """Waits for a step's weights where they are used, and takes them from their buffer."""
    block = step.use.parent_block()
    assert block is not None, "weights are used in layers"
    block.insert_op_before(L3WaitOp(buffer.result), step.use)
    step.use.memref.replace_all_uses_with(buffer.result)
    Rewriter.erase_op(step.use)


def is_first_use(use: memref.GetGlobalOp, layer: LayerOp) -> bool:
    """Whether no other weights come before in a layer."""
    uses = (op for op in layer.body.block.ops if isinstance(op, memref.GetGlobalOp))
    return next(uses) is use


def network_named(module: ModuleOp, name: str) -> FuncOp:
    """A network by its symbol."""
    return next(
        function for function in networks(module, LayerOp) if function.sym_name.data == name
    )


def write_streams(module: ModuleOp, name: str, streams: Sequence[Stream]) -> None:
    """Writes the transfers, their buffers and the waits into a network."""
    function = network_named(module, name)
    steps = layer_steps(function)
    buffers = [
        start_stream(module, function, steps[stream.step], steps[stream.start].use)
        for stream in streams
    ]
    for stream, buffer in zip(streams, buffers, strict=True):
        end_stream(steps[stream.step], buffer)


def fits_l2(module: ModuleOp, name: str, l2: int) -> bool:
    """Whether a network's buffers fit L2 beside the weights that stay."""
    weights = sum(aligned(constant_size(constant)) for constant in constants(module, Space.L2))
    return fits(lifespans(network_named(module, name)), l2 - weights)


class WeightStreaming:
    """Moves weights of a module's networks to L3, until `l2` bytes hold what stays."""

    def __init__(self, module: ModuleOp, l2: int, l3: L3):
        self.module = module
        self.l2 = l2
        self.l3 = l3

    def stream(self, function: FuncOp) -> None:
        """Writes the transfers of one network, if it needs any."""
        steps = layer_steps(function)
        activations = lifespans(function)
        resident = constants(self.module, Space.L2)
        weights = sum(aligned(constant_size(constant)) for constant in resident)
        if not steps or fits(activations, self.l2 - weights):
            return
        room = self.l2 - (weights - sum(step.size for step in steps))
        for margin in range(0, self.l2 // 2, self.l2 // PLANNING_STEPS):
            streams = self._choose(function, steps, activations, room - margin)
            if streams is None:
                break
            trial = self.module.clone()
            write_streams(trial, function.sym_name.data, streams)
            if fits_l2(trial, function.sym_name.data, self.l2):
                write_streams(self.module, function.sym_name.data, streams)
                return
        used = StreamPlan(steps, activations, room, self.l3).activation_bytes
        worst = max(range(len(steps)), key=lambda index: used[index] + steps[index].size)
        raise DoesNotFitError(
            Space.L2,
            function,
            f'layer "{steps[worst].layer}" does not fit L2: {used[worst]} bytes of activations and '
            f"pieces of weights of {steps[worst].size}; {self.l2} are there",
        )

    def _choose(
        self,
        function: FuncOp,
        steps: Sequence[StreamStep],
        activations: Sequence[Lifespan],
        limit: int,
    ) -> list[Stream] | None:
        """Streams whose buffers can be placed: a plan may take more than the live bytes."""
        budget, beside = limit, activation_transfers(function)
        while budget > 0:
            streams = StreamPlan(steps, activations, budget, self.l3, beside).choose()
            if streams is None:
                return None
            streamed = {stream.step for stream in streams}
            resident = sum(step.size for index, step in enumerate(steps) if index not in streamed)
            buffers = [
                Lifespan(
                    steps[stream.step].use.memref,
                    steps[stream.step].symbol,
                    steps[stream.step].size,
                    steps[stream.start].first,
                    steps[stream.step].last,
                )
                for stream in streams
            ]
            if fits([*activations, *buffers], limit - resident):
                return streams
            budget -= self.l2 // 64
        return None


@dataclass(frozen=True)
class StreamWeightsPass(ModulePass):
    """Keeps the weights that fit `l2` bytes beside the activations; the others stream from L3.

    By default the bytes of the target; 0 means no limit: nothing moves.
    """

    name = "stream-weights"

    l2: int | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        l2 = memory_limit(op, Space.L2, self.l2)
        if not l2:
            return
        streaming = WeightStreaming(op, l2, cluster_of(op).l3)
        for function in networks(op, LayerOp):
            streaming.stream(function)
