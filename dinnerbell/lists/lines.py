"""One line of a list that is read line by line: hosts file, plain names, adblock rules, dnsmasq's and unbound's settings.

Pure. Each reader returns the marked names of a line (none: there is nothing to read in it) and raises Skip or BadLine. What a line
stands for follows the programs it was written for:

    0.0.0.0 ads.example.com       exactly that name (Pi-hole, AdGuard Home); several names on one line are several lines
    example.com, *.example.com    the name and everything under it; in a hosts file or among adblock rules exactly it (as AdGuard)
    =www.example.com              exactly that name, as in rules.yaml
    ||example.com^                the name and everything under it;  ||*.example.com^  what is under it;  |example.com^  exactly it
    @@||example.com^              an exception
    address=/example.com/0.0.0.0  the name and everything under it;  server=/example.com/#  an exception (dnsmasq)
    local-zone: "example.com" always_nxdomain      likewise;  ... transparent  an exception (unbound)
"""

import re

from dinnerbell.lists.names import BELOW, EXACT, UNDER, BadLine, Skip, SkipReason, is_address, is_sink, listed_name

_COMMENT_SIGNS = ("#", "!", ";", "//")


def read_hosts_line(line: str) -> list[str]:
    return _names_line(line, EXACT)


def read_domains_line(line: str) -> list[str]:
    return _names_line(line, UNDER)


def _names_line(line: str, bare: str) -> list[str]:
    """Read a line of names, some of which may have an address before them; `bare`: what a name without one stands for."""
    line = line.strip()
    if not line or line.startswith(_COMMENT_SIGNS):
        return []
    if line.startswith(("||", "@@")):
        return read_adblock_line(line)
    words = line.partition("#")[0].partition(" ;")[0].split()
    if len(words) == 1:
        return [_bare_name(words[0], bare)]
    if is_sink(words[0]):
        return _sunk_names(words[1:])
    if is_address(words[0].partition("%")[0]):
        raise Skip(_own_or_elsewhere(words[1:]))
    raise BadLine(f"one name was expected, not {len(words)} words")


def _sunk_names(words: list[str]) -> list[str]:
    """Return those of a hosts line's names that are names; raise if none is."""
    found: list[str] = []
    trouble: Skip | BadLine | None = None
    for word in words:
        try:
            found.append(EXACT + listed_name(word))
        except (Skip, BadLine) as problem:
            trouble = trouble if isinstance(trouble, BadLine) else problem
    if not found and trouble is not None:
        raise Skip(SkipReason.OWN) if isinstance(trouble, Skip) and trouble.reason is not SkipReason.ADDRESS else trouble
    return found


def _own_or_elsewhere(words: list[str]) -> SkipReason:
    """Return why a hosts line with an address of its own is left out: ff02::1 ip6-allnodes is the machine's, others lead elsewhere."""
    return SkipReason.ELSEWHERE if any("." in word for word in words) else SkipReason.OWN


def _bare_name(word: str, bare: str) -> str:
    if word.startswith("="):
        return EXACT + listed_name(word[1:])
    if word.startswith("*."):
        return UNDER + listed_name(word[2:])
    if word.startswith("."):
        return UNDER + listed_name(word[1:])
    return bare + listed_name(word)


# ── adblock ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

_ON_PAGES = re.compile(r"#[@?$%]*#|\$\$|\$@\$")
"""Rules about what is shown on a page, after the domains they are for."""
_MODIFIERS_OF_ALL = frozenset({"important", "document", "doc", "all", "network"})
"""Modifiers under which a rule still speaks of the whole name. `third-party` and `popup` do not: the site itself is meant to open."""
_RULE = re.compile(r"(@@)?(\|\|?)?(\*\.)?([^/*^|?=&:,~\s]+)(\^?\|?)\Z")


def read_adblock_line(line: str) -> list[str]:
    line = line.strip()
    if not line or line.startswith("!") or (line.startswith("[") and line.endswith("]")):
        return []
    if _ON_PAGES.search(line):
        raise Skip(SkipReason.BROWSER)
    if line.startswith("#"):
        return []
    if line[0].isdecimal() or line[0] == ":":
        words = line.split()
        if len(words) > 1 and is_address(words[0]):
            return _names_line(line, EXACT)
    rule, _, modifiers = line.partition(" #")[0].rstrip().partition("$")
    if modifiers and not all(modifier.strip() in _MODIFIERS_OF_ALL for modifier in modifiers.split(",")):
        raise Skip(SkipReason.BROWSER if not _DNS_MODIFIER.search(modifiers) else SkipReason.CONDITION)
    found = _RULE.match(rule)
    if found is None:
        if rule.startswith(("||", "@@||")) and re.search(r"\s", rule):
            raise BadLine("there is a space in the rule")
        raise Skip(SkipReason.BROWSER)
    return [_adblock_name(*found.groups())]


_DNS_MODIFIER = re.compile(r"\b(client|ctag|dnstype|dnsrewrite|denyallow|badfilter)\b")


def _adblock_name(exception: str | None, anchor: str | None, star: str | None, text: str, end: str) -> str:
    if not anchor and not end:
        mark = EXACT
        if star or not _LIKE_A_NAME.match(text):
            raise Skip(SkipReason.BROWSER)  # -banner-, or a wildcard in the middle of an address
    else:
        mark = BELOW if star else UNDER if anchor == "||" else EXACT
    marked = mark + listed_name(text)
    return marked.capitalize() if exception else marked


_LIKE_A_NAME = re.compile(r"\w[\w.-]*\.\w[\w-]+\.?\Z")


# ── settings of other programs ───────────────────────────────────────────────────────────────────────────────────────────────

_DNSMASQ = re.compile(r"(address|server|local)\s*=\s*/(.*)/([^/]*)\Z")


def read_dnsmasq_line(line: str) -> list[str]:
    line = line.partition("#")[0].strip() if not line.rstrip().endswith("/#") else line.strip()
    if not line or line.startswith("#"):
        return []
    found = _DNSMASQ.match(line)
    if found is None:
        if re.match(r"[a-z-]+(=|\Z)", line):
            raise Skip(SkipReason.CONDITION)  # another setting
        raise BadLine("address=/NAME/ or server=/NAME/ was expected")
    what, names, target = found.groups()
    is_exception = what == "server" and target == "#"
    if not is_exception and target and not (what == "address" and (target == "#" or is_sink(target))):
        raise Skip(SkipReason.ELSEWHERE)
    marked = [UNDER + listed_name(name) for name in names.split("/")]
    return [each.capitalize() for each in marked] if is_exception else marked


_LOCAL_ZONE = re.compile(r'local-zone:\s*"?([^"\s]+)"?\s+"?([a-z_]+)"?\Z')
_LOCAL_DATA = re.compile(r"""local-data:\s*["']([^\s"']+)\s+(?:[0-9]+\s+)?(?:IN\s+)?(A|AAAA)\s+([^\s"']+)["']\Z""", re.IGNORECASE)
_REFUSING = frozenset(
    {"deny", "refuse", "static", "redirect", "always_nxdomain", "always_refuse", "always_null", "always_deny", "always_nodata",
     "inform_deny", "inform_redirect"}
)  # fmt: skip
_LETTING = frozenset({"transparent", "typetransparent", "always_transparent", "inform", "nodefault"})


def read_unbound_line(line: str) -> list[str]:
    line = line.partition("#")[0].strip()
    if not line or re.fullmatch(r"(server|view):", line):
        return []
    if (zone := _LOCAL_ZONE.match(line)) is not None:
        name, kind = zone.groups()
        if kind not in _REFUSING | _LETTING:
            raise Skip(SkipReason.CONDITION)
        marked = UNDER + listed_name(name)
        return [marked if kind in _REFUSING else marked.capitalize()]
    if (data := _LOCAL_DATA.match(line)) is not None:
        name, _, address = data.groups()
        if not is_sink(address):
            raise Skip(SkipReason.ELSEWHERE)
        return [EXACT + listed_name(name)]
    if re.match(r"[a-z-]+:", line):
        raise Skip(SkipReason.CONDITION)
    raise BadLine("local-zone: or local-data: was expected")
