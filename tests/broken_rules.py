"""Broken rules.yaml files, by what is wrong with each. What is said about them stands in gold/rules_errors.txt."""

from small_catalogue import SETTING

NO_RULES = "rules: []\n"

BROKEN = {
    "empty_file": (""),
    "only_comments": ("# rules of Acorn Nursery\n"),
    "a_sentence": ("No phones at lunch.\n"),
    "a_list_at_the_top": ("- setting\n"),
    "no_rules": (SETTING),
    "no_setting": (NO_RULES),
    "unknown_section": (SETTING + "rule: []\n"),
    "section_that_is_a_word": (SETTING + "rules: none\ntimes: always\n"),
    "second_document": (SETTING + NO_RULES + "---\n" + SETTING),
    "end_of_document": (SETTING + NO_RULES + "...\notherwise: allow\n"),
    "directive": ("%YAML 2.0\n---\n" + SETTING + NO_RULES),
    "too_deep": ("setting: " + "[" * 30 + "]" * 30),
    "control_character": (SETTING + "rules: [\x07]\n"),
    "escaped_control_character": ('setting: {name: "Acorn\\0"}\n' + NO_RULES),
    "tab": ("setting:\n\tname: Acorn Nursery\n" + NO_RULES),
    "colon_in_text": ("setting:\n  name: Acorn: the nursery\n" + NO_RULES),
    "bracket_not_closed": (SETTING + "closures: {dates: [2026-12-21..2027-01-01}\n" + NO_RULES),
    "brace_not_closed": ("setting: {name: Acorn Nursery\n" + NO_RULES),
    "quote_not_closed": ("setting: {name: 'Acorn Nursery}\n" + NO_RULES),
    "apostrophe_in_single_quotes": ("setting: {name: 'Julie's'}\n" + NO_RULES),
    "backslash": ('setting: {name: "Acorn\\qNursery"}\n' + NO_RULES),
    "at_sign_first": ("setting: {name: @acorn}\n" + NO_RULES),
    "key_indented_too_far": ("setting:\n  name: Acorn\n    timezone: Europe/London\n" + NO_RULES),
    "key_indented_too_little": ("setting:\n  name: Acorn\n timezone: Europe/London\n" + NO_RULES),
    "item_not_lined_up": (SETTING + "rules:\n  - block: bypass\n - block: dating\n"),
    "item_after_key": (SETTING + "rules: - block: bypass\n"),
    "no_colon": (SETTING + "rules:\n  - block: bypass\n    devices\n    clause: 3\n"),
    "duplicate_key": (SETTING + "times:\n  lunch: 12:00-13:00\n  lunch: 13:00-14:00\n" + NO_RULES),
    "duplicate_section": (SETTING + NO_RULES + "rules: []\n"),
    "anchor": ("setting: {name: &n Acorn}\n" + NO_RULES),
    "alias": (SETTING + "rules:\n  - {block: bypass, clause: *three}\n"),
    "tag": ("setting: {name: !!str Acorn}\n" + NO_RULES),
    "merge_key": (SETTING + "devices:\n  tablet:\n    <<: {group: children}\n" + NO_RULES),
    "key_that_is_a_list": (SETTING + "groups: {[office]: {owner: setting}}\n" + NO_RULES),
    "key_that_is_empty": (SETTING + "groups:\n  '': {owner: setting}\n" + NO_RULES),
    "setting_without_a_name": ("setting:\n" + NO_RULES),
    "name_left_empty": ("setting:\n  name:\n" + NO_RULES),
    "unknown_zone": ("setting: {name: Acorn, timezone: Europe/Londn}\n" + NO_RULES),
    "unknown_person": ("setting:\n  name: Acorn\n  people: {managr: Jo}\n" + NO_RULES),
    "date_the_british_way": ("setting: {name: Acorn, policy: {dated: 03/10/2022}}\n" + NO_RULES),
    "person_that_is_a_list": ("setting: {name: Acorn, people: {manager: [Jo, Sam]}}\n" + NO_RULES),
    "time_with_full_stops": (SETTING + "times: {lunch: 12.00-13.00}\n" + NO_RULES),
    "time_with_pm": (SETTING + "times: {lunch: 12pm-1pm}\n" + NO_RULES),
    "hour_25": (SETTING + "times: {late: 22:00-25:00}\n" + NO_RULES),
    "start_is_end": (SETTING + "times: {never: 12:00-12:00}\n" + NO_RULES),
    "unknown_day": (SETTING + "times: {lunch: mo-fri 12:00-13:00}\n" + NO_RULES),
    "several_windows_in_one": (SETTING + "times: {lunch: 'mon 12:00-13:00 tue 12:00-13:00'}\n" + NO_RULES),
    "time_called_closed": (SETTING + "times: {closed: 12:00-13:00}\n" + NO_RULES),
    "time_made_of_a_time": (SETTING + "times: {lunch: 12:00-13:00, break: [lunch, 10:00-10:15]}\n" + NO_RULES),
    "closures_word": (SETTING + "times: {care: {windows: 08:00-18:00, closures: ignored}}\n" + NO_RULES),
    "unknown_nation": (SETTING + "closures: {bank-holidays: englnd}\n" + NO_RULES),
    "closure_backwards": (SETTING + "closures: {dates: [2027-01-01..2026-12-21]}\n" + NO_RULES),
    "closure_of_ten_years": (SETTING + "closures: {dates: [2026-01-01..2036-01-01]}\n" + NO_RULES),
    "group_without_owner": (SETTING + "groups: {office: {}}\n" + NO_RULES),
    "unknown_owner": (SETTING + "groups: {office: {owner: settin}}\n" + NO_RULES),
    "for_left_empty": (SETTING + "groups:\n  children:\n    owner: setting\n    for:\n" + NO_RULES),
    "unknown_group": (SETTING + "devices: {tablet: {group: childrn}}\n" + NO_RULES),
    "device_called_like_a_group": (SETTING + "devices: {office: {group: children}}\n" + NO_RULES),
    "device_called_unknown": (SETTING + "devices: {unknown: {group: office}}\n" + NO_RULES),
    "device_called_like_an_address": (SETTING + "devices: {192.168.1.20: {group: office}}\n" + NO_RULES),
    "no_address": (SETTING + "devices: {tablet: {group: children, address: 192.168.1.310}}\n" + NO_RULES),
    "bad_mac": (SETTING + "devices: {tablet: {group: children, mac: 02:00:00:00:20}}\n" + NO_RULES),
    "two_devices_one_address": (
        SETTING + "devices:\n  tablet-1: {address: 192.168.1.31}\n  tablet-2: {address: [192.168.1.32, 192.168.1.31/32]}\n" + NO_RULES
    ),
    "two_devices_one_mac": (SETTING + "devices:\n  tablet-1: {mac: 02:00:00:00:00:31}\n  tablet-2: {mac: 02-00-00-00-00-31}\n" + NO_RULES),
    "token_that_is_no_label": (SETTING + "devices: {tablet: {group: children, token: hazel_tablet.1}}\n" + NO_RULES),
    "two_devices_one_token": (
        SETTING + "devices:\n  tablet-1: {token: hazel-4f7d2c9e81}\n  tablet-2: {token: HAZEL-4f7d2c9e81}\n" + NO_RULES
    ),
    "encrypted_without_a_certificate": (SETTING + NO_RULES + "box: {encrypted: {name: dns.acorn.example}}\n"),
    "encrypted_name_without_a_domain": (SETTING + NO_RULES + "box: {encrypted: {name: acorn, certificate: acorn.pem}}\n"),
    "encrypted_without_an_address": (
        SETTING + NO_RULES + "box: {encrypted: {name: dns.acorn.example, certificate: acorn.pem, https: dns.acorn.example}}\n"
    ),
    "two_groups_one_network": (
        SETTING + "groups:\n"
        '  a: {owner: staff, addresses: "fd00:20::/64"}\n'
        '  b: {owner: visitor, addresses: "fd00:20:0:0::/64"}\n' + NO_RULES
    ),
    "address_inside_a_network": (SETTING + "groups: {a: {owner: staff, addresses: 192.168.20.5/24}}\n" + NO_RULES),
    "proxy_word": (SETTING + "devices: {laptop: {group: office, proxy: yes}}\n" + NO_RULES),
    "service_called_like_a_kind": (SETTING + "services: {forum: {name: Ours, kinds: [forum], hosts: [forum.example.org]}}\n" + NO_RULES),
    "service_without_hosts": (SETTING + "services:\n  portal: {name: Portal}\n" + NO_RULES),
    "service_with_umbrella_kind": (SETTING + "services: {ours: {name: Ours, kinds: [social-media], hosts: [ours.example]}}\n" + NO_RULES),
    "unknown_class": (SETTING + "services: {ours: {name: Ours, kinds: [wiki], hosts: {used: [ours.example]}}}\n" + NO_RULES),
    "host_with_a_path": (SETTING + "services: {ours: {name: Ours, kinds: [wiki], hosts: [https://ours.example/wiki]}}\n" + NO_RULES),
    "two_services_one_host": (
        SETTING + "services:\n"
        "  a: {name: A, kinds: [wiki], hosts: [w.example]}\n"
        "  b: {name: B, kinds: [wiki], hosts: [v.example, W.example.]}\n" + NO_RULES
    ),
    "host_in_two_classes": (
        SETTING + "services: {a: {name: A, kinds: [wiki], hosts: {use: [w.example], embed: [w.example]}}}\n" + NO_RULES
    ),
    "rule_that_does_nothing": (SETTING + "rules:\n  - name: Quiet\n    clause: 4\n"),
    "rule_that_does_two_things": (SETTING + "rules:\n  - allow: facebook\n    block: messenger\n"),
    "unknown_rule_key": (SETTING + "rules:\n  - block: facebook\n    divices: office\n"),
    "unknown_service": (SETTING + "rules:\n  - block: facebok\n"),
    "service_by_its_name": (SETTING + "rules:\n  - block: [Messenger]\n"),
    "unknown_thing": (SETTING + "rules:\n  - block: zzzzz\n"),
    "wildcard": (SETTING + "rules:\n  - block: '*.example.org'\n"),
    "web_address": (SETTING + "rules:\n  - block: https://example.org/\n"),
    "top_level_domain": (SETTING + "rules:\n  - block: =org\n"),
    "unknown_list": (SETTING + "box: {lists: {malware: {from: malware.txt}}}\nrules:\n  - block: list:malwere\n"),
    "unknown_device": (SETTING + "rules:\n  - block: facebook\n    devices: [chidren, unknown]\n"),
    "devices_left_empty": (SETTING + "rules:\n  - block: facebook\n    devices:\n"),
    "same_device_twice": (SETTING + "rules:\n  - block: facebook\n    devices: [office, office]\n"),
    "unknown_time": (SETTING + "rules:\n  - block: facebook\n    when: [lunhc, setting-hours]\n"),
    "whole_days": (SETTING + "rules:\n  - block: facebook\n    when: mon-fri\n"),
    "empty_list": (SETTING + "rules:\n  - block: facebook\n    unless: []\n"),
    "unknown_switch": (SETTING + "rules:\n  - enforce: safesearch\n"),
    "approval_without_approver": (
        SETTING + "rules:\n  - allow: facebook\n    approval: {purpose: News, risk-assessment: RA1, from: 2026-09-01, until: 2027-08-31}\n"
    ),
    "approval_backwards": (
        SETTING + "rules:\n"
        "  - allow: facebook\n"
        "    approval: {purpose: N, risk-assessment: R, approved-by: Jo, from: 2027-09-01, until: 2026-08-31}\n"
    ),
    "two_rules_one_name": (SETTING + "rules:\n  - {name: Shut, block: facebook}\n  - {name: Shut, block: messenger}\n"),
    "rule_that_is_a_word": (SETTING + "rules:\n  - block facebook\n"),
    "otherwise_word": (SETTING + NO_RULES + "otherwise: deny\n"),
    "expect_unknown_device": (
        SETTING + NO_RULES + "devices: {tablet: {group: children}}\n"
        "expect:\n"
        "  - {device: tablt, name: example.org, at: 2026-11-23 12:30, verdict: allow}\n"
    ),
    "expect_a_group": (SETTING + NO_RULES + "expect:\n  - {device: office, name: example.org, at: 2026-11-23 12:30, verdict: allow}\n"),
    "expect_in_the_spring_gap": (
        SETTING + NO_RULES + "expect:\n  - {device: 10.0.0.1, name: example.org, at: 2026-03-29 01:30, verdict: allow}\n"
    ),
    "expect_incomplete": (SETTING + NO_RULES + "expect:\n  - {device: 10.0.0.1, name: example.org}\n"),
    "expect_that_fails_by_a_rule": (
        SETTING + "rules:\n"
        "  - block: facebook\n"
        "expect:\n"
        "  - {device: 10.0.0.1, name: m.facebook.com, at: 2026-11-23 12:30, verdict: allow}\n"
    ),
    "expect_that_fails_by_otherwise": (
        SETTING + NO_RULES + "otherwise: allow\n"
        "expect:\n"
        "  - {device: 10.0.0.1, name: m.facebook.com, at: 2026-11-23 12:30, verdict: block}\n"
    ),
    "port_too_high": (SETTING + NO_RULES + "box: {listen: 0.0.0.0:99999}\n"),
    "upstream_word": (SETTING + NO_RULES + "box: {upstream: [sytem]}\n"),
    "upstream_tls_without_a_name": (SETTING + NO_RULES + "box: {upstream: tls://9.9.9.9}\n"),
    "forward_to_no_address": (SETTING + NO_RULES + "box: {forward: {lan: router}}\n"),
    "forward_to_everywhere": (SETTING + NO_RULES + "box: {forward: {lan: 0.0.0.0}}\n"),
    "forward_of_what_is_fixed": (SETTING + NO_RULES + "box: {forward: {localhost: 192.168.1.1}}\n"),
    "name_without_an_address": (SETTING + NO_RULES + "box: {names: {printer.lan: []}}\n"),
    "name_twice": (SETTING + NO_RULES + "box: {names: {printer.lan: 192.168.1.9, Printer.LAN.: 192.168.1.10}}\n"),
    "rate_limit_zero": (SETTING + NO_RULES + "box: {rate-limit: 0}\n"),
    "list_from_ftp": (SETTING + NO_RULES + "box: {lists: {malware: {from: ftp://lists.example/x}}}\n"),
    "provider_without_a_name": (SETTING + NO_RULES + "box: {provider: {iwf-member: perhaps}}\n"),
    "log_word": (SETTING + NO_RULES + "log: {staff-owned: everything}\n"),
    "keep_in_words": (SETTING + NO_RULES + "log: {keep: {lookups: two weeks}}\n"),
    "flush_zero": (SETTING + NO_RULES + "log: {flush: 0}\n"),
    "weekly_without_a_time": (SETTING + NO_RULES + "reports: {weekly: monday}\n"),
    "mail_address": (SETTING + NO_RULES + "reports: {to: {manager: manager}}\n"),
    "not_about_nobody": (SETTING + NO_RULES + "reports: {not-about: {manger: [office]}}\n"),
    "fail_word": (SETTING + NO_RULES + "fail: shut\n"),
    "apostrophe_in_a_block": ("setting:\n  name: Acorn\n  people:\n    manager: 'Julie's'\n" + NO_RULES),
    "several_errors_at_once": (
        SETTING + "times: {lunch: 1pm}\nrules:\n  - block: facebok\n    devices: [chidren, unknwon]\n    whne: lunch\notherwise: perhaps\n"
    ),
    "misspelt_key_that_is_needed": (
        SETTING + NO_RULES + "expect:\n  - {devise: 10.0.0.1, name: example.org, at: 2026-11-23 12:30, verdict: allow}\n"
    ),
    "letters_beyond_ascii_do_not_shift_columns": ("setting: {name: Crèche 🌰 Ünter, timezon: x}\n" + NO_RULES),
    "tab_before_a_key_further_down": (SETTING + "rules:\n  - block: bypass\n\tclause: 3\n"),
    "tab_and_spaces_mixed": (SETTING + "times:\n  lunch: 12:00-13:00\n  \tbreak: 10:00-10:15\n" + NO_RULES),
    "anchor_on_a_key": SETTING + "groups: {&a office: {owner: setting}}\n" + NO_RULES,
    "anchor_and_alias": (SETTING + "rules:\n  - {block: bypass, devices: &all [children, unknown]}\n  - {block: dating, devices: *all}\n"),
    "mac_of_five_pairs_that_is_a_number": SETTING + NO_RULES + "devices: {tablet: {group: children, mac: 10:11:22:33:44}}\n",
    "one_time_where_a_window_belongs": SETTING + "times: {lunch: 17:30}\n" + NO_RULES,
    "yes_for_a_list": (SETTING + "rules:\n  - {block: social-media, devices: yes}\n"),
    "text_after_a_quote": 'setting: {name: "Acorn" Nursery}\n' + NO_RULES,
    "colon_without_a_space": "setting:\n  name:Acorn\n" + NO_RULES,
    "curly_quotes": "setting: {name: Acorn}\ntimes: {lunch: \u201c12:00-13:00\u201d}\n" + NO_RULES,
    "window_of_two_days_far_apart": SETTING + "times: {late: mon 08:00-tue 18:00}\n" + NO_RULES,
    "closure_with_a_hyphen": SETTING + "closures: {dates: [2026-12-21-2027-01-01]}\n" + NO_RULES,
    "day_that_does_not_exist": SETTING + "closures: {dates: [2027-02-29]}\n" + NO_RULES,
    "several_devices_one_group_misspelt": (SETTING + "devices:\n  tablet-1: {group: childern}\n  tablet-2: {group: childern}\n" + NO_RULES),
    "two_devices_one_ipv6_address": (
        SETTING + 'devices:\n  tablet-1: {address: "fd00::31"}\n  tablet-2: {address: "FD00:0::31"}\n' + NO_RULES
    ),
    "long_line": (
        SETTING + "rules:\n"
        "  - {name: A rule with a name that is really rather long for the width of a page or a terminal, block: facebok, devices: office}\n"
    ),
    "wide_letters": "setting: {name: \u4fdd\u80b2\u5712, timezon: x}\n" + NO_RULES,
    "note_after_the_error": (SETTING + "rules:\n  - name: Quiet   # nothing else yet\n"),
}
