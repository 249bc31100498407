"""Descriptions of clusters."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from dsconv.dialects.attributes import Space
from dsconv.dialects.target import Cluster, ClusterAttr, ClusterParts, check_cluster
from dsconv.errors import CapacityError
from dsconv.targets.target import Target


@dataclass(frozen=True)
class MemorySize:
    """Bytes of a memory, and how many of them stacks, code and the runtime take."""

    bytes: int
    reserved: int
    reserved_per_layer: int = 0

    def usable(self, layers: int = 0) -> int:
        """Bytes left for the tensors of a network."""
        return max(self.bytes - self.reserved - layers * self.reserved_per_layer, 0)


@dataclass(frozen=True, kw_only=True)
class ClusterTarget(ClusterParts, Target):
    """Cores that share an L1, behind it an L2 and an L3.

    `platform` is the folder of runtime_c that serves it.
    """

    platform: str
    l1: MemorySize
    l2: MemorySize

    def with_sizes(self, l1_bytes: int | None, l2_bytes: int | None) -> ClusterTarget:
        """The target with other sizes of L1 and L2, in bytes."""
        resized = self
        if l1_bytes is not None:
            resized = replace(resized, l1=replace(resized.l1, bytes=l1_bytes))
        if l2_bytes is not None:
            resized = replace(resized, l2=replace(resized.l2, bytes=l2_bytes))
        return resized

    def cluster(self, layers: int) -> Cluster:
        """The cluster with what its memories leave for the tensors of a network of so many layers.

        Raises CapacityError where that is nothing.
        """
        l1, l2 = self.l1.usable(), self.l2.usable(layers)
        for space, size, usable in ((Space.L1, self.l1, l1), (Space.L2, self.l2, l2)):
            if usable == 0:
                raise CapacityError(
                    space,
                    f"stacks and code leave nothing for tensors in {size.bytes} bytes of "
                    f"{space.name}",
                )
        parts = {field.name: getattr(self, field.name) for field in fields(ClusterParts)}
        return Cluster(name=self.name, l1=l1, l2=l2, **parts)

    def attribute(self, layers: int) -> ClusterAttr:
        return ClusterAttr(self.cluster(layers))

    def check(self) -> None:
        check_cluster(self.cluster(layers=0), self.name)
