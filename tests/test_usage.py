"""What is kept of a look-up, and of whose: by level, by kind, and never more than a batch may hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import OFFICE_LAPTOP, ROOM_TABLET, STAFF_PHONE, UNKNOWN_DEVICE, VISITORS_PHONE, ask, policy, rule
from dinnerbell.catalogue import HostClass
from dinnerbell.config import LogConfig, LogLevel
from dinnerbell.model import Owner, Verdict
from dinnerbell.usage import MAX_ROWS, Batch, LogKey, log_key

OWN = policy(
    rule("block", "instagram", name="No pictures"),
    rule("allow", "x", name="News"),
    rule("block", ["credit-union", "childline"], name="Mistaken"),
    rule("enforce", "safe-search"),
)
ALL, WATCHED, REFUSED, NONE = LogLevel.ALL, LogLevel.WATCHED, LogLevel.REFUSED, LogLevel.NONE


def key_of(level, name, device=STAFF_PHONE):
    return log_key(level, device, name, ask(OWN, device, name))


@pytest.mark.parametrize(
    "name, levels",
    [
        pytest.param("www.instagram.com", [ALL, WATCHED, REFUSED], id="refused"),
        pytest.param("x.com", [ALL, WATCHED], id="allowed_by_a_rule"),
        pytest.param("en.wikipedia.org", [ALL, WATCHED], id="social_that_no_rule_names"),
        pytest.param("www.google.com", [ALL, WATCHED], id="search_that_is_enforced"),
        pytest.param("nobody.example", [ALL], id="plain"),
        pytest.param("journal.example", [ALL], id="essential_that_no_rule_names"),
        pytest.param("use-application-dns.net", [ALL], id="canary"),
        pytest.param("www.childline.org.uk", [], id="helpline"),
    ],
)
def test_each_level_keeps_what_it_says(name, levels):
    assert [level for level in (ALL, WATCHED, REFUSED, NONE) if key_of(level, name) is not None] == levels


def test_a_kept_look_up_says_who_asked_what_and_why_it_was_answered_so():
    assert key_of(ALL, "www.instagram.com") == LogKey(
        "192.168.20.7", "www.instagram.com", "instagram", HostClass.USE, Verdict.BLOCK, "No pictures"
    )
    assert key_of(ALL, "nobody.example", ROOM_TABLET) == LogKey("room-tablet", "nobody.example", None, None, Verdict.ALLOW, "otherwise")
    assert key_of(ALL, "use-application-dns.net").rule == "built-in"
    assert key_of(ALL, "www.google.com").verdict is Verdict.ENFORCE


def test_what_is_sensitive_is_kept_by_kind_only():
    """Neither the name, nor the service, nor the device."""
    for name in ("bank.example", "www.bank.example"):
        assert key_of(ALL, name) == LogKey("", "sensitive", "sensitive", None, Verdict.BLOCK, "Mistaken")


def test_the_sample_levels_keep_every_name_of_setting_owned_devices_only():
    levels = LogConfig().levels
    assert {owner for owner, level in levels.items() if level is ALL} == {Owner.SETTING}
    assert {levels[device.owner] for device in (STAFF_PHONE, VISITORS_PHONE, UNKNOWN_DEVICE)} == {REFUSED}
    assert levels[OFFICE_LAPTOP.owner] is ALL


KEY = LogKey("room-tablet", "nobody.example", None, None, Verdict.ALLOW, "otherwise")
BLOCKED = LogKey("room-tablet", "x.com", "x", HostClass.USE, Verdict.BLOCK, "No")


def test_look_ups_are_counted_by_minute_and_devices_by_hour():
    batch = Batch()
    for minute in (60, 60, 61):
        batch.add(minute, ROOM_TABLET, KEY, refused=False)
    batch.add(61, ROOM_TABLET, BLOCKED, refused=True, count=3)
    batch.add(120, ROOM_TABLET, None, refused=False)
    assert batch.lookups == {(60, KEY): 2, (61, KEY): 1, (61, BLOCKED): 3}
    assert batch.traffic == {(1, "room-tablet"): [3, 3], (2, "room-tablet"): [1, 0]}
    assert batch.seen == {"room-tablet": ("children", "setting", 60, 120)}


def test_a_device_that_nobody_has_named_has_no_group():
    batch = Batch()
    batch.add(7, UNKNOWN_DEVICE, None, refused=False)
    assert batch.seen == {"192.168.1.77": ("", "unknown", 7, 7)}


def test_first_and_last_minute_are_so_though_a_clock_was_put_back():
    batch = Batch()
    for minute in (100, 90, 95):
        batch.add(minute, ROOM_TABLET, KEY, refused=False)
    assert batch.seen["room-tablet"][2:] == (90, 100)
    later = Batch()
    later.add(80, ROOM_TABLET, KEY, refused=False)
    batch.merge(later)
    assert batch.seen["room-tablet"][2:] == (80, 100)


def test_a_batch_is_worth_writing_once_anything_is_in_it():
    assert not Batch()
    counted, alive = Batch(), Batch()
    counted.add(7, ROOM_TABLET, None, refused=False)
    alive.alive(7)
    assert counted
    assert alive


def test_being_alive_is_kept_from_the_first_to_the_last_minute():
    batch, later = Batch(), Batch()
    batch.alive(7)
    batch.alive(9)
    later.alive(11)
    batch.merge(later)
    batch.merge(Batch())
    assert (batch.first_minute, batch.last_minute) == (7, 11)
    empty = Batch()
    empty.merge(later)
    assert (empty.first_minute, empty.last_minute) == (11, 11)


devices_ = st.sampled_from([ROOM_TABLET, STAFF_PHONE, UNKNOWN_DEVICE])
events_ = st.lists(st.tuples(st.integers(100, 250), devices_, st.sampled_from([KEY, BLOCKED, None]), st.integers(1, 9)), max_size=30)


def batch_of(events):
    batch = Batch()
    for minute, device, key, count in events:
        batch.add(minute, device, key, refused=key is BLOCKED, count=count)
        batch.alive(minute)
    return batch


@given(events_, events_)
def test_a_merged_batch_is_what_one_batch_would_have_been(earlier, later):
    """What could not be written at once is written later, and nothing is lost or counted twice."""
    merged = batch_of(earlier)
    merged.merge(batch_of(later))
    assert merged == batch_of([*earlier, *later])
    assert sum(answered + refused for answered, refused in merged.traffic.values()) == sum(count for *_, count in [*earlier, *later])


def test_beyond_its_bound_a_batch_counts_what_it_drops():
    """A flood of random names costs its own rows, not the memory, nor the devices' totals, nor rows that are there already."""
    batch = Batch()
    for number in range(MAX_ROWS + 5):
        batch.add(7, ROOM_TABLET, KEY._replace(name=f"{number}.flood.example"), refused=False)
    assert (len(batch.lookups), batch.dropped) == (MAX_ROWS, 5)
    assert batch.traffic == {(0, "room-tablet"): [MAX_ROWS + 5, 0]}
    batch.add(7, ROOM_TABLET, KEY._replace(name="0.flood.example"), refused=False)
    assert (batch.lookups[7, KEY._replace(name="0.flood.example")], batch.dropped) == (2, 5)
    later = Batch()
    later.add(8, ROOM_TABLET, KEY, refused=False, count=3)
    later.add(7, ROOM_TABLET, KEY._replace(name="1.flood.example"), refused=False)
    batch.merge(later)
    assert (len(batch.lookups), batch.dropped) == (MAX_ROWS, 8)
    assert batch.lookups[7, KEY._replace(name="1.flood.example")] == 2


def test_merging_keeps_to_the_bound_of_devices_too():
    """A disk that stays full through days of random sources must not fill the memory."""
    full, later = Batch(), Batch()
    full.traffic = {(hour, "room-tablet"): [1, 0] for hour in range(MAX_ROWS)}
    later.add(0, ROOM_TABLET, None, refused=False, count=2)
    later.add(60 * MAX_ROWS, ROOM_TABLET, None, refused=False, count=4)
    full.merge(later)
    assert (len(full.traffic), full.traffic[0, "room-tablet"], full.dropped) == (MAX_ROWS, [3, 0], 4)
