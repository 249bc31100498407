"""The cluster that passes work for: the module's, with what their options say instead."""

from __future__ import annotations

from dataclasses import replace

from xdsl.dialects.builtin import ModuleOp

from dsconv.dialects.attributes import Space
from dsconv.dialects.target import Cluster, cluster_in
from dsconv.targets import load_target

DEFAULT_CLUSTER = replace(load_target("pulp_open").cluster(layers=0), l2=0)
"""What modules are for that do not say it, with any size of L2."""


def cluster_of(
    module: ModuleOp, *, l1: int | None = None, l2: int | None = None, cores: int | None = None
) -> Cluster:
    """The cluster of a module, or the default one; with other sizes and cores where given."""
    cluster = cluster_in(module) or DEFAULT_CLUSTER
    if l1 is not None:
        cluster = replace(cluster, l1=l1)
    if l2 is not None:
        cluster = replace(cluster, l2=l2)
    if cores is not None:
        cluster = cluster.with_cores(cores)
    return cluster


def memory_limit(module: ModuleOp, space: Space, given: int | None) -> int:
    """Bytes of L1 or L2 that a pass may use: as given, or the module's; 0, no limit, by default."""
    if given is not None:
        return given
    cluster = cluster_in(module)
    if cluster is None:
        return 0
    return cluster.l1 if space is Space.L1 else cluster.l2
