"""Explains refusals. The kernel is the wall; this hook only stands before it to say, in words, what is forbidden."""

from __future__ import annotations

import socket
import sys
from typing import Any

from runtime.faults import Denied

_NETWORK = frozenset(
    {
        "socket.connect",
        "socket.bind",
        "socket.getaddrinfo",
        "socket.getnameinfo",
        "socket.gethostbyname",
        "socket.gethostbyaddr",
        "socket.sendto",
    }
)
_PROCESS = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.system",
        "pty.spawn",
        "subprocess.Popen",
    }
)


def install() -> None:
    """Installs the hook for the rest of the process's life."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _PROCESS:
        raise Denied(
            "process_limit",
            f"The script tried to start a process ({event}). Scripts run in one process; do the work in Python.",
        )
    if event in _NETWORK or (event == "socket.__new__" and _leaves_the_machine(arguments)):
        raise Denied("network_denied", f"The script tried to use the network ({event}). Scripts run without network.")
    if event == "os.symlink":
        raise Denied(
            "file_access_denied",
            f"The script tried to make a symbolic link ({arguments[1]!r}). Sessions hold plain files; copy the file.",
        )


def _leaves_the_machine(arguments: tuple[Any, ...]) -> bool:
    """Local socket pairs, by which event loops wake themselves, are harmless; -1 wraps an existing descriptor."""
    return arguments[1] not in (socket.AF_UNIX, -1)
