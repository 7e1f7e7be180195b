"""`dinnerbell proxy`: mitmproxy with the addon, and without the part that prints what passes (shell)."""

import socket
from collections.abc import Sequence
from pathlib import Path

from mitmproxy import options
from mitmproxy.tools import cmdline
from mitmproxy.tools.dump import DumpMaster
from mitmproxy.tools.main import run

from dinnerbell.clock import Clock
from dinnerbell.config import Endpoint
from dinnerbell_proxy.addon import DinnerbellAddon
from dinnerbell_proxy.authority import CA_FOLDER, make_authority


def serve(addon: DinnerbellAddon, data: Path, listen: Endpoint, mode: str, arguments: Sequence[str]) -> None:
    """Serve until SIGTERM or SIGINT; `arguments` are mitmproxy's own. Raises OSError naming the endpoint that can't be had.

    Ends the process with 1 where mitmproxy can't start for a reason of its own; it has said which.
    """
    _try_to_listen(listen)
    make_authority(data, addon.keeper.watch.rules.policy.setting.name)

    class Master(DumpMaster):
        def __init__(self, opts: options.Options) -> None:
            super().__init__(opts, with_dumper=False)
            self.addons.add(addon)  # behind mitmproxy's own and any `-s` script: its word on a connection is the last

    ours = [f"listen_host={listen.address}", f"listen_port={listen.port}", f"mode={mode}", f"confdir={data / CA_FOLDER}"]
    settings = [part for option in (*ours, "termlog_verbosity=error") for part in ("--set", option)]
    run(Master, cmdline.mitmdump, [*settings, *arguments])


def _try_to_listen(endpoint: Endpoint) -> None:
    """See whether the endpoint is free: mitmproxy's own word on that is for its developers."""
    with socket.socket(socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((endpoint.address, endpoint.port))
            probe.listen()
        except OSError as error:
            raise OSError(error.errno, f"Couldn't listen on {endpoint}: {error.strerror or error}") from error


def make_addon(rules_path: Path, data: Path, clock: Clock) -> DinnerbellAddon:
    """Return the addon, started. Raises RulesFileError or LogError."""
    addon = DinnerbellAddon(rules_path, data, clock)
    addon.start()
    return addon
