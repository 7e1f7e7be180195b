"""Dinnerbell's answers beside unbound's, for thousands of names of mixed types, from the same upstream.

    python bench/compare [NAMES [SEED]]

Three servers on loopback: an unbound that is the whole internet (a zone made here), an unbound that forwards to it, and Dinnerbell, which
forwards to it too and has no rule that closes anything. Each question goes to both; header flags, rcode, EDNS and the three sections are
compared (records as sets; TTLs apart, they only must not be longer than the zone's). Every difference must be one of `MEANT` (meant.py),
which says why; what is left is printed, and the exit code is 1. Needs unbound from Debian. Nothing leaves 127.0.0.1.
"""

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import dns.exception
import dns.message
import dns.query
from meant import NOT_MEANT, Difference, Facts, facts, meaning_of
from questions import Question, questions, zone_lines

RULES = "setting: {name: Acorn Lane Nursery}\nrules: []\nservices: {}\n"



def _free_port() -> int:
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            udp.bind(("127.0.0.1", 0))
            with suppress(OSError):  # somebody's over TCP
                tcp.bind(udp.getsockname())
                return int(udp.getsockname()[1])


@contextmanager
def unbound(folder: Path, settings: str) -> Iterator[int]:
    """Run an unbound with these settings; give its port."""
    folder.mkdir()
    port = _free_port()
    (folder / "unbound.conf").write_text(
        f"server:\n interface: 127.0.0.1@{port}\n do-daemonize: no\n use-syslog: no\n logfile: \"{folder / 'log'}\"\n chroot: \"\"\n"
        f' username: ""\n directory: "{folder}"\n pidfile: ""\n num-threads: 1\n do-not-query-localhost: no\n'
        f' access-control: 127.0.0.0/8 allow\n module-config: "iterator"\n{settings}\nremote-control:\n control-enable: no\n'
    )
    with _running([_tool("unbound"), "-c", str(folder / "unbound.conf")], port):
        yield port


@contextmanager
def dinnerbell(folder: Path, upstream: int) -> Iterator[int]:
    folder.mkdir()
    (folder / "rules.yaml").write_text(RULES)
    port = _free_port()
    command = [sys.executable, "-m", "dinnerbell", "--rules", str(folder / "rules.yaml"), "--data", str(folder / "data"), "run"]
    with _running([*command, "--listen", f"127.0.0.1:{port}", "--upstream", f"127.0.0.1:{upstream}"], port):
        yield port


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            ends_at = time.monotonic() + 30
            while True:
                try:
                    dns.query.udp(dns.message.make_query("host1.example.org", "A"), "127.0.0.1", port=port, timeout=0.5)
                    break
                except (dns.exception.Timeout, OSError):
                    if process.poll() is not None or time.monotonic() > ends_at:
                        raise SystemExit(f"{command[0]} does not answer") from None
                    time.sleep(0.05)
            yield
        finally:
            process.terminate()


def _tool(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        raise SystemExit(f"{name} is not installed: run tests/install-tools")
    return found


def ask(port: int, question: Question) -> Facts:
    query = question.message()
    send = dns.query.tcp if "tcp" in question.options else dns.query.udp
    return facts(send(query, "127.0.0.1", port=port, timeout=5))


def main(count: int, seed: int) -> int:
    asked = questions(count, seed)
    found: Counter[str] = Counter()
    examples: dict[str, str] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "zone").write_text("\n".join(zone_lines()) + "\n")
        internet = f'auth-zone:\n name: "."\n zonefile: "{folder}/zone"\n for-downstream: no'
        upstream = stack.enter_context(unbound(folder / "internet", internet))
        peer = stack.enter_context(unbound(folder / "peer", f'forward-zone:\n name: "."\n forward-addr: 127.0.0.1@{upstream}'))
        box = stack.enter_context(dinnerbell(folder / "box", upstream))
        for question in asked:
            ours, theirs = ask(box, question), ask(peer, question)
            if ours == theirs:
                found["the same"] += 1
                continue
            difference = Difference(question, ours, theirs)
            meaning = meaning_of(difference)
            found[meaning] += 1
            examples.setdefault(meaning, f"{question.name} {question.rdtype} {' '.join(question.options)}".strip())
            if meaning == NOT_MEANT:
                print(difference)
    print(f"{len(asked)} questions, seed {seed}")
    for meaning, times in found.most_common():
        print(f"{times:>6}  {meaning}" + (f" ({examples[meaning]})" if meaning in examples else ""))
    return 1 if found[NOT_MEANT] else 0


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    sys.exit(main(*given, *(5000, 1)[len(given) :]))
