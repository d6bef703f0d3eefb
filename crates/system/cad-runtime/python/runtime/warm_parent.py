"""The warm parent: imports the CAD library once, then forks one child per run.

Requests are records of fixed size on standard input, answers are JSON lines on standard output. The end of its input
means that the service is gone, and ends it and its children. It runs no script itself and holds one thread only, since
a fork copies one thread: locks held by another would stay locked in the child for ever.

What this process knows, every child inherits, and a script can find it: in frames, among objects, in freed memory. So
it learns no session, no script and no path of a run. A request holds the name of a folder as 16 raw bytes; only the
child makes a path of it, and reads there what to do.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import struct
import sys
import time
import traceback
import uuid
from dataclasses import dataclass
from typing import Any

# Numeric libraries start their threads when they are imported.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_variable] = "1"

# What a child that is locked in says on its pipe, before it closes it and anything of a script runs.
LOCKED_IN = b"locked in"

_WATCH_INTERVAL_S = 0.1
# Operation, id, time limit in seconds, most threads; then the name of the run's folder. See `warm_parent.rs`.
_REQUEST = struct.Struct("<QQdQ")
_RUN_NAME_BYTES = 16
_RUN, _CANCEL = 1, 2


@dataclass
class Running:
    """One child."""

    request: int
    pid: int
    setup: int
    started: float
    deadline: float
    max_threads: int
    ended_by: str | None = None


class WarmParent:
    """Forks, watches and reaps children."""

    def __init__(self, requests: int, answers: int, total_memory_bytes: int) -> None:
        self._requests = requests
        self._answers = answers
        self._total_memory_kb = total_memory_bytes // 1024
        self._own_memory_kb = 0
        self._running: dict[int, Running] = {}
        # One record at a time: what arrives after it stays in the pipe, which a child closes.
        self._record = bytearray(_REQUEST.size + _RUN_NAME_BYTES)
        self._received = 0
        # Where the child that is being forked says that it is locked in.
        self._word = -1

    def serve(self) -> tuple[bytes, int] | None:
        """Answers requests until the input ends. In each forked child it returns the name of the run's folder and the
        pipe on which the child says that it is locked in, so that a script finds no frame of this object below its
        own."""
        self._own_memory_kb = _memory_kb(_status("self"))
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
                    elif not self._read_request():
                        self._kill_all()
                        return None
                    elif self._received == len(self._record):
                        self._received = 0
                        if self._handle() == 0:
                            return self._forget_all()
                self._enforce()
                self._reap()

    def _read_request(self) -> bool:
        """Reads a part of one record; False at the end of the input."""
        read = os.readv(self._requests, [memoryview(self._record)[self._received :]])
        self._received += read
        return read > 0

    def _handle(self) -> int:
        """Does what the record says. Returns 0 in a forked child, and anything else in this process."""
        operation, request, timeout_s, max_threads = _REQUEST.unpack_from(self._record)
        if operation == _CANCEL:
            for child in self._running.values():
                if child.request == request:
                    self._end(child, "cancel")
            return -1
        setup = -1
        try:
            setup, self._word = os.pipe()
            pid = os.fork()
        except OSError as error:
            for end in (setup, self._word):
                if end >= 0:
                    os.close(end)
            self._word = -1
            self.answer({"id": request, "error": f"cannot fork: {error}"})
            return -1
        if pid != 0:
            os.close(self._word)
            self._word = -1
            self._record[:] = bytes(len(self._record))
            now = time.monotonic()
            self._running[pid] = Running(request, pid, setup, now, now + timeout_s, max_threads)
        return pid

    def _forget_all(self) -> tuple[bytes, int]:
        """In a child: drops what concerns others, and returns the name of its own folder and its pipe to the parent."""
        self._running.clear()
        name = bytes(self._record[_REQUEST.size :])
        self._record[:] = bytes(len(self._record))
        return name, self._word

    def _enforce(self) -> None:
        now = time.monotonic()
        memory_kb: dict[int, int] = {}
        for child in self._running.values():
            status = _status(child.pid)
            # Not reaped, but ended: it has no memory any more.
            memory_kb[child.pid] = max(0, _memory_kb(status) - self._own_memory_kb) if status else 0
            if now >= child.deadline:
                self._end(child, "time_limit")
            elif _number(status, "Threads") > child.max_threads:
                self._end(child, "thread_limit")
        if sum(memory_kb.values()) > self._total_memory_kb:
            self._end(self._running[max(memory_kb, key=memory_kb.__getitem__)], "memory_limit")

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
                    "setup_error": _setup_error(child.setup, signalled),
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


def _setup_error(descriptor: int, signalled: bool) -> str | None:
    """What kept an ended child from being locked in, by its word on the pipe; closes the pipe.

    A sibling that was forked in between may hold the other end for a moment, so this does not wait for its closing.
    """
    os.set_blocking(descriptor, False)
    try:
        said = os.read(descriptor, 1 << 16)
    except BlockingIOError:
        said = b""
    finally:
        os.close(descriptor)
    if said == LOCKED_IN or (not said and signalled):
        return None
    return said.decode("utf-8", "replace") or "the process ended before it was locked in"


def _drain(descriptor: int) -> None:
    try:
        while os.read(descriptor, 4096):
            pass
    except BlockingIOError:
        pass


def _status(pid: int | str) -> dict[str, str]:
    """Fields of ``/proc/<pid>/status``; empty when the process has just ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            return dict(line.split(":", 1) for line in file if ":" in line)
    except (FileNotFoundError, ProcessLookupError):
        return {}


def _number(status: dict[str, str], field: str) -> int:
    """The number at the start of a field; 0 where the process has none, as one that has ended."""
    words = status.get(field, "0").split()
    return int(words[0])


def _memory_kb(status: dict[str, str]) -> int:
    """Memory that no file stands behind."""
    return _number(status, "RssAnon") + _number(status, "RssShmem")


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
    """Takes one argument: JSON with ``sandbox_library``, ``agent_tools_library`` (or null), ``runs_dir``,
    ``total_memory_bytes`` and ``probe_policy``."""
    arguments = json.loads(sys.argv[1])
    # Whatever an import prints must not end up between the answers.
    requests, answers = os.dup(0), os.dup(1)
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)

    started = time.monotonic()
    from runtime.late_imports import clustering_on_demand

    with clustering_on_demand():
        import bd_warehouse.fastener  # noqa: F401 - warmed up for the scripts
        import build123d
    import shared.agent_tools
    import shared.fasteners  # noqa: F401
    import shared.observability.events  # noqa: F401
    import shared.platform_calls  # noqa: F401 - it uses `runtime`, whose name belongs to the session in a child
    import shared.workers.workbench_models  # noqa: F401

    from runtime import warm_up

    # Last of this package: it notes which modules a child is to forget.
    from runtime import child

    sandbox_enter = child.load_sandbox(arguments["sandbox_library"])
    if arguments["agent_tools_library"] is not None:
        shared.agent_tools.attach(arguments["agent_tools_library"])
    parent = WarmParent(requests, answers, arguments["total_memory_bytes"])
    warm_up.rehearse(arguments["runs_dir"])
    threads = _number(_status("self"), "Threads")
    if threads != 1:
        parent.answer({"error": f"the warm parent has {threads} threads after its warm-up; it must have one to fork"})
        sys.exit(1)
    probe = _probe_sandbox(sandbox_enter, arguments["probe_policy"])
    if "error" in probe:
        parent.answer({"error": f"the sandbox cannot be entered: {probe['error']}"})
        sys.exit(1)
    warm_up.tidy_memory()
    parent.answer(
        {
            "ready": {
                "import_s": time.monotonic() - started,
                "virtual_memory_kb": _number(_status("self"), "VmSize"),
                "python": sys.version.split()[0],
                "build123d": build123d.__version__,
                "sandbox": probe["report"],
            }
        }
    )
    process = os.getpid()
    forked = parent.serve()
    if forked is None:
        return
    run_name, word = forked
    del parent, probe
    try:
        job = _take_job(os.path.join(arguments["runs_dir"], str(uuid.UUID(bytes=run_name))))
    except BaseException:  # noqa: BLE001 - nothing may return from here
        traceback.print_exc()
        os._exit(child.SETUP_FAILED)
    child.run(job, sandbox_enter, process, word)


def _take_job(run_dir: str) -> dict[str, Any]:
    """Reads what a run is to do, and removes the file: the folder is the script's from here on."""
    path = os.path.join(run_dir, "job.json")
    with open(path, encoding="utf-8") as file:
        job: dict[str, Any] = json.load(file)
    os.unlink(path)
    return job
