"""Places upstream, shared out: nobody's flood takes the others', and who waits is served in turn."""

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell_dns.turns import MAX_QUEUED, Turns


async def held(turns: Turns, who: str, asks: int) -> list["asyncio.Task[bool]"]:
    """Let `who` ask for so many places, and give the loop time to grant what it grants."""
    tasks = [asyncio.create_task(turns.take(who)) for _ in range(asks)]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


def granted(tasks: list["asyncio.Task[bool]"]) -> int:
    return sum(1 for task in tasks if task.done() and task.result())


async def cancel(*groups: list["asyncio.Task[bool]"]) -> None:
    for task in (task for tasks in groups for task in tasks):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize(
    ("crowd", "each"), [pytest.param(1, 6, id="one_loud"), pytest.param(2, 4, id="two_loud"), pytest.param(3, 3, id="three_loud")]
)
def test_nobody_holds_more_places_than_are_free(crowd, each):
    async def story() -> None:
        turns = Turns(12)
        names = [f"10.0.0.{number}" for number in range(crowd)]
        tasks = [await held(turns, name, 40) for name in names]
        for _ in range(400):  # what was taken first comes back, until everybody has the same
            for name, theirs in zip(names, tasks, strict=True):
                if turns._held[name] > each:
                    turns.give_back(name)
                    await asyncio.sleep(0)
                    assert granted(theirs) >= each
        assert [turns._held[name] for name in names] == [each] * crowd
        assert await turns.take("somebody else"), "there is always one left"
        await cancel(*tasks)

    asyncio.run(story())


def test_the_queues_are_served_in_turn():
    async def story() -> None:
        turns = Turns(2)
        assert await turns.take("first")
        loud, quiet = await held(turns, "loud", 5), await held(turns, "quiet", 2)
        order = []
        for who, theirs in (("first", loud), ("loud", quiet), ("quiet", loud), ("loud", quiet)):
            before = granted(loud), granted(quiet)
            turns.give_back(who)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            order.append("loud" if granted(loud) > before[0] else "quiet" if granted(quiet) > before[1] else "nobody")
            assert theirs
        assert order == ["quiet", "loud", "quiet", "loud"]
        await cancel(loud, quiet)

    asyncio.run(story())


def test_who_waits_in_vain_is_told_and_leaves_no_trace():
    async def story() -> None:
        turns = Turns(2, patience=0.01)
        assert await turns.take("a")
        assert await turns.take("a") is False
        assert not turns._queues
        turns.give_back("a")
        assert await turns.take("a")

    asyncio.run(story())


def test_a_queue_has_an_end():
    async def story() -> None:
        turns = Turns(2)
        assert await turns.take("a")
        waiting = await held(turns, "a", MAX_QUEUED)
        assert granted(waiting) == 0
        assert await turns.take("a") is False
        other = await held(turns, "b", 1)
        assert granted(other) == 1, "the others' places are theirs"
        await cancel(waiting)
        assert (turns._queues, turns._queued) == ({}, 0)

    asyncio.run(story())


def test_all_queues_together_have_an_end():
    async def story() -> None:
        turns = Turns(1, most_queued_in_all=4)
        assert await turns.take("a")
        waiting = await held(turns, "b", 2) + await held(turns, "c", 2)
        assert await turns.take("d") is False
        await cancel(waiting)

    asyncio.run(story())


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=60), st.integers(1, 6))
def test_places_are_never_lost_nor_given_twice(steps, size):
    async def story() -> None:
        turns = Turns(size, patience=0.001)
        holding: list[str] = []
        waiting: list[tuple[str, asyncio.Task[bool]]] = []
        for who, is_taking in steps:
            if is_taking:
                waiting.append((who, asyncio.create_task(turns.take(who))))
            elif holding:
                turns.give_back(holding.pop(0))
            await asyncio.sleep(0)
            holding += [name for name, task in waiting if task.done() and task.result()]
            waiting = [(name, task) for name, task in waiting if not task.done()]
            assert len(holding) <= turns._taken <= size
        for name, task in waiting:
            if await task:
                holding.append(name)
        for who in holding:
            turns.give_back(who)
        assert (turns._taken, turns._queued, turns._queues, +turns._held) == (0, 0, {}, {})

    asyncio.run(story())
