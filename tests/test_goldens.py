"""The C of some networks as it was read last; `make goldens` writes it again.

A change of the compiler shows here as a difference that a reviewer can read. Of the networks of the
zoo, which are too long to read, there is a digest.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest
from small_networks import BlockMaker

import dsconv
from dsconv import zoo
from dsconv.driver.pipeline import default_pipeline, run_pipeline, set_target
from dsconv.lowering.c_target import CFiles, c_files
from dsconv.targets import load_target

GOLDENS = Path(__file__).parent / "goldens"
DIGESTS = GOLDENS / "zoo.sha256"
TARGETS = ("host", "pulp_open")
STACKS = 1500
"""Bytes of L1 that some targets take for themselves."""

NETWORKS: Mapping[str, tuple[int, int, int | None]] = {
    "all_in_l1": (4, 4, None),
    "tiles": (16, 12, 8192 + STACKS),
    "odd_sizes": (21, 7, None),
}
"""Channels and size of a residual block, and bytes of L1 for it."""


def compiled(name: str, target_name: str) -> CFiles:
    """The files of a small network."""
    channels, size, l1 = NETWORKS[name]
    target = load_target(target_name).with_sizes(l1, None)
    module = BlockMaker(channels, size, seed=0).make().module
    set_target(module, target, layers=4)
    run_pipeline(module, default_pipeline(target))
    return c_files(module)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", NETWORKS)
def test_c_of_small_networks(name: str, target: str, update_goldens: bool) -> None:
    path = GOLDENS / f"{name}.{target}.c"
    text = compiled(name, target).texts["network.c"]
    if update_goldens:
        path.write_text(text)
    assert text == path.read_text(), "make goldens writes the C again; read what it changes"


def digest(files: CFiles) -> str:
    """SHA-256 of all files of a network."""
    texts = "".join(f"{name}\n{text}" for name, text in sorted(files.texts.items()))
    return hashlib.sha256(texts.encode() + files.l3_image).hexdigest()


def kept_digests() -> dict[str, str]:
    """Digests by network, as sha256sum writes them."""
    lines = DIGESTS.read_text().splitlines() if DIGESTS.exists() else []
    return {name: kept for kept, name in map(str.split, lines)}


@pytest.mark.slow
@pytest.mark.parametrize("name", zoo.NETWORKS)
def test_digests_of_the_zoo(name: str, update_goldens: bool) -> None:
    made = digest(c_files(dsconv.compile(zoo.build(name), target="pulp_open").lowered))
    kept = kept_digests()
    if update_goldens:
        kept[name] = made
        DIGESTS.write_text("".join(f"{kept[key]}  {key}\n" for key in sorted(kept)))
    assert made == kept[name], "the C of the network is another; make goldens keeps its digest"
