"""The warm parent: imports the CAD library once, then forks one child per run.

It speaks JSON lines: requests on standard input, answers on standard output. The end of its input means that the
service is gone, and ends it and its children. It runs no script itself and holds one thread only, since a fork
copies one thread: locks held by another would stay locked in the child for ever.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import sys
import time
from dataclasses import dataclass
from typing import Any

# Numeric libraries start their threads when they are imported.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_variable] = "1"

_WATCH_INTERVAL_S = 0.1


@dataclass
class Running:
    """One child."""

    request: int
    pid: int
    started: float
    deadline: float
    max_threads: int
    ended_by: str | None = None


class WarmParent:
    """Forks, watches and reaps children."""

    def __init__(self, requests: int, answers: int, sandbox_enter: Any, run_child: Any) -> None:
        self._requests = requests
        self._answers = answers
        self._sandbox_enter = sandbox_enter
        self._run_child = run_child
        self._running: dict[int, Running] = {}
        self._partial = b""

    def serve(self) -> None:
        """Answers requests until the input ends."""
        wakeup_read, wakeup_write = os.pipe()
        for end in (wakeup_read, wakeup_write):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakeup_write, warn_on_full_buffer=False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._requests, selectors.EVENT_READ)
            selector.register(wakeup_read, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select(_WATCH_INTERVAL_S if self._running else None):
                    if key.fd == wakeup_read:
                        _drain(wakeup_read)
                    elif not self._read_requests():
                        self._kill_all()
                        return
                self._enforce()
                self._reap()

    def _read_requests(self) -> bool:
        received = os.read(self._requests, 1 << 16)
        if not received:
            return False
        *lines, self._partial = (self._partial + received).split(b"\n")
        for line in lines:
            self._handle(json.loads(line))
        return True

    def _handle(self, request: dict[str, Any]) -> None:
        if request["op"] == "cancel":
            for child in self._running.values():
                if child.request == request["id"]:
                    self._end(child, "cancel")
            return
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            self.answer({"id": request["id"], "error": f"cannot fork: {error}"})
            return
        if pid == 0:
            self._run_child(request["job"], self._sandbox_enter, parent)
        now = time.monotonic()
        self._running[pid] = Running(request["id"], pid, now, now + request["timeout_s"], request["max_threads"])

    def _enforce(self) -> None:
        now = time.monotonic()
        for child in self._running.values():
            if now >= child.deadline:
                self._end(child, "time_limit")
            elif _thread_count(child.pid) > child.max_threads:
                self._end(child, "thread_limit")

    def _end(self, child: Running, why: str) -> None:
        child.ended_by = child.ended_by or why
        # Not reaped yet, so the number cannot have passed to another process.
        os.kill(child.pid, signal.SIGKILL)

    def _reap(self) -> None:
        while self._running:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            child = self._running.pop(pid, None)
            if child is None:
                continue
            signalled = os.WIFSIGNALED(status)
            self.answer(
                {
                    "id": child.request,
                    "exit_code": None if signalled else os.WEXITSTATUS(status),
                    "signal": os.WTERMSIG(status) if signalled else None,
                    "ended_by": child.ended_by,
                    "wall_s": time.monotonic() - child.started,
                    "cpu_s": usage.ru_utime + usage.ru_stime,
                    "max_rss_kb": usage.ru_maxrss,
                }
            )

    def _kill_all(self) -> None:
        for child in self._running.values():
            os.kill(child.pid, signal.SIGKILL)
        while self._running:
            pid, _ = os.waitpid(-1, 0)
            self._running.pop(pid, None)

    def answer(self, message: dict[str, Any]) -> None:
        """Sends one line."""
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(self._answers, data) :]


def _drain(descriptor: int) -> None:
    try:
        while os.read(descriptor, 4096):
            pass
    except BlockingIOError:
        pass


def _status_field(pid: int | str, field: str) -> int:
    """A number from ``/proc/<pid>/status``; 0 when the process has just ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0


def _thread_count(pid: int) -> int:
    return _status_field(pid, "Threads")


def _probe_sandbox(sandbox_enter: Any, policy: dict[str, Any]) -> dict[str, Any]:
    """Enters the sandbox in a throw-away child, so that a machine that cannot do it is found out at the start."""
    from runtime.child import enter_sandbox

    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            answer = {"report": enter_sandbox(sandbox_enter, policy)}
        except BaseException as error:  # noqa: BLE001 - reported to the parent
            answer = {"error": str(error)}
        os.write(write_end, json.dumps(answer).encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as file:
        text = file.read()
    os.waitpid(pid, 0)
    return json.loads(text) if text else {"error": "the process ended without an answer"}


def main() -> None:
    """Takes one argument: JSON with ``sandbox_library``, ``agent_tools_library`` (or null) and ``probe_policy``."""
    arguments = json.loads(sys.argv[1])
    # Whatever an import prints must not end up between the answers.
    requests, answers = os.dup(0), os.dup(1)
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)

    started = time.monotonic()
    import gc

    import bd_warehouse.fastener  # noqa: F401 - warmed up for the scripts
    import build123d
    import shared.agent_tools
    import shared.fasteners  # noqa: F401
    import shared.observability.events  # noqa: F401
    import shared.workers.workbench_models  # noqa: F401

    from runtime import child

    sandbox_enter = child.load_sandbox(arguments["sandbox_library"])
    if arguments["agent_tools_library"] is not None:
        shared.agent_tools.attach(arguments["agent_tools_library"])
    parent = WarmParent(requests, answers, sandbox_enter, child.run)
    threads = _status_field("self", "Threads")
    if threads != 1:
        parent.answer({"error": f"the warm parent has {threads} threads after its imports; it must have one to fork"})
        sys.exit(1)
    probe = _probe_sandbox(sandbox_enter, arguments["probe_policy"])
    if "error" in probe:
        parent.answer({"error": f"the sandbox cannot be entered: {probe['error']}"})
        sys.exit(1)
    # Objects made so far are left alone by the children's collectors: their pages stay shared.
    gc.collect()
    gc.freeze()
    parent.answer(
        {
            "ready": {
                "import_s": time.monotonic() - started,
                "virtual_memory_kb": _status_field("self", "VmSize"),
                "python": sys.version.split()[0],
                "build123d": build123d.__version__,
                "sandbox": probe["report"],
            }
        }
    )
    parent.serve()
