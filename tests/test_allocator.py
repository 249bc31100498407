"""Where buffers are placed, for lives drawn at random."""

from itertools import combinations
from random import Random

import pytest
from xdsl.dialects.builtin import i8
from xdsl.utils.test_value import create_ssa_value

from dsconv.passes.analysis.allocator import Placement, best_fit, fits, search_fit
from dsconv.passes.analysis.liveness import Lifespan, live_bytes_by_position, peak_live_bytes


def drawn_lives(seed: int) -> list[Lifespan]:
    """A few buffers of any sizes, needed for a while each."""
    draw = Random(seed)
    lives: list[Lifespan] = []
    for number in range(draw.randrange(1, 25)):
        first = draw.randrange(30)
        last = first + draw.randrange(8)
        size = 8 * draw.randrange(1, 20)
        lives.append(Lifespan(create_ssa_value(i8), str(number), size, first, last))
    return lives


@pytest.mark.parametrize("seed", range(40))
def test_buffers_that_are_alive_together_do_not_overlap(seed: int):
    lives = drawn_lives(seed)
    for place in (best_fit, search_fit):
        total = place(lives)
        assert total >= peak_live_bytes(lives)
        assert total == max(item.offset + item.size for item in lives)
        for item, other in combinations(lives, 2):
            apart = item.offset + item.size <= other.offset
            apart |= other.offset + other.size <= item.offset
            assert apart or not item.overlaps(other)


@pytest.mark.parametrize("seed", range(40))
def test_a_move_gives_what_placing_anew_gives(seed: int):
    draw = Random(seed)
    placement = Placement(drawn_lives(seed))
    order = list(range(len(placement.items)))
    offsets = placement.offsets(order)
    for _ in range(20):
        to, moved = draw.randrange(len(order)), order.pop(draw.randrange(len(order)))
        order.insert(to, moved)
        offsets = placement.offsets_after_move(order, moved, offsets)
        assert offsets == placement.offsets(order)


@pytest.mark.parametrize("seed", range(10))
def test_room_is_enough_where_the_search_finds_places_in_it(seed: int):
    lives = drawn_lives(seed)
    needed = search_fit(lives)
    assert fits(lives, needed)
    assert not fits(lives, needed - 1)


def test_bytes_that_are_alive_at_each_position():
    spans = ((16, 0, 2), (8, 1, 1), (32, 4, 4))
    lives = [Lifespan(create_ssa_value(i8), "", *span) for span in spans]
    assert live_bytes_by_position(lives) == [16, 24, 16, 0, 32]
    assert peak_live_bytes(lives) == 32
    assert peak_live_bytes([]) == 0
