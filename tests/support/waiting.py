"""Waiting for what will be so, on machines that are busy with other tests; and ports that nobody is given by chance."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from pathlib import Path

#: Longer than anything takes on a machine that is busy with other tests; nothing waits for it unless it fails.
PATIENCE = 120.0

#: Below the ports that the kernel gives to clients (and to whoever binds port 0): between the choice of a port and its use, none of
#: the many connections that tests open can get it.
_FIRST_PORT = 15_000
_CLIENTS_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


def until(condition: Callable[[], object], what: Callable[[], str], seconds: float = PATIENCE, step: float = 0.02) -> None:
    """Wait for it; a test that waits in vain says what there was instead."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(step)


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on, for servers that are started a moment later."""
    first_of_clients = int(_CLIENTS_PORTS.read_text().split()[0]) if _CLIENTS_PORTS.exists() else 32_768
    ports = range(_FIRST_PORT, max(first_of_clients, _FIRST_PORT + 1_000))
    free = [port for port in random.SystemRandom().sample(ports, 20 * count) if _is_free(port)]
    assert len(free) >= count, f"somebody listens on nearly every port from {ports[0]} to {ports[-1]}"
    return free[:count]


def free_port() -> int:
    """One of them."""
    return free_ports(1)[0]


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
