"""What the proxy alone knows: kept with the look-ups, read as sessions of grade A, deleted when its time has come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import CATALOGUE, OFFICE_LAPTOP
from dinnerbell.catalogue import HostClass
from dinnerbell.log import LogReader, LogWriter, usage_path
from dinnerbell.log_keeping import LogKeeping
from dinnerbell.model import Verdict
from dinnerbell.proxied import MAX_ROWS, Looked, Mistaken, PageKey, PagesSeen, Proxied
from dinnerbell.sessions import Grade, sessionise
from dinnerbell.usage import Batch, LogKey, Usage

NOON = 29_731_680
LAPTOP, HOST, RULE = OFFICE_LAPTOP.name, "www.facebook.com", "Our page"
ALLOWED, REFUSED = PageKey(LAPTOP, HOST, "facebook", Verdict.ALLOW, RULE), PageKey(LAPTOP, HOST, "facebook", Verdict.BLOCK, "Closed")


def never(device: str, name: str, minute: int) -> bool:
    return False


def sessions(*rows: Usage):
    found = sessionise(rows, CATALOGUE.services, never)
    return [(each.start.minute, each.minutes_low, each.minutes_high, each.grade, each.verdict, each.lookups) for each in found]


def page(minute: int, *, service: str = "instagram", verdict: Verdict = Verdict.ALLOW, loads: int = 1) -> Usage:
    return Usage(NOON + minute, LAPTOP, "www.instagram.com", service, None, verdict, RULE, loads, is_page=True)


def lookup(minute: int, *, host_class: HostClass = HostClass.USE, verdict: Verdict = Verdict.ALLOW) -> Usage:
    return Usage(NOON + minute, LAPTOP, "www.instagram.com", "instagram", host_class, verdict, RULE, 3)


ALLOW, BLOCK = Verdict.ALLOW, Verdict.BLOCK
JOINED = [
    pytest.param([lookup(0), lookup(1)], [(0, 2, 2, Grade.B, ALLOW, 6)], id="look_ups_alone"),
    pytest.param([page(0), page(1)], [(0, 2, 2, Grade.A, ALLOW, 0)], id="pages_alone"),
    pytest.param([lookup(0), lookup(1), page(0, loads=5), page(1)], [(0, 2, 2, Grade.A, ALLOW, 6)], id="the_same_minutes_count_once"),
    pytest.param([lookup(0), lookup(1), page(3)], [(0, 3, 4, Grade.A, ALLOW, 6)], id="a_page_lengthens"),
    pytest.param([lookup(0), lookup(1), page(30), page(31)],
                 [(0, 2, 2, Grade.B, ALLOW, 6), (30, 2, 2, Grade.A, ALLOW, 0)], id="another_session_keeps_its_grade"),
    pytest.param([page(0)], [], id="one_minute_is_no_session"),
    pytest.param([page(0), lookup(1, host_class=HostClass.COMPANION)], [(0, 2, 2, Grade.A, ALLOW, 3)], id="what_it_loads_lengthens"),
    pytest.param([page(at) for at in range(0, 60, 10)], [], id="pages_far_apart_are_no_session"),
    pytest.param([page(0, verdict=BLOCK)], [(0, 0, 0, Grade.A, BLOCK, 0)], id="a_refused_page_was_somebodys_attempt"),
    pytest.param([lookup(0, verdict=BLOCK)], [(0, 0, 0, Grade.B, BLOCK, 3)], id="a_refused_look_up_stays_what_it_is"),
]  # fmt: skip


@pytest.mark.parametrize("rows, found", JOINED)
def test_pages_and_look_ups_are_one_use(rows, found):
    assert sessions(*rows) == found


def batch() -> Batch:
    made = Batch()
    made.add(NOON, OFFICE_LAPTOP, LogKey(LAPTOP, HOST, "facebook", HostClass.COMPANION, ALLOW, RULE), refused=False)
    made.proxied.add_page(NOON, ALLOWED, loads=1, size=1000)
    made.proxied.add_page(NOON + 1, ALLOWED, loads=0, size=500)
    made.proxied.add_page(NOON + 2, REFUSED, loads=1, size=0)
    made.proxied.add_look(NOON, LAPTOP, is_shown=False)
    made.proxied.add_look(NOON, LAPTOP, is_shown=True)
    made.proxied.add_mistaken(Mistaken(NOON, LAPTOP, HOST, RULE, "for the newsletter"))
    return made


def test_it_is_kept_and_read_back(tmp_path):
    """What is written twice adds up; what somebody says is kept once a day."""
    writer = LogWriter(usage_path(tmp_path))
    writer.write(batch())
    writer.write(batch())
    writer.close()
    with LogReader(usage_path(tmp_path)) as log:
        pages = [(row.minute - NOON, row.verdict, row.lookups) for row in log.usage(NOON, NOON + 60) if row.is_page]
        assert pages == [(0, ALLOW, 2), (2, BLOCK, 2)]
        assert list(log.usage(NOON, NOON + 60, "room-tablet")) == []
        assert log.looked(NOON // 60, NOON // 60 + 1) == [Looked(LAPTOP, 2, 2)]
        assert log.mistaken(NOON, NOON + 1) == [Mistaken(NOON, LAPTOP, HOST, RULE, "for the newsletter")]
        assert log.pages_seen(NOON, NOON + 60) == [PagesSeen(LAPTOP, "facebook", 2, 2, 3000)]
        assert sum(count for _, _, count in log.lookups(NOON, NOON + 60)) == 2  # replay sees look-ups alone


def test_it_is_deleted_with_what_it_goes_with(tmp_path):
    writer = LogWriter(usage_path(tmp_path))
    writer.write(batch())
    writer.close()
    keeping = LogKeeping(usage_path(tmp_path))
    keeping.delete_lookups(NOON + 60)
    keeping.delete_sessions(NOON + 60)
    keeping.delete_weeks(NOON + 60)
    left = {table: keeping._connection.execute(f"select count(*) from {table}").fetchone()[0] for table in ("pages", "looked", "mistaken")}
    keeping.close()
    assert left == {"pages": 0, "looked": 0, "mistaken": 0}


def test_a_disk_that_stays_full_does_not_fill_the_memory():
    full = Proxied()
    for number in range(MAX_ROWS + 10):
        full.add_page(number, ALLOWED, loads=1, size=1)
        full.add_look(number * 60, LAPTOP, is_shown=False)
        full.add_mistaken(Mistaken(0, LAPTOP, f"{number}.example", RULE))
    assert (len(full.pages), len(full.looked), len(full.mistaken)) == (MAX_ROWS, MAX_ROWS, MAX_ROWS)
    assert not full.add_mistaken(Mistaken(0, LAPTOP, "one.more.example", RULE))


COUNTS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 99)), max_size=8)


@given(COUNTS, COUNTS)
def test_merging_is_counting_together(first, second):
    parts = []
    for counts in (first, second, [*first, *second]):
        made = Proxied()
        for minute, loads, size in counts:
            made.add_page(minute, ALLOWED._replace(device=f"device-{minute % 2}"), loads=loads, size=size)
            made.add_look(minute * 60, LAPTOP, is_shown=bool(loads % 2))
        parts.append(made)
    parts[0].merge(parts[1])
    assert parts[0] == parts[2]
