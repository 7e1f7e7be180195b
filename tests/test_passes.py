"""Passes: what may be opened, by whom and how long; what the policy says while one is open, and to the second when it ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cast import (
    A_MONDAY,
    CHILDREN,
    DEVICES,
    ENFORCE,
    GROUPS,
    OFFICE_LAPTOP,
    ROOM_TABLET,
    SERVICES,
    STAFF_PHONE,
    UNKNOWN_DEVICE,
    VISITORS_PHONE,
    ask,
    at,
    closures,
    networks,
    policy,
    rule,
    span,
    target,
)  # fmt: skip
from dinnerbell.catalogue import read_catalogue
from dinnerbell.grace import make_grace
from dinnerbell.model import Device, Owner, Pass, TargetKind, Verdict
from dinnerbell.passes import (
    BadRequest,
    PassRefused,
    Request,
    give,
    objection,
    parse_duration,
    passes_of_week,
    read_target,
    revoke,
    state,
    with_passes,
)  # fmt: skip
from dinnerbell.policy import Ask, Reason, decide_alias
from dinnerbell.shipped import shipped_catalogue
from dinnerbell.usage import rule_name
from dinnerbell.words.plain import sentence

CLOSED = (rule("block", "bypass", name="No way round"), rule("block", "social-media", name="Closed here"))


MIRRORS = """
mirrors:
  name: Mirrors
  kinds: [video-sharing, bypass]
  hosts: {use: [mirror.example, =door.icloud.com], shared: [cdn.example]}
tube:
  name: Tube
  kinds: [video-sharing]
  hosts: {use: [tube.example], shared: [cdn.example]}
"""


WITH_MIRRORS = read_catalogue({"services.yaml": SERVICES + MIRRORS}, ENFORCE)


def given(what="instagram", device="office-laptop", *, first="2026-11-23 12:07:23", last="2026-11-23 12:37:23", id_=7, **more) -> Pass:
    return Pass(id_, device, target(what), at(first), at(last), "Nicola Example", "photos for the newsletter", **more)


def request(device="office-laptop", what="instagram", minutes=30.0, by="Nicola Example", why="photos"):
    return Request(device, what, timedelta(minutes=minutes), by, why)


class TestGiving:
    def test_a_pass_begins_now_and_ends_by_itself(self):
        made = give(policy(*CLOSED), request(), 7, A_MONDAY + timedelta(microseconds=700_000))
        assert (made.starts, made.ends) == (A_MONDAY, A_MONDAY + timedelta(minutes=30))  # whole seconds
        assert (made.id, made.device, made.group, made.owner, made.target) == (
            7,
            "office-laptop",
            "office",
            Owner.SETTING,
            target("instagram"),
        )

    @pytest.mark.parametrize(
        "text, device, group",
        [
            pytest.param("192.168.20.7", "192.168.20.7", "staff-phones", id="by_the_address_of_its_group"),
            pytest.param("192.168.1.20", "office-laptop", "office", id="a_named_device_by_its_address_is_that_device"),
            pytest.param("fd00:20:0::7", "fd00:20::7", "staff-phones", id="an_address_in_its_short_form"),
            pytest.param("::ffff:192.168.30.9", "192.168.30.9", "visitors", id="ipv4_in_ipv6_clothes"),
            pytest.param("192.168.1.77", "192.168.1.77", "", id="one_that_nobody_has_named"),
        ],
    )
    def test_a_device_is_known_by_name_or_address(self, text, device, group):
        made = give(policy(), request(text), 1, A_MONDAY)
        assert (made.device, made.group) == (device, group)

    @pytest.mark.parametrize(
        "what, kind, value",
        [
            pytest.param("instagram", TargetKind.SERVICE, "instagram", id="a_service"),
            pytest.param(" instagram ", TargetKind.SERVICE, "instagram", id="with_spaces_around"),
            pytest.param("video-sharing", TargetKind.KIND, "video-sharing", id="a_kind"),
            pytest.param("social-media", TargetKind.KIND, "social-media", id="the_umbrella"),
            pytest.param("Venue.Example.", TargetKind.DOMAIN, "venue.example", id="a_domain"),
            pytest.param("=www.venue.example", TargetKind.DOMAIN, "=www.venue.example", id="exactly_a_domain"),
            pytest.param("bücher.example", TargetKind.DOMAIN, "xn--bcher-kva.example", id="an_international_domain"),
        ],
    )
    def test_a_target_is_written_as_in_the_rules(self, what, kind, value):
        made = give(policy(), request(what=what), 1, A_MONDAY)
        assert (made.target.kind, made.target.value) == (kind, value)

    @pytest.mark.parametrize(
        "device, what, says",
        [
            pytest.param("room-tablet", "instagram", "is for children: no pass opens anything there", id="a_childrens_tablet"),
            pytest.param("192.168.1.31", "instagram", "is for children", id="a_childrens_tablet_by_its_address"),
            pytest.param("fd00::31", "venue.example", "is for children", id="a_childrens_tablet_by_its_other_address"),
            pytest.param("192.168.40.5", "instagram", "is for children", id="an_address_of_the_childrens_network"),
            pytest.param("office-lptop", "instagram", "did you mean 'office-laptop'?", id="a_slip_in_the_device"),
            pytest.param("office", "instagram", "neither a device of the rules nor an address", id="a_group_is_no_device"),
            pytest.param("192.168.20.0/24", "instagram", "neither a device", id="a_network_is_no_device"),
            pytest.param("office-laptop", "bypass", "no pass opens them", id="ways_round_as_a_kind"),
            pytest.param("office-laptop", "relay", "Private Relay is a way round the filter", id="a_way_round_as_a_service"),
            pytest.param("office-laptop", "mirrors", "Mirrors is a way round the filter", id="a_way_round_that_is_video_too"),
            pytest.param("office-laptop", "mirror.example", "Mirrors is a way round", id="the_domain_of_a_way_round"),
            pytest.param("office-laptop", "=www.mirror.example", "Mirrors is a way round", id="a_domain_in_a_way_round"),
            pytest.param("office-laptop", "_https.mirror.example", "Mirrors is a way round", id="hidden_behind_an_underscore"),
            pytest.param("office-laptop", "MIRROR.example.", "Mirrors is a way round", id="in_capitals"),
            pytest.param("office-laptop", "use-application-dns.net", "the answer stays yes", id="a_canary"),
            pytest.param("office-laptop", "x.mask.icloud.com", "the answer stays yes", id="under_a_canary"),
            pytest.param("office-laptop", "list:malware", "not a list", id="a_list"),
            pytest.param("office-laptop", "Instagram", "did you mean 'instagram'?", id="the_name_of_a_service"),
            pytest.param("office-laptop", "Learning journal", "did you mean 'learning-journal'?", id="a_name_with_a_space"),
            pytest.param("office-laptop", "instagrm", "did you mean 'instagram'?", id="a_slip_in_the_service"),
            pytest.param("office-laptop", "video", "no service, kind or domain", id="half_a_word"),
            pytest.param("office-laptop", "zzzz", "`dinnerbell services` lists", id="nothing_near"),
            pytest.param("office-laptop", "safe-search", "no service, kind or domain", id="a_switch"),
            pytest.param("office-laptop", "", "no service, kind or domain", id="nothing"),
            pytest.param("office-laptop", "=", "no service, kind or domain", id="exactly_nothing"),
            pytest.param("office-laptop", "com.", "a whole top-level domain", id="a_top_level_domain"),
            pytest.param("office-laptop", "https://venue.example/", "leave out https://", id="a_link"),
            pytest.param("office-laptop", "*.venue.example", "may not contain '*'", id="a_star"),
        ],
    )
    def test_what_is_refused_is_refused_with_a_sentence(self, device, what, says):
        groups = {**GROUPS, "children": replace(CHILDREN, addresses=networks("192.168.40.0/24"))}
        with pytest.raises(PassRefused) as refused:
            give(policy(*CLOSED, catalogue=WITH_MIRRORS, groups=groups), request(device, what), 1, A_MONDAY)
        assert says in str(refused.value)
        assert "\n" not in str(refused.value)

    @pytest.mark.parametrize(
        "change, says",
        [
            pytest.param({"minutes": 0}, "at most 12 hours", id="no_time_at_all"),
            pytest.param({"minutes": -5}, "at most 12 hours", id="less_than_none"),
            pytest.param({"minutes": 12 * 60 + 1 / 60}, "at most 12 hours", id="a_second_over_twelve_hours"),
            pytest.param({"by": "  "}, "who gives the pass", id="nobody"),
            pytest.param({"why": "\n"}, "why it is given", id="no_reason"),
            pytest.param({"why": "x" * 201}, "at most 200", id="a_reason_that_goes_on"),
            pytest.param({"by": "N" * 81}, "at most 80", id="a_name_that_goes_on"),
            pytest.param({"why": "a\x1b[31mb"}, "in one line", id="colours_for_the_terminal"),
            pytest.param({"by": "\udc80"}, "in one line", id="bytes_that_are_no_text"),
        ],
    )
    def test_what_is_not_written_right_is_told(self, change, says):
        with pytest.raises(BadRequest, match=says):
            give(policy(), request(**change), 1, A_MONDAY)

    def test_the_longest_and_the_shortest(self):
        assert give(policy(), request(minutes=720), 1, A_MONDAY).ends == A_MONDAY + timedelta(hours=12)
        assert give(policy(), request(minutes=1 / 60), 1, A_MONDAY).ends == A_MONDAY + timedelta(seconds=1)

    def test_a_reason_in_two_lines_becomes_one(self):
        assert give(policy(), request(why=" photos\n for  us "), 1, A_MONDAY).why == "photos for us"

    @pytest.mark.parametrize(
        "text, seconds",
        [
            pytest.param("30m", 1800, id="minutes"),
            pytest.param("2h", 7200, id="hours"),
            pytest.param("90s", 90, id="seconds"),
            pytest.param("1h30m", 5400, id="hours_and_minutes"),
            pytest.param(" 45 min ", 2700, id="as_people_write"),
            pytest.param("2H", 7200, id="capital"),
        ],
    )
    def test_a_duration(self, text, seconds):
        assert parse_duration(text).total_seconds() == seconds

    @pytest.mark.parametrize("text", ["", "30", "m", "-5m", "1.5h", "30m2h", "2 days", "٣m", "9999999m", "until lunch"])
    def test_what_is_no_duration(self, text):
        with pytest.raises(BadRequest, match="write it like 30m, 2h or 90s"):
            parse_duration(text)


class TestDeciding:
    OWN = with_passes(policy(*CLOSED), [given()])

    @pytest.mark.parametrize(
        "when, verdict, until",
        [
            pytest.param("2026-11-23 12:07:22", "block", "2026-11-23 12:07:23", id="a_second_before"),
            pytest.param("2026-11-23 12:07:23", "allow", "2026-11-23 12:37:23", id="first_second"),
            pytest.param("2026-11-23 12:37:22", "allow", "2026-11-23 12:37:23", id="last_second"),
            pytest.param("2026-11-23 12:37:23", "block", None, id="it_ended_by_itself"),
        ],
    )
    def test_it_opens_and_ends_to_the_second(self, when, verdict, until):
        decision = ask(self.OWN, OFFICE_LAPTOP, "www.instagram.com", at(when))
        assert (decision.verdict.value, decision.until) == (verdict, until and at(until))

    @pytest.mark.parametrize("device", [ROOM_TABLET, STAFF_PHONE, VISITORS_PHONE, UNKNOWN_DEVICE], ids=lambda device: device.name)
    def test_no_other_device_has_it(self, device):
        assert ask(self.OWN, device, "www.instagram.com").verdict is Verdict.BLOCK

    @pytest.mark.parametrize("name", ["www.facebook.com", "messenger.com", "x.com"])
    def test_nothing_else_is_open(self, name):
        assert ask(self.OWN, OFFICE_LAPTOP, name).verdict is Verdict.BLOCK

    def test_a_host_that_is_shared_opens_with_it(self):
        decision = ask(self.OWN, OFFICE_LAPTOP, "scontent.fbcdn.net")
        assert (decision.verdict, decision.service) == (Verdict.ALLOW, "instagram")

    def test_a_pass_by_address_is_for_that_address_only(self):
        own = with_passes(policy(*CLOSED), [given(device="192.168.20.7")])
        neighbour = own.device_called("192.168.20.8")
        assert ask(own, STAFF_PHONE, "instagram.com").verdict is Verdict.ALLOW
        assert ask(own, neighbour, "instagram.com").verdict is Verdict.BLOCK

    def test_a_pass_for_a_named_device_is_for_all_its_addresses(self):
        laptop = replace(OFFICE_LAPTOP, addresses=OFFICE_LAPTOP.addresses + STAFF_PHONE.addresses)
        own = with_passes(policy(*CLOSED, devices={laptop.name: laptop}), [given()])
        assert ask(own, own.device_called("192.168.20.7"), "instagram.com").verdict is Verdict.ALLOW

    @pytest.mark.parametrize(
        "what, name, verdict",
        [
            pytest.param("social-media", "messenger.com", "allow", id="the_umbrella"),
            pytest.param("messaging", "messenger.com", "allow", id="a_kind"),
            pytest.param("messaging", "www.instagram.com", "block", id="another_kind"),
            pytest.param("instagram.com", "i.instagram.com", "allow", id="a_domain_and_what_is_under_it"),
            pytest.param("instagram.com", "cdninstagram.com", "block", id="a_domain_is_no_service"),
            pytest.param("=instagram.com", "i.instagram.com", "block", id="exactly_a_domain"),
        ],
    )
    def test_what_a_target_opens(self, what, name, verdict):
        assert ask(with_passes(policy(*CLOSED), [given(what)]), OFFICE_LAPTOP, name).verdict.value == verdict

    def test_it_opens_what_only_otherwise_closes(self):
        own = with_passes(policy(otherwise=Verdict.BLOCK), [given("venue.example")])
        decision = ask(own, OFFICE_LAPTOP, "www.venue.example")
        assert (decision.verdict, decision.until, decision.is_watched) == (Verdict.ALLOW, at("2026-11-23 12:37:23"), True)

    def test_enforce_rules_apply_to_what_it_opens(self):
        own = with_passes(policy(*CLOSED, rule("enforce", "youtube-strict")), [given("youtube")])
        decision = ask(own, OFFICE_LAPTOP, "www.youtube.com")
        assert (decision.verdict, decision.engines[0].target, decision.is_by_pass) == (Verdict.ENFORCE, "restrict.youtube.com", True)

    def test_where_the_rules_open_it_at_the_end_nothing_changes_then(self):
        """`until` is the next change of verdict, not of rule."""
        lunch = rule("allow", "instagram", when=span("12:30-13:00"))
        decision = ask(with_passes(policy(lunch, *CLOSED), [given()]), OFFICE_LAPTOP, "instagram.com", at("2026-11-23 12:10"))
        assert (decision.until, decision.rule_until) == (at("2026-11-23 13:00"), at("2026-11-23 12:37:23"))

    def test_what_a_pass_hides_of_a_day_comes_back_a_week_later(self):
        """Tuesdays 02:00-04:00 are closed. A pass over this Tuesday's must not make the next one's forgotten."""
        own = policy(rule("block", "instagram", when=span("tue 02:00-04:00")))
        night = given(first="2026-11-23 23:00", last="2026-11-24 08:00")
        decision = ask(with_passes(own, [night]), OFFICE_LAPTOP, "instagram.com", at("2026-11-23 23:30"))
        assert decision.until == at("2026-12-01 02:00")

    @pytest.mark.parametrize(
        "when, until",
        [
            pytest.param("2026-10-01 12:00", "2026-11-23 12:07:23", id="weeks_before"),
            pytest.param("2026-11-16 12:07:23", "2026-11-23 12:07:23", id="a_week_before_to_the_second"),
            pytest.param("2026-11-24 12:00", "2026-12-24 09:00:01", id="weeks_before_the_next_one"),
            pytest.param("2026-12-24 09:00:02", None, id="after_the_last"),
        ],
    )
    @pytest.mark.parametrize("closed", [None, closures(("2026-10-10", "2026-11-20"))], ids=["in_term", "after_a_long_closure"])
    def test_seen_from_afar_it_is_found_too(self, when, until, closed):
        """Asked with --at: the search for the next change must not stop at a week in which nothing happens."""
        later = given(id_=8, first="2026-12-24 09:00:01", last="2026-12-24 09:00:02")
        rules = (rule("block", "instagram", when=span("00:00-24:00")), rule("block", "instagram", when=span("closed")))
        decision = ask(with_passes(policy(*rules, closed=closed), [given(), later]), OFFICE_LAPTOP, "instagram.com", at(when))
        assert decision.verdict is Verdict.BLOCK
        assert decision.until == (until and at(until))

    def test_several_passes_open_until_the_last_ends(self):
        second = given(id_=8, first="2026-11-23 12:20", last="2026-11-23 13:01:01")
        decision = ask(with_passes(policy(*CLOSED), [given(), second]), OFFICE_LAPTOP, "instagram.com", at("2026-11-23 12:25"))
        assert (decision.until, rule_name(decision)) == (at("2026-11-23 13:01:01"), "Pass 7: photos for the newsletter")

    @pytest.mark.parametrize(
        "first, last, until",
        [
            pytest.param("2026-10-25 00:45:30", "2026-10-25 01:15:30", "2026-10-25 00:15:30+00:00", id="into_the_doubled_hour"),
            pytest.param("2027-03-28 00:45:30", "2027-03-28 02:15:30", "2027-03-28 01:15:30+00:00", id="over_the_missing_hour"),
        ],
    )
    def test_on_the_days_when_the_clocks_change_it_lasts_as_long_as_was_said(self, first, last, until):
        own = with_passes(policy(*CLOSED), [given(first=first, last=last)])
        assert ask(own, OFFICE_LAPTOP, "instagram.com", at(first)).until == datetime.fromisoformat(until)

    def test_revoked_it_is_over_at_once(self):
        over = revoke(given(), "Julie Example", at("2026-11-23 12:20:05"))
        own = with_passes(policy(*CLOSED), [over])
        assert ask(own, OFFICE_LAPTOP, "instagram.com", at("2026-11-23 12:20:04")).until == at("2026-11-23 12:20:05")
        assert ask(own, OFFICE_LAPTOP, "instagram.com", at("2026-11-23 12:20:05")).verdict is Verdict.BLOCK

    @pytest.mark.parametrize(
        "over, says",
        [
            pytest.param(given(last="2026-11-23 12:20"), "it ended by itself", id="ended"),
            pytest.param(given(revoked_at=at("2026-11-23 12:10"), revoked_by="Julie"), "Julie revoked it already", id="revoked"),
        ],
    )
    def test_what_is_over_is_not_revoked(self, over, says):
        with pytest.raises(PassRefused, match=says):
            revoke(over, "Nicola", at("2026-11-23 12:20"))

    def test_nobody_revokes_without_a_name(self):
        with pytest.raises(BadRequest, match="who revokes"):
            revoke(given(), " ", A_MONDAY)

    def test_the_numbers_of_the_files_rules_stay(self):
        own = with_passes(policy(*CLOSED), [given(), given("x", id_=8)])
        assert [own.rules[each.index] for each in own.rules] == list(own.rules)
        assert [each.index for each in own.rules[:2]] == [0, 1]

    def test_without_passes_the_policy_is_the_files_own(self):
        own = policy(*CLOSED)
        assert with_passes(own, []) is own
        assert with_passes(self.OWN, []).rules == own.rules
        assert len(with_passes(self.OWN, [given("x")]).rules) == len(own.rules) + 1  # these, and no others


class TestNever:
    """Not by any pass: a children's device, a way round the filter, helplines' and canaries' answers."""

    EVERYTHING = tuple(
        given(what, device, id_=number)
        for number, (device, what) in enumerate(
            [(device, what) for device in ("office-laptop", "room-tablet", "192.168.1.31") for what in
             ("social-media", "video-sharing", "bypass", "mirrors", "relay", "mirror.example", "icloud.com", "example", "cdn.example",
              "essential", "use-application-dns.net")], 1)
    )  # fmt: skip
    """Passes as nobody can give them: the file may have been edited by hand, or the rules may have changed since."""
    OWN = with_passes(policy(*CLOSED, rule("block", "venue.example"), catalogue=WITH_MIRRORS), EVERYTHING)

    @pytest.mark.parametrize("name", ["instagram.com", "www.youtube.com", "mirror.example", "venue.example", "scontent.fbcdn.net"])
    def test_nothing_opens_on_a_childrens_device(self, name):
        for text in ("room-tablet", "192.168.1.31", "fd00::31"):
            assert ask(self.OWN, self.OWN.device_called(text), name).verdict is Verdict.BLOCK

    @pytest.mark.parametrize("name", ["mirror.example", "www.mirror.example", "_443._https.mirror.example", "door.icloud.com"])
    def test_a_way_round_stays_closed_although_it_shares_a_kind_or_a_domain(self, name):
        assert ask(self.OWN, OFFICE_LAPTOP, "www.youtube.com").is_by_pass  # the same kind is open
        assert ask(self.OWN, OFFICE_LAPTOP, "www.icloud.com").is_by_pass  # and the same domain
        assert ask(self.OWN, OFFICE_LAPTOP, name).verdict is Verdict.BLOCK

    def test_a_host_that_a_way_round_shares_stays_closed_too(self):
        assert ask(self.OWN, OFFICE_LAPTOP, "tube.example").verdict is Verdict.ALLOW
        assert ask(self.OWN, OFFICE_LAPTOP, "a.cdn.example").verdict is Verdict.BLOCK

    def test_as_the_target_of_an_alias_a_way_round_is_still_one(self):
        assert decide_alias(self.OWN, Ask(OFFICE_LAPTOP, "mirror.example", A_MONDAY)).verdict is Verdict.BLOCK

    def test_a_canary_gets_its_answer(self):
        assert ask(self.OWN, OFFICE_LAPTOP, "use-application-dns.net").reason is Reason.CANARY

    @pytest.mark.parametrize("what", ["video-sharing", "social-media"])
    def test_in_the_shipped_catalogue_youtubes_other_doors_stay_shut(self, what):
        own = policy(*CLOSED, catalogue=shipped_catalogue())
        own = with_passes(own, [give(own, request(what=what), 1, A_MONDAY)])
        assert ask(own, OFFICE_LAPTOP, "www.youtube.com").verdict is Verdict.ALLOW
        assert ask(own, OFFICE_LAPTOP, "yewtu.be").verdict is Verdict.BLOCK
        assert (
            objection(own, "office-laptop", target("youtube-mirrors"))
            == "YouTube by other doors (Invidious, Piped) is a way round the filter: no pass opens it"
        )

    def test_every_way_round_of_the_shipped_catalogue_is_refused(self):
        own = policy(catalogue=shipped_catalogue())
        ways = [service for service in own.catalogue.services.values() if "bypass" in service.kinds]
        assert len(ways) > 50
        for service in ways:
            texts = [service.id, *(host for hosts in service.hosts.values() for host in hosts)]
            for text in texts:
                assert objection(own, "office-laptop", read_target(own.catalogue, text)) is not None, text

    @pytest.mark.parametrize(
        "device, what, says",
        [
            pytest.param("a-device-that-went", "instagram", "a-device-that-went is no longer a device of the rules", id="device"),
            pytest.param("office-laptop", "a-service-that-went", "there is no service a-service-that-went any more", id="service"),
            pytest.param("room-tablet", "instagram", "room-tablet is in the group children, which is for children", id="now_for_children"),
        ],
    )
    def test_what_the_rules_no_longer_allow_is_left_out(self, device, what, says):
        own = policy(*CLOSED)
        assert objection(own, device, target(what)).startswith(says)
        assert with_passes(own, [given(what, device)]) is own

    def test_an_address_that_has_since_become_a_tablets_opens_nothing(self):
        tablet = Device("new-tablet", CHILDREN, STAFF_PHONE.addresses, is_named=True)
        own = with_passes(policy(*CLOSED, devices={**DEVICES, "new-tablet": tablet}), [given(device="192.168.20.7")])
        assert ask(own, tablet, "instagram.com").verdict is Verdict.BLOCK

    def test_a_device_that_has_since_gone_to_the_children_has_no_pass(self):
        gone = replace(OFFICE_LAPTOP, group=CHILDREN)
        own = with_passes(policy(*CLOSED, devices={gone.name: gone}), [given()])
        assert ask(own, gone, "instagram.com").verdict is Verdict.BLOCK


class TestTelling:
    OWN = with_passes(policy(*CLOSED), [given()])

    def test_why_says_who_gave_it_and_until_when(self):
        decision = ask(self.OWN, OFFICE_LAPTOP, "www.instagram.com")
        assert sentence(decision, self.OWN, A_MONDAY, OFFICE_LAPTOP) == (
            "Instagram is open on office-laptop (office) until 12:37:23: "
            "pass 7, given by Nicola Example from 12:07 until 12:37:23 (photos for the newsletter), opens it."
        )
        assert (decision.rule.line, decision.rule.clause, rule_name(decision)) == (0, None, "Pass 7: photos for the newsletter")

    @pytest.mark.parametrize(
        "when, expected",
        [
            pytest.param("2026-11-23 12:07:23", "open", id="first_second"),
            pytest.param("2026-11-23 12:37:23", "ended", id="over"),
        ],
    )
    def test_its_state(self, when, expected):
        assert state(given(), at(when)) == expected
        assert state(revoke(given(), "J", A_MONDAY), at("2026-11-23 12:40")) == "revoked"

    @pytest.mark.parametrize(
        "minute, expected",
        [
            pytest.param("2026-11-23 12:36", False, id="still_open"),
            pytest.param("2026-11-23 12:37", True, id="the_minute_in_which_it_ends"),
            pytest.param("2026-11-23 12:51", True, id="last_minute_of_grace"),
            pytest.param("2026-11-23 12:52", False, id="one_minute_past"),
            pytest.param("2026-11-23 12:07", False, id="before_it_began"),
        ],
    )
    def test_an_app_that_has_not_noticed_the_end_makes_no_episode(self, minute, expected):
        in_grace = make_grace(self.OWN)
        assert in_grace("office-laptop", "i.instagram.com", int(at(minute).timestamp()) // 60) is expected
        assert not in_grace("192.168.20.7", "i.instagram.com", int(at(minute).timestamp()) // 60)


class TestReporting:
    START, END = at("2026-11-23 00:00"), at("2026-11-30 00:00")

    def test_what_leadership_is_told(self):
        (line,) = passes_of_week([given(group="office", owner=Owner.SETTING)], self.START, self.END)
        assert (line.id, line.device, line.group, line.owner) == (7, "office-laptop", "office", Owner.SETTING)
        assert (line.target, line.by, line.why, line.minutes) == (target("instagram"), "Nicola Example", "photos for the newsletter", 30)
        assert (line.is_revoked, line.revoked_by) == (False, "")

    @pytest.mark.parametrize("owner", [Owner.STAFF, Owner.VISITOR, Owner.UNKNOWN])
    def test_a_persons_own_device_is_told_by_its_group_only(self, owner):
        (line,) = passes_of_week([given(device="192.168.20.7", group="staff-phones", owner=owner)], self.START, self.END)
        assert (line.device, line.group) == (None, "staff-phones")

    def test_revoked_it_lasted_as_long_as_it_did(self):
        (line,) = passes_of_week([revoke(given(), "Julie", at("2026-11-23 12:10"))], self.START, self.END)
        assert (line.minutes, line.is_revoked, line.revoked_by) == (3, True, "Julie")

    @pytest.mark.parametrize(
        "first, last, minutes",
        [
            pytest.param("2026-11-22 23:00", "2026-11-23 00:00", None, id="ended_as_the_week_began"),
            pytest.param("2026-11-22 23:50", "2026-11-23 00:20", 20, id="over_the_beginning"),
            pytest.param("2026-11-29 23:50", "2026-11-30 00:20", 10, id="over_the_end"),
            pytest.param("2026-11-30 00:00", "2026-11-30 00:20", None, id="began_as_the_week_ended"),
            pytest.param("2026-11-25 12:00", "2026-11-25 12:01:30", 2, id="rounded_up"),
        ],
    )
    def test_each_week_tells_its_own_minutes(self, first, last, minutes):
        lines = passes_of_week([given(first=first, last=last)], self.START, self.END)
        assert [line.minutes for line in lines] == ([] if minutes is None else [minutes])

    def test_one_that_was_revoked_in_its_first_second_is_told_too(self):
        (line,) = passes_of_week([revoke(given(), "Julie", at("2026-11-23 12:07:23"))], self.START, self.END)
        assert line.minutes == 0

    def test_they_are_told_in_the_order_they_were_given(self):
        later, sooner = given(id_=1, first="2026-11-23 12:30"), given(id_=2, first="2026-11-23 12:10")
        assert [line.id for line in passes_of_week([later, sooner], self.START, self.END)] == [2, 1]


def test_the_instants_of_a_pass_are_in_utc():
    made = give(policy(), request(), 1, datetime(2026, 6, 1, 12, tzinfo=UTC))
    assert made.starts.tzinfo is UTC
