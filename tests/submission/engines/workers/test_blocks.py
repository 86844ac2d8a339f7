from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from submission.engines.base import Request
from submission.engines.workers.blocks import SMALLEST, Blocks
from tests.requests import ask


def request(number: int, length: int = 1) -> Request:
    return ask(str(number), "", (7,) * length)


@given(
    lengths=st.lists(st.integers(0, 50), max_size=300),
    workers=st.integers(1, 9),
    draw=st.data(),
)
def test_every_request_is_handed_out_once_unless_it_is_put_back(
    lengths: list[int], workers: int, draw: st.DataObject
) -> None:
    blocks = Blocks([request(*each) for each in enumerate(lengths)], workers)
    answered: list[str] = []
    deaths = 3
    while blocks:
        block = blocks.take(draw.draw(st.integers(1, workers)))
        assert block
        lost = draw.draw(st.integers(0, len(block))) if deaths and draw.draw(st.booleans()) else 0
        answered += [each.key for each in block[lost:]]
        if lost:
            blocks.put_back(block[:lost])
            deaths -= 1
    assert sorted(answered) == sorted(map(str, range(len(lengths))))


def test_blocks_shrink_and_the_longest_prompts_come_first() -> None:
    blocks = Blocks([request(number, number) for number in range(1000)], 2)
    taken = []
    while blocks:
        taken.append(blocks.take(1))
    lengths = [len(each.tokens) for block in taken for each in block]
    assert lengths == sorted(lengths, reverse=True)
    sizes = [len(block) for block in taken]
    assert sizes[:4] == [250, 188, 141, 106]
    assert min(sizes[:-1]) == SMALLEST


def test_few_requests_are_shared_among_all_idle_workers() -> None:
    blocks = Blocks([request(number) for number in range(10)], 4)
    assert [len(blocks.take(idle)) for idle in (4, 3, 2, 1)] == [3, 3, 2, 2]


def test_an_engine_that_takes_more_gets_its_share_as_far_as_it_has_room() -> None:
    blocks = Blocks([request(number) for number in range(256)], 2)
    assert [len(blocks.take(idle, room=320)) for idle in (2, 1)] == [128, 128]
    blocks = Blocks([request(number) for number in range(1000)], 2)
    assert [len(blocks.take(idle, room=320)) for idle in (2, 1)] == [320, 320]
    assert len(blocks.take(2, room=70)) == 70
    assert len(blocks.take(2, room=320)) == 145, "no more than its share of the last ones"


def test_what_is_put_back_is_next() -> None:
    blocks = Blocks([request(number) for number in range(100)], 1)
    first = blocks.take(1)
    blocks.put_back(first[10:12])
    assert {each.key for each in blocks.take(1)} >= {each.key for each in first[10:12]}
