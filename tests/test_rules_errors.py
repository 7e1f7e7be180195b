"""A broken rules.yaml: every error at once, each with its line and column and a sentence that says what to do.

Each row is a file and all that is said about it. Fuzzed at the end: any text is rules, or the one error.
"""

# ruff: noqa: E501 - a message stands on one line, as it is printed

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinnerbell.plain import describe
from dinnerbell.rules import RulesError, decode_rules, read_rules
from small_catalogue import CATALOGUE, SETTING

NO_RULES = "rules: []\n"

BROKEN = {
    "empty_file": (
        "",
        [
            "1:1: the file is empty: it needs at least `setting:` with a name, and `rules:`",
        ],
    ),
    "only_comments": (
        "# rules of Acorn Nursery\n",
        [
            "1:1: the file is empty: it needs at least `setting:` with a name, and `rules:`",
        ],
    ),
    "a_sentence": (
        "No phones at lunch.\n",
        [
            "1:1: the file must start with a section, a word followed by a colon, such as `setting:`",
        ],
    ),
    "a_list_at_the_top": (
        "- setting\n",
        [
            "1:1: the file must start with a section, a word followed by a colon, such as `setting:`",
        ],
    ),
    "no_rules": (
        SETTING,
        [
            "1:1: the section `rules` is missing: the list of rules, or `rules: []`",
        ],
    ),
    "no_setting": (
        NO_RULES,
        [
            "1:1: the section `setting` is missing: the name of the setting",
        ],
    ),
    "unknown_section": (
        SETTING + "rule: []\n",
        [
            "2:1: `rule` is not a section of rules.yaml; did you mean `rules`?",
        ],
    ),
    "section_that_is_a_word": (
        SETTING
        + "rules: none\n"
        "times: always\n",
        [
            "2:8: `rules`: a list was expected here, each item starting with `- `",
            "3:8: `times`: names with a colon were expected here, one a line, indented by two spaces",
        ],
    ),
    "second_document": (
        SETTING + NO_RULES + "---\n" + SETTING,
        [
            "3:1: a second document starts here (---): rules.yaml is one; take this line out",
        ],
    ),
    "end_of_document": (
        SETTING
        + NO_RULES
        + "...\n"
        "otherwise: allow\n",
        [
            "4:1: take the line `...` or the line that starts with % above this one out: rules.yaml is one document",
        ],
    ),
    "directive": (
        "%YAML 2.0\n"
        "---\n"
        + SETTING
        + NO_RULES,
        [
            "1:1: take the line that starts with % out",
        ],
    ),
    "too_deep": (
        "setting: " + "[" * 30 + "]" * 30,
        [
            "1:30: brackets or indentation are more than 20 levels deep: nothing in rules.yaml needs that",
        ],
    ),
    "control_character": (
        SETTING + "rules: [\x07]\n",
        [
            "2:9: there is an invisible character here (U+0007): delete it, or save the file as plain UTF-8 text",
        ],
    ),
    "escaped_control_character": (
        'setting: {name: "Acorn\\0"}\n' + NO_RULES,
        [
            "1:17: the text in quotes stands for an invisible character: write it with ordinary letters",
        ],
    ),
    "tab": (
        "setting:\n"
        "\tname: Acorn Nursery\n"
        + NO_RULES,
        [
            "2:1: there is a tab here: use spaces (two for each step of indentation)",
        ],
    ),
    "colon_in_text": (
        "setting:\n"
        "  name: Acorn: the nursery\n"
        + NO_RULES,
        [
            "2:14: there is a colon too many, or the line is indented wrongly: a text with a colon and a space goes in quotes, and keys of one section start in the same column",
        ],
    ),
    "bracket_not_closed": (
        SETTING + "closures: {dates: [2026-12-21..2027-01-01}\n" + NO_RULES,
        [
            "2:42: the `[` opened in line 2 is not closed, or a comma is missing before this: write `, ` between items and `]` at the end",
        ],
    ),
    "brace_not_closed": (
        "setting: {name: Acorn Nursery\n" + NO_RULES,
        [
            "2:6: the `{` opened in line 1 is not closed, or a comma is missing before this: write `, ` between items and `}` at the end",
        ],
    ),
    "quote_not_closed": (
        "setting: {name: 'Acorn Nursery}\n" + NO_RULES,
        [
            "1:17: the quote opened here is not closed: put the same quote at its end (inside '...' an apostrophe is written twice)",
        ],
    ),
    "apostrophe_in_single_quotes": (
        "setting: {name: 'Julie's'}\n" + NO_RULES,
        [
            "1:24: the text in quotes ended before this: inside '...' an apostrophe is written twice, or use \"...\" around it",
        ],
    ),
    "backslash": (
        'setting: {name: "Acorn\\qNursery"}\n' + NO_RULES,
        [
            '1:24: a backslash in double quotes has a special meaning: use single quotes, or write it twice ("\\\\")',
        ],
    ),
    "at_sign_first": (
        "setting: {name: @acorn}\n" + NO_RULES,
        [
            "1:17: a word cannot start with @: put it in quotes",
        ],
    ),
    "key_indented_too_far": (
        "setting:\n"
        "  name: Acorn\n"
        "    timezone: Europe/London\n"
        + NO_RULES,
        [
            "3:13: there is a colon too many, or the line is indented wrongly: a text with a colon and a space goes in quotes, and keys of one section start in the same column",
        ],
    ),
    "key_indented_too_little": (
        "setting:\n"
        "  name: Acorn\n"
        " timezone: Europe/London\n"
        + NO_RULES,
        [
            "3:2: this is not lined up with the lines above: keys of one section start in the same column, and after a closing quote or bracket the line ends",
        ],
    ),
    "item_not_lined_up": (
        SETTING
        + "rules:\n"
        "  - block: bypass\n"
        " - block: dating\n",
        [
            "4:2: this list item is not lined up with the lines above: items of one list start in the same column",
        ],
    ),
    "item_after_key": (
        SETTING + "rules: - block: bypass\n",
        [
            "2:8: a list item (- ) cannot stand here: start it on a line of its own, lined up with the other items",
        ],
    ),
    "no_colon": (
        SETTING
        + "rules:\n"
        "  - block: bypass\n"
        "    devices\n"
        "    clause: 3\n",
        [
            "4:5: this line has no colon: write `key: value`, with a space after the colon",
        ],
    ),
    "duplicate_key": (
        SETTING
        + "times:\n"
        "  lunch: 12:00-13:00\n"
        "  lunch: 13:00-14:00\n"
        + NO_RULES,
        [
            "4:3: `lunch` is here a second time (first in line 3): one of the two would be lost. Take one out, or join them",
        ],
    ),
    "duplicate_section": (
        SETTING + NO_RULES + "rules: []\n",
        [
            "3:1: `rules` is here a second time (first in line 2): one of the two would be lost. Take one out, or join them",
        ],
    ),
    "anchor": (
        "setting: {name: &n Acorn}\n" + NO_RULES,
        [
            "1:17: `&n` (an anchor) is not read here: take it out, or put the text in quotes",
        ],
    ),
    "alias": (
        SETTING
        + "rules:\n"
        "  - {block: bypass, clause: *three}\n",
        [
            "3:29: `*three` (an alias) is not read here: write the value out, or put the text in quotes",
        ],
    ),
    "tag": (
        "setting: {name: !!str Acorn}\n" + NO_RULES,
        [
            "1:17: a word that starts with ! (a tag) is not read here: take it out, or put the text in quotes",
        ],
    ),
    "merge_key": (
        SETTING
        + "devices:\n"
        "  tablet:\n"
        "    <<: {group: children}\n"
        + NO_RULES,
        [
            "4:5: `<<` (a merge key) is not read here: write the lines out",
        ],
    ),
    "key_that_is_a_list": (
        SETTING + "groups: {[office]: {owner: setting}}\n" + NO_RULES,
        [
            "2:10: a word followed by a colon was expected here; text with brackets, braces or * in it goes in quotes",
        ],
    ),
    "key_that_is_empty": (
        SETTING
        + "groups:\n"
        "  '': {owner: setting}\n"
        + NO_RULES,
        [
            "3:3: there is nothing before this colon: write the name of the key, or put the text in quotes",
        ],
    ),
    "setting_without_a_name": (
        "setting:\n" + NO_RULES,
        [
            "1:1: `setting` needs `name`: what the setting is called, as it stands on reports",
        ],
    ),
    "name_left_empty": (
        "setting:\n"
        "  name:\n"
        + NO_RULES,
        [
            "2:3: `name`: nothing is written after the colon: write a value, or take the line out",
        ],
    ),
    "unknown_zone": (
        "setting: {name: Acorn, timezone: Europe/Londn}\n" + NO_RULES,
        [
            "1:34: there is no time zone 'Europe/Londn'; did you mean `Europe/London`?",
        ],
    ),
    "unknown_person": (
        "setting:\n"
        "  name: Acorn\n"
        "  people: {managr: Jo}\n"
        + NO_RULES,
        [
            "3:12: `managr` is not a key of `people`; did you mean `manager`?",
        ],
    ),
    "date_the_british_way": (
        "setting: {name: Acorn, policy: {dated: 03/10/2022}}\n" + NO_RULES,
        [
            "1:40: `dated`: '03/10/2022' is not a date: write it like 2026-12-21",
        ],
    ),
    "person_that_is_a_list": (
        "setting: {name: Acorn, people: {manager: [Jo, Sam]}}\n" + NO_RULES,
        [
            "1:42: `manager`: one value was expected here, not a list",
        ],
    ),
    "time_with_full_stops": (
        SETTING + "times: {lunch: 12.00-13.00}\n" + NO_RULES,
        [
            "2:16: `lunch`: '12.00-13.00' is not a time: write it like 12:00-13:00 or mon-fri 08:00-18:00; with a colon, not a full stop",
        ],
    ),
    "time_with_pm": (
        SETTING + "times: {lunch: 12pm-1pm}\n" + NO_RULES,
        [
            "2:16: `lunch`: '12pm-1pm' is not a time: write it like 12:00-13:00 or mon-fri 08:00-18:00; the clock has 24 hours: 1pm is 13:00",
        ],
    ),
    "hour_25": (
        SETTING + "times: {late: 22:00-25:00}\n" + NO_RULES,
        [
            "2:15: `late`: '25:00' is not a time of day: hours go to 23 and minutes to 59",
        ],
    ),
    "start_is_end": (
        SETTING + "times: {never: 12:00-12:00}\n" + NO_RULES,
        [
            "2:16: `never`: '12:00-12:00' starts and ends at the same minute; for the whole day write 00:00-24:00",
        ],
    ),
    "unknown_day": (
        SETTING + "times: {lunch: mo-fri 12:00-13:00}\n" + NO_RULES,
        [
            "2:16: `lunch`: 'mo' is not a day: write mon, tue, wed, thu, fri, sat or sun",
        ],
    ),
    "several_windows_in_one": (
        SETTING + "times: {lunch: 'mon 12:00-13:00 tue 12:00-13:00'}\n" + NO_RULES,
        [
            "2:16: `lunch`: 'mon 12:00-13:00 tue 12:00-13:00' is more than one window: write them as a list, [mon-thu 12:00-13:00, fri 11:30-12:30]",
        ],
    ),
    "time_called_closed": (
        SETTING + "times: {closed: 12:00-13:00}\n" + NO_RULES,
        [
            "2:9: `closed` has a meaning already (the days of `closures`): choose another name",
        ],
    ),
    "time_made_of_a_time": (
        SETTING + "times: {lunch: 12:00-13:00, break: [lunch, 10:00-10:15]}\n" + NO_RULES,
        [
            "2:37: `break`: 'lunch' is a name; under `times` write the windows themselves, like mon-fri 08:00-18:00",
        ],
    ),
    "closures_word": (
        SETTING + "times: {care: {windows: 08:00-18:00, closures: ignored}}\n" + NO_RULES,
        [
            "2:48: `closures`: 'ignored' is not known here: only `ignore` can be written",
        ],
    ),
    "unknown_nation": (
        SETTING + "closures: {bank-holidays: englnd}\n" + NO_RULES,
        [
            "2:27: `bank-holidays`: 'englnd' is not one of `england`, `wales`, `scotland`, `northern-ireland` or `none`; did you mean `england`?",
        ],
    ),
    "closure_backwards": (
        SETTING + "closures: {dates: [2027-01-01..2026-12-21]}\n" + NO_RULES,
        [
            "2:20: `dates`: '2027-01-01..2026-12-21' ends before it starts",
        ],
    ),
    "closure_of_ten_years": (
        SETTING + "closures: {dates: [2026-01-01..2036-01-01]}\n" + NO_RULES,
        [
            "2:20: `dates`: '2026-01-01..2036-01-01' is longer than two years: is a digit wrong?",
        ],
    ),
    "group_without_owner": (
        SETTING + "groups: {office: {}}\n" + NO_RULES,
        [
            "2:10: `office` needs `owner`: whose devices these are: setting, staff or visitor",
        ],
    ),
    "unknown_owner": (
        SETTING + "groups: {office: {owner: settin}}\n" + NO_RULES,
        [
            "2:26: `owner`: 'settin' is not one of `setting`, `staff` or `visitor`; did you mean `setting`?",
        ],
    ),
    "for_left_empty": (
        SETTING
        + "groups:\n"
        "  children:\n"
        "    owner: setting\n"
        "    for:\n"
        + NO_RULES,
        [
            "5:5: `for`: nothing is written after the colon: write a value, or take the line out",
        ],
    ),
    "unknown_group": (
        SETTING + "devices: {tablet: {group: childrn}}\n" + NO_RULES,
        [
            "2:27: `group`: there is no group 'childrn'; did you mean `children`?",
        ],
    ),
    "device_called_like_a_group": (
        SETTING + "devices: {office: {group: children}}\n" + NO_RULES,
        [
            "2:11: `office` is the name of a group already (that Dinnerbell brings along): devices and groups need different names",
        ],
    ),
    "device_called_unknown": (
        SETTING + "devices: {unknown: {group: office}}\n" + NO_RULES,
        [
            "2:11: `unknown` has a meaning already (whose device it is): choose another name for this device",
        ],
    ),
    "device_called_like_an_address": (
        SETTING + "devices: {192.168.1.20: {group: office}}\n" + NO_RULES,
        [
            "2:11: '192.168.1.20' cannot be the name of a device: use letters, digits and hyphens, like `name-192-168-1-20`",
        ],
    ),
    "no_address": (
        SETTING + "devices: {tablet: {group: children, address: 192.168.1.310}}\n" + NO_RULES,
        [
            "2:46: `address`: '192.168.1.310' is not an address: write it like 192.168.1.20 or \"fd00::31\"",
        ],
    ),
    "bad_mac": (
        SETTING + "devices: {tablet: {group: children, mac: 02:00:00:00:20}}\n" + NO_RULES,
        [
            "2:42: `mac`: '02:00:00:00:20' is not a device's MAC address: six pairs of 0-9 and a-f, like 02:00:00:00:00:20",
        ],
    ),
    "two_devices_one_address": (
        SETTING
        + "devices:\n"
        "  tablet-1: {address: 192.168.1.31}\n"
        "  tablet-2: {address: [192.168.1.32, 192.168.1.31/32]}\n"
        + NO_RULES,
        [
            "4:38: `tablet-2` has 192.168.1.31, which `tablet-1` (line 3) has already: one of the two is wrong",
        ],
    ),
    "two_devices_one_mac": (
        SETTING
        + "devices:\n"
        "  tablet-1: {mac: 02:00:00:00:00:31}\n"
        "  tablet-2: {mac: 02-00-00-00-00-31}\n"
        + NO_RULES,
        [
            "4:19: `tablet-2` has 02:00:00:00:00:31, which `tablet-1` (line 3) has already: one of the two is wrong",
        ],
    ),
    "two_groups_one_network": (
        SETTING
        + "groups:\n"
        '  a: {owner: staff, addresses: "fd00:20::/64"}\n'
        '  b: {owner: visitor, addresses: "fd00:20:0:0::/64"}\n'
        + NO_RULES,
        [
            "4:34: `b` has fd00:20::/64, which `a` (line 3) has already: one of the two is wrong",
        ],
    ),
    "address_inside_a_network": (
        SETTING + "groups: {a: {owner: staff, addresses: 192.168.20.5/24}}\n" + NO_RULES,
        [
            "2:39: `addresses`: '192.168.20.5/24' is an address inside a network: for the whole network write 192.168.20.0/24, for one device leave out /24",
        ],
    ),
    "proxy_word": (
        SETTING + "devices: {laptop: {group: office, proxy: yes}}\n" + NO_RULES,
        [
            "2:42: `proxy`: 'yes' is not known here: only `intercept` can be written",
        ],
    ),
    "service_called_like_a_kind": (
        SETTING + "services: {forum: {name: Ours, kinds: [forum], hosts: [forum.example.org]}}\n" + NO_RULES,
        [
            "2:12: `forum` is the name of a kind: choose another name for the service",
        ],
    ),
    "service_without_hosts": (
        SETTING
        + "services:\n"
        "  portal: {name: Portal}\n"
        + NO_RULES,
        [
            "3:3: `portal` is a new service and needs `kinds`, `hosts`",
        ],
    ),
    "service_with_umbrella_kind": (
        SETTING + "services: {ours: {name: Ours, kinds: [social-media], hosts: [ours.example]}}\n" + NO_RULES,
        [
            "2:39: `kinds`: 'social-media' is the word for all of policy section 1: write the kind itself, like `messaging` or `forum`",
        ],
    ),
    "unknown_class": (
        SETTING + "services: {ours: {name: Ours, kinds: [wiki], hosts: {used: [ours.example]}}}\n" + NO_RULES,
        [
            "2:54: `used` is not a key of `hosts`; did you mean `use`?",
        ],
    ),
    "host_with_a_path": (
        SETTING + "services: {ours: {name: Ours, kinds: [wiki], hosts: [https://ours.example/wiki]}}\n" + NO_RULES,
        [
            "2:54: `hosts`: 'https://ours.example/wiki' is not a domain name: it may not contain '/' (leave out https:// and what follows the host)",
        ],
    ),
    "two_services_one_host": (
        SETTING
        + "services:\n"
        "  a: {name: A, kinds: [wiki], hosts: [w.example]}\n"
        "  b: {name: B, kinds: [wiki], hosts: [v.example, W.example.]}\n"
        + NO_RULES,
        [
            "4:50: `w.example` belongs to `a` (line 3) already: give it to one of them, or list it under `shared` in both",
        ],
    ),
    "host_in_two_classes": (
        SETTING + "services: {a: {name: A, kinds: [wiki], hosts: {use: [w.example], embed: [w.example]}}}\n" + NO_RULES,
        [
            "2:47: `w.example` stands in two classes of `a`: keep one",
        ],
    ),
    "rule_that_does_nothing": (
        SETTING
        + "rules:\n"
        "  - name: Quiet\n"
        "    clause: 4\n",
        [
            "3:5: rule 1 does nothing: it needs one of `allow`, `block` or `enforce`",
        ],
    ),
    "rule_that_does_two_things": (
        SETTING
        + "rules:\n"
        "  - allow: facebook\n"
        "    block: messenger\n",
        [
            "4:5: rule 1 has `allow` and `block`: a rule does one thing, make it two rules",
        ],
    ),
    "unknown_rule_key": (
        SETTING
        + "rules:\n"
        "  - block: facebook\n"
        "    divices: office\n",
        [
            "4:5: `divices` is not a key of rule 1; did you mean `devices`?",
        ],
    ),
    "unknown_service": (
        SETTING
        + "rules:\n"
        "  - block: facebok\n",
        [
            "3:12: `block`: 'facebok' is no service, kind or domain; did you mean `facebook`?",
        ],
    ),
    "service_by_its_name": (
        SETTING
        + "rules:\n"
        "  - block: [Messenger]\n",
        [
            "3:13: `block`: 'Messenger' is no service, kind or domain; did you mean `messenger`?",
        ],
    ),
    "unknown_thing": (
        SETTING
        + "rules:\n"
        "  - block: zzzzz\n",
        [
            "3:12: `block`: 'zzzzz' is no service, kind or domain; `dinnerbell services` lists what there is, or write a domain like example.org",
        ],
    ),
    "wildcard": (
        SETTING
        + "rules:\n"
        "  - block: '*.example.org'\n",
        [
            "3:12: `block`: '*.example.org': leave out the `*.`: a domain stands for everything under it already",
        ],
    ),
    "web_address": (
        SETTING
        + "rules:\n"
        "  - block: https://example.org/\n",
        [
            "3:12: `block`: 'https://example.org/' is not a domain name: it may not contain '/' (leave out https:// and what follows the host)",
        ],
    ),
    "top_level_domain": (
        SETTING
        + "rules:\n"
        "  - block: =org\n",
        [
            "3:12: `block`: '=org' is a whole top-level domain; a domain has a dot, like example.org",
        ],
    ),
    "unknown_list": (
        SETTING
        + "box: {lists: {malware: {from: malware.txt}}}\n"
        "rules:\n"
        "  - block: list:malwere\n",
        [
            "4:12: `block`: there is no list `malwere` under `lists` of `box`; did you mean `malware`?",
        ],
    ),
    "unknown_device": (
        SETTING
        + "rules:\n"
        "  - block: facebook\n"
        "    devices: [chidren, unknown]\n",
        [
            "4:15: `devices`: 'chidren' is no device, group or address; did you mean `children`?",
        ],
    ),
    "devices_left_empty": (
        SETTING
        + "rules:\n"
        "  - block: facebook\n"
        "    devices:\n",
        [
            "4:5: `devices`: nothing is written after the colon: write a value, or take the line out",
        ],
    ),
    "same_device_twice": (
        SETTING
        + "rules:\n"
        "  - block: facebook\n"
        "    devices: [office, office]\n",
        [
            "4:14: `devices`: 'office' is in the list twice",
        ],
    ),
    "unknown_time": (
        SETTING
        + "rules:\n"
        "  - block: facebook\n"
        "    when: [lunhc, setting-hours]\n",
        [
            "4:12: `when`: 'lunhc' is no time that this file names; did you mean `lunch`?",
        ],
    ),
    "whole_days": (
        SETTING
        + "rules:\n"
        "  - block: facebook\n"
        "    when: mon-fri\n",
        [
            "4:11: `when`: 'mon-fri' is not a time: write it like 12:00-13:00 or mon-fri 08:00-18:00; for whole days write mon-fri 00:00-24:00",
        ],
    ),
    "empty_list": (
        SETTING
        + "rules:\n"
        "  - block: facebook\n"
        "    unless: []\n",
        [
            "4:13: `unless`: the list is empty: write what belongs in it, or take the line out",
        ],
    ),
    "unknown_switch": (
        SETTING
        + "rules:\n"
        "  - enforce: safesearch\n",
        [
            "3:14: `enforce`: 'safesearch' is nothing that can be enforced; did you mean `safe-search`?",
        ],
    ),
    "approval_without_approver": (
        SETTING
        + "rules:\n"
        "  - allow: facebook\n"
        "    approval: {purpose: News, risk-assessment: RA1, from: 2026-09-01, until: 2027-08-31}\n",
        [
            "4:5: `approval` needs `approved-by`: who approved it",
        ],
    ),
    "approval_backwards": (
        SETTING
        + "rules:\n"
        "  - allow: facebook\n"
        "    approval: {purpose: N, risk-assessment: R, approved-by: Jo, from: 2027-09-01, until: 2026-08-31}\n",
        [
            "4:15: `approval`: `until` is before `from`",
        ],
    ),
    "two_rules_one_name": (
        SETTING
        + "rules:\n"
        "  - {name: Shut, block: facebook}\n"
        "  - {name: Shut, block: messenger}\n",
        [
            "4:12: rule 2 has the name of the rule in line 3: reports could not tell them apart",
        ],
    ),
    "rule_that_is_a_word": (
        SETTING
        + "rules:\n"
        "  - block facebook\n",
        [
            "3:5: `rules`: keys and values were expected here (`key: value`, one a line, indented by two spaces)",
        ],
    ),
    "otherwise_word": (
        SETTING + NO_RULES + "otherwise: deny\n",
        [
            "3:12: `otherwise`: 'deny' is not one of `allow` or `block`",
        ],
    ),
    "expect_unknown_device": (
        SETTING
        + NO_RULES
        + "devices: {tablet: {group: children}}\n"
        "expect:\n"
        "  - {device: tablt, name: example.org, at: 2026-11-23 12:30, verdict: allow}\n",
        [
            "5:14: `device`: 'tablt' is no device and no address; did you mean `tablet`?",
        ],
    ),
    "expect_a_group": (
        SETTING
        + NO_RULES
        + "expect:\n"
        "  - {device: office, name: example.org, at: 2026-11-23 12:30, verdict: allow}\n",
        [
            "4:14: `device`: 'office' is a group; write one device of it, or an address that belongs to it",
        ],
    ),
    "expect_in_the_spring_gap": (
        SETTING
        + NO_RULES
        + "expect:\n"
        "  - {device: 10.0.0.1, name: example.org, at: 2026-03-29 01:30, verdict: allow}\n",
        [
            "4:47: `at`: 2026-03-29 01:30 does not exist in Europe/London: the clocks go forward over it that night",
        ],
    ),
    "expect_incomplete": (
        SETTING
        + NO_RULES
        + "expect:\n"
        "  - {device: 10.0.0.1, name: example.org}\n",
        [
            "4:5: this line of `expect` needs `at`: a day and a time, like 2026-11-23 12:30",
            "4:5: this line of `expect` needs `verdict`: allow, block or enforce",
        ],
    ),
    "expect_that_fails_by_a_rule": (
        SETTING
        + "rules:\n"
        "  - block: facebook\n"
        "expect:\n"
        "  - {device: 10.0.0.1, name: m.facebook.com, at: 2026-11-23 12:30, verdict: allow}\n",
        [
            "5:5: allow was expected for m.facebook.com on 10.0.0.1 at Mon 2026-11-23 12:30, but block comes out: rule 1 'block facebook (rule 1)' (line 3) decides",
        ],
    ),
    "expect_that_fails_by_otherwise": (
        SETTING
        + NO_RULES
        + "otherwise: allow\n"
        "expect:\n"
        "  - {device: 10.0.0.1, name: m.facebook.com, at: 2026-11-23 12:30, verdict: block}\n",
        [
            "5:5: block was expected for m.facebook.com on 10.0.0.1 at Mon 2026-11-23 12:30, but allow comes out: no rule fits, and `otherwise` (line 3) is allow",
        ],
    ),
    "port_too_high": (
        SETTING + NO_RULES + "box: {listen: 0.0.0.0:99999}\n",
        [
            "3:15: `listen`: '0.0.0.0:99999': a port is at most 65535",
        ],
    ),
    "upstream_word": (
        SETTING + NO_RULES + "box: {upstream: [sytem]}\n",
        [
            "3:18: `upstream`: 'sytem' is no resolver: write system, an address like 192.0.2.1, tls://192.0.2.1#name or https://name/dns-query",
        ],
    ),
    "upstream_tls_without_a_name": (
        SETTING + NO_RULES + "box: {upstream: tls://9.9.9.9}\n",
        [
            "3:17: `upstream`: 'tls://9.9.9.9': the name on the resolver's certificate is missing: write it like tls://9.9.9.9#dns.quad9.net",
        ],
    ),
    "rate_limit_zero": (
        SETTING + NO_RULES + "box: {rate-limit: 0}\n",
        [
            "3:19: `rate-limit`: '0' is not a whole number above 0",
        ],
    ),
    "list_from_ftp": (
        SETTING + NO_RULES + "box: {lists: {malware: {from: ftp://lists.example/x}}}\n",
        [
            "3:31: `from`: 'ftp://lists.example/x': a list comes from https://, http:// or a path beside rules.yaml",
        ],
    ),
    "provider_without_a_name": (
        SETTING + NO_RULES + "box: {provider: {iwf-member: perhaps}}\n",
        [
            "3:7: `provider` needs `name`: the upstream provider that filters illegal and adult content",
            "3:30: `iwf-member`: 'perhaps': write `true` or `false`",
        ],
    ),
    "log_word": (
        SETTING + NO_RULES + "log: {staff-owned: everything}\n",
        [
            "3:20: `staff-owned`: 'everything' is not one of `all`, `watched`, `refused` or `none`",
        ],
    ),
    "keep_in_words": (
        SETTING + NO_RULES + "log: {keep: {lookups: two weeks}}\n",
        [
            "3:23: `lookups`: 'two weeks' is not a length of time: write a number and s, m, h, d, w or y, like 30m, 14d or 3y",
        ],
    ),
    "flush_zero": (
        SETTING + NO_RULES + "log: {flush: 0}\n",
        [
            "3:14: `flush`: '0': the log is written at least once a minute: write 1s, or a number of seconds up to 60",
        ],
    ),
    "weekly_without_a_time": (
        SETTING + NO_RULES + "reports: {weekly: monday}\n",
        [
            "3:19: `weekly`: 'monday' is not a day and a time: write them like mon 07:00",
        ],
    ),
    "mail_address": (
        SETTING + NO_RULES + "reports: {to: {manager: manager}}\n",
        [
            "3:25: `manager`: 'manager' is not a mail address: write it like lead@example.org",
        ],
    ),
    "not_about_nobody": (
        SETTING + NO_RULES + "reports: {not-about: {manger: [office]}}\n",
        [
            "3:23: there is no role `manger`; did you mean `manager`?",
        ],
    ),
    "fail_word": (
        SETTING + NO_RULES + "fail: shut\n",
        [
            "3:7: `fail`: 'shut' is not one of `open` or `closed`",
        ],
    ),
    "apostrophe_in_a_block": (
        "setting:\n"
        "  name: Acorn\n"
        "  people:\n"
        "    manager: 'Julie's'\n"
        + NO_RULES,
        [
            "4:21: the text in quotes ended before this: inside '...' an apostrophe is written twice, or use \"...\" around it",
        ],
    ),
    "several_errors_at_once": (
        SETTING
        + "times: {lunch: 1pm}\n"
        "rules:\n"
        "  - block: facebok\n"
        "    devices: [chidren, unknwon]\n"
        "    whne: lunch\n"
        "otherwise: perhaps\n",
        [
            "2:16: `lunch`: '1pm' is not a time: write it like 12:00-13:00 or mon-fri 08:00-18:00; the clock has 24 hours: 1pm is 13:00",
            "4:12: `block`: 'facebok' is no service, kind or domain; did you mean `facebook`?",
            "5:15: `devices`: 'chidren' is no device, group or address; did you mean `children`?",
            "5:24: `devices`: 'unknwon' is no device, group or address; did you mean `unknown`?",
            "6:5: `whne` is not a key of rule 1; did you mean `when`?",
            "7:12: `otherwise`: 'perhaps' is not one of `allow` or `block`",
        ],
    ),
    "misspelt_key_that_is_needed": (
        SETTING
        + NO_RULES
        + "expect:\n"
        "  - {devise: 10.0.0.1, name: example.org, at: 2026-11-23 12:30, verdict: allow}\n",
        [
            "4:6: `devise` is not a key of this line of `expect`; did you mean `device`?",
        ],
    ),
    "letters_beyond_ascii_do_not_shift_columns": (
        "setting: {name: Crèche 🌰 Ünter, timezon: x}\n" + NO_RULES,
        [
            "1:33: `timezon` is not a key of `setting`; did you mean `timezone`?",
        ],
    ),
}


def said(text):
    """Return everything that is said about a broken file."""
    with pytest.raises(RulesError) as caught:
        read_rules(text, catalogue=CATALOGUE)
    return [f"{remark.line}:{remark.column}: {remark.message}" for remark in caught.value.remarks]


@pytest.mark.parametrize("text, expected", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_refused_with_every_error_at_its_place(text, expected):
    assert said(text) == expected


def test_windows_line_ends_do_not_move_the_errors():
    text = BROKEN["several_errors_at_once"][0]
    assert said(text.replace("\n", "\r\n")) == said(text)


def test_a_byte_order_mark_does_not_move_the_errors():
    text = BROKEN["unknown_zone"][0]
    assert said("\ufeff" + text) == said(text)


def test_the_error_prints_one_line_for_each_remark():
    with pytest.raises(RulesError) as caught:
        read_rules(SETTING + "rules: none\ntimes: always\n", catalogue=CATALOGUE)
    assert [line.split(": ")[0] for line in str(caught.value).splitlines()] == ["rules.yaml:2:8", "rules.yaml:3:8"]


def test_a_huge_file_is_refused_without_being_read():
    (message,) = said("#" * 1_000_001)
    assert message.startswith("1:1: the file has 1,000,001 characters; at most 1,000,000 are read")


def test_a_file_that_is_not_utf_8_is_refused_at_the_letter():
    with pytest.raises(RulesError) as caught:
        decode_rules("setting:\n  name: Cr\u00e8che\n".encode("latin-1"))
    (remark,) = caught.value.remarks
    assert (remark.line, remark.column) == (2, 11)
    assert remark.message == "there is a letter here that is not UTF-8: save the file as UTF-8 (in Notepad: Save as, Encoding: UTF-8)"


def test_a_file_saved_as_utf_16_is_refused_with_advice():
    with pytest.raises(RulesError) as caught:
        decode_rules("setting: {name: X}".encode("utf-16"))
    assert "UTF-16: save it as UTF-8" in caught.value.remarks[0].message


def test_utf_8_text_is_decoded_as_it_stands():
    assert decode_rules("name: Crèche".encode()) == "name: Crèche"


SAMPLE = (Path(__file__).parent.parent / "rules.yaml").read_text(encoding="utf-8")
SNIPPETS = [
    *[":", ",", "-", "#", "'", '"', "[", "]", "{", "}", "*", "&", "!", "|", ">", "%", "@", "\t", "\n", "~", "<<", "?", "\\", "/", "=", ".."], "\n", " ", "\u00e9", "\u2028", "0", "9", "99999999999",
    "closed", "unknown", "social-media", "list:x", "=x.com", "fd00::/64", "22:00-06:00", "ignore", "9999-12-31", "00:00-24:00", "block",
]  # fmt: skip


def rules_or_error(text):
    try:
        rules = read_rules(text, catalogue=CATALOGUE, today=date(2026, 11, 22))
    except RulesError as error:
        remarks = error.remarks
    else:
        assert describe(rules)
        return
    assert remarks
    assert all(remark.line >= 1 and remark.column >= 1 and remark.message for remark in remarks)
    assert list(remarks) == sorted(remarks, key=lambda remark: (remark.line, remark.column, remark.message))


@given(st.text(max_size=200))
def test_any_text_is_rules_or_the_one_error(text):
    rules_or_error(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_the_one_error(data):
    try:
        text = decode_rules(data)
    except RulesError as error:
        text = str(error)
    assert text or not data


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SAMPLE)), st.integers(0, 12), st.sampled_from(SNIPPETS) | st.text(max_size=3)), max_size=4))
def test_any_change_of_the_sample_is_rules_or_the_one_error(changes):
    text = SAMPLE
    for at, removed, snippet in changes:
        text = text[:at] + snippet + text[at + removed :]
    rules_or_error(text)


WORDS = st.sampled_from([*SNIPPETS, "setting", "rules", "times", "groups", "devices", "office", "x", "lunch", "1", "mon 07:00", "2026-11-23 12:30", ""])
TREES = st.recursive(st.none() | WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=8)
SECTIONS = ["setting", "times", "closures", "groups", "devices", "services", "rules", "otherwise", "expect", "box", "log", "reports", "mail", "fail"]
RULE_KEYS = ["name", "clause", "allow", "block", "enforce", "devices", "when", "unless", "approval", "alert"]


def flow(tree):
    """Write a tree of words as YAML on one line."""
    if isinstance(tree, list):
        return "[" + ", ".join(flow(item) for item in tree) + "]"
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(value)}" for key, value in tree.items()) + "}"
    return "" if tree is None else "'" + tree.replace("'", "''") + "'"


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(SECTIONS), TREES), st.lists(st.dictionaries(st.sampled_from(RULE_KEYS), TREES), max_size=3))
def test_any_value_under_any_key_is_rules_or_the_one_error(sections, rules):
    rules_or_error(flow({"setting": {"name": "Acorn Nursery"}, "rules": rules, **sections}))
