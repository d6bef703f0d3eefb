"""Life of one forked child: shed everything inherited, lock in, run the script, leave word of how it went."""

from __future__ import annotations

import ctypes
import gc
import json
import mmap
import os
import signal
import sys
import tempfile
import traceback
from typing import Any, NoReturn

from runtime import build_design, guard, inspect_topology, measure, run_code
from runtime.faults import Fault, Surroundings, from_exception
from runtime.script import read_source
from runtime.warm_parent import LOCKED_IN

# Exit status of a child that could not be locked in; the script has then not run.
SETUP_FAILED = 70
# Modes in which a script runs. The others read what one handed over, and see no session.
_SCRIPT_MODES = ("execute", "build")
# Address space kept back so that running out of it can still be reported.
_RESERVE_BYTES = 32 << 20
_MESSAGE_BYTES = 8192
# Modules that a child forgets, since those of a session may carry these names. Listed before the fork: to look through
# all modules is to count a reference to each name, and to copy the pages that hold them.
_OWN_MODULES = tuple(name for name in sys.modules if name == "runtime" or name.startswith("runtime."))


def load_sandbox(path: str) -> Any:
    """Loads the sandbox library. Done before forking: a child must not load code after it is told to lock in."""
    function = ctypes.CDLL(path).sandbox_enter
    function.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]
    function.restype = ctypes.c_int
    return function


def enter_sandbox(sandbox_enter: Any, policy: dict[str, Any]) -> dict[str, Any]:
    """Locks this process in and returns what is in force."""
    message = ctypes.create_string_buffer(_MESSAGE_BYTES)
    status = sandbox_enter(json.dumps(policy).encode(), message, _MESSAGE_BYTES)
    text = message.value.decode("utf-8", "replace")
    if status != 0:
        raise RuntimeError(text)
    return json.loads(text)


def run(job: dict[str, Any], sandbox_enter: Any, parent: int, setup: int) -> NoReturn:
    """Runs one job in a freshly forked process and ends the process.

    ``setup`` is the pipe to the warm parent: it gets :data:`LOCKED_IN`, or why the process could not be locked in. It is
    closed before a script runs, so that no script can speak on it.
    """
    status = SETUP_FAILED
    try:
        try:
            setup = _redirect(job["run_dir"], setup)
            outcome = os.open(
                os.path.join(job["run_dir"], "outcome.json"), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600
            )
            _settle(job)
            guard.install()
            enter_sandbox(sandbox_enter, job["policy"])
        except BaseException as error:  # noqa: BLE001 - reported as what it is, and the script does not run
            os.write(setup, f"{type(error).__name__}: {error}".encode()[:_MESSAGE_BYTES])
            os._exit(SETUP_FAILED)
        if os.getppid() != parent:
            # The parent ended before its death could be subscribed to.
            os._exit(SETUP_FAILED)
        os.write(setup, LOCKED_IN)
        os.close(setup)
        status = _run_job(job, outcome)
    except BaseException:  # noqa: BLE001 - nothing may return into the parent's code
        traceback.print_exc()
    finally:
        _flush()
        os._exit(status)


def _redirect(run_dir: str, kept: int) -> int:
    """Standard streams become files of the run folder; every other inherited descriptor but ``kept`` is closed. Returns
    the new number of ``kept``."""
    for number, name, flags in ((0, "/dev/null", os.O_RDONLY), (1, "stdout", os.O_WRONLY), (2, "stderr", os.O_WRONLY)):
        path = name if number == 0 else os.path.join(run_dir, name)
        # Appending keeps the order when a script opens the stream a second time.
        opened = os.open(path, flags | (0 if number == 0 else os.O_APPEND))
        os.dup2(opened, number)
    # The lowest free number stays free for the outcome, the one descriptor that a script finds.
    if kept != 4:
        os.dup2(kept, 4)
    os.closerange(3, 4)
    os.closerange(5, 1 << 16)
    # Line by line, so that what was printed is there even if the process is killed.
    sys.stdout = open(1, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr
    return 4


def _settle(job: dict[str, Any]) -> None:
    """A clean environment, the session as working folder, fresh random state."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(job["environment"])
    tempfile.tempdir = None
    os.chdir(job["session_root"])
    if job["mode"] in _SCRIPT_MODES:
        sys.path.insert(0, job["session_root"])
    for name in _OWN_MODULES:
        del sys.modules[name]
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()


def _run_job(job: dict[str, Any], outcome: int) -> int:
    policy = job["policy"]
    surroundings = Surroundings(
        session_root=job["session_root"],
        run_dir=job["run_dir"],
        mounts=tuple(job["mounts"]),
        readable=tuple(policy["read_only"]),
        memory_allowance_bytes=job["memory_allowance_bytes"],
        max_file_bytes=policy["max_file_bytes"],
    )
    reserve = mmap.mmap(-1, _RESERVE_BYTES)
    script_name = job["script_path"] or "<script>"
    result: dict[str, Any] = {}
    fault: Fault | None = None
    status = 0
    try:
        mode = job["mode"]
        if mode == "execute":
            status, fault = run_code.run(job, read_source(job), surroundings)
        elif mode == "build":
            build_design.run(job, read_source(job))
        elif mode == "measure":
            measure.run(job)
        elif mode == "export":
            measure.export(job)
        else:
            result = inspect_topology.run(job)
    except BaseException as error:  # noqa: BLE001 - whatever a script raises is its result
        reserve.close()
        fault = from_exception(error, script_name, surroundings)
        status = 1
    if fault is not None and fault.kind == "memory_limit":
        gc.collect()
    answer = {"fault": fault.as_dictionary() if fault else None, "result": result}
    os.write(outcome, json.dumps(answer).encode())
    return status


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # a full or closed stream cannot be helped any more
            pass
