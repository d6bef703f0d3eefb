"""From an exception to a fault: a kind for programs and a sentence for people.

The kinds are those of ``ScriptFaultKind`` in the contract.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from shared.models.validation import MetadataError


class Denied(PermissionError):
    """Something that scripts may not do, caught before the kernel refuses it with a bare error number."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(errno.EPERM, message)
        self.kind = kind
        self.message = message

    def __str__(self) -> str:
        return self.message


class Fault(Exception):
    """A script is not what it should be."""

    def __init__(self, kind: str, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.line = line

    def as_dictionary(self) -> dict[str, Any]:
        """JSON form."""
        return {"kind": self.kind, "message": self.message, "line": self.line}


@dataclass(frozen=True)
class Surroundings:
    """What a script may touch, as needed to explain a refusal."""

    session_root: str
    run_dir: str
    mounts: tuple[str, ...]
    readable: tuple[str, ...]
    memory_allowance_bytes: int
    max_file_bytes: int


def line_in_script(trace: TracebackType | None, script_name: str) -> int | None:
    """Line of the deepest frame that belongs to the script."""
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == script_name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def from_exception(error: BaseException, script_name: str, surroundings: Surroundings) -> Fault:
    """The fault that an uncaught exception of a script stands for."""
    line = line_in_script(error.__traceback__, script_name)
    if isinstance(error, Fault):
        return error
    if isinstance(error, SyntaxError) and error.filename == script_name:
        return Fault("syntax_error", f"{script_name} line {error.lineno}: {error.msg}", error.lineno)
    if isinstance(error, MetadataError):
        return Fault("metadata", f"{_place(script_name, line)}: {error}", line)
    violation = violation_of(error, surroundings)
    if violation is not None:
        violation.line = line
        return violation
    return Fault("script_error", f"{_place(script_name, line)}: {_last_line(error)}", line)


def violation_of(error: BaseException, surroundings: Surroundings) -> Fault | None:
    """The sandbox rule that an exception stems from, if any."""
    denied = _denied_in_chain(error)
    if denied is not None:
        return Fault(denied.kind, denied.message)
    if isinstance(error, MemoryError):
        limit = surroundings.memory_allowance_bytes // (1 << 20)
        return Fault(
            "memory_limit",
            f"The script asked for more memory than its limit of {limit} MiB. Build fewer or simpler shapes at a time.",
        )
    if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        return Fault("process_limit", "The script started more threads than its memory limit has room for.")
    if isinstance(error, OSError):
        return _file_violation(error, surroundings)
    return None


def _denied_in_chain(error: BaseException) -> Denied | None:
    """Libraries wrap a refused connection in errors of their own."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        if isinstance(current, Denied):
            return current
        seen.add(id(current))
        current = current.__cause__ or current.__context__
    return None


def _file_violation(error: OSError, surroundings: Surroundings) -> Fault | None:
    if error.errno == errno.EFBIG:
        limit = surroundings.max_file_bytes // (1 << 20)
        return Fault("file_size_limit", f"The script wrote a file larger than the limit of {limit} MiB.")
    if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.EXDEV):
        return None
    for named in (error.filename, error.filename2):
        if not isinstance(named, (str, bytes)):
            continue
        path = os.fsdecode(named)
        target = os.path.realpath(path)
        if _beneath(target, (surroundings.session_root, surroundings.run_dir)):
            continue
        for mount in surroundings.mounts:
            if _beneath(target, (mount,)) and error.errno != errno.ENOENT:
                return Fault(
                    "file_access_denied",
                    f"'{path}' cannot be written: '{mount}' is a read-only folder. Write inside the session folder.",
                )
        missing = error.errno == errno.ENOENT
        if missing and _beneath(target, surroundings.mounts + surroundings.readable):
            continue
        readable = ", ".join(surroundings.mounts) or "nothing else"
        return Fault(
            "file_access_denied",
            f"'{path}' lies outside the session folder. A script reads and writes its session folder, and may read "
            f"{readable}.",
        )
    return None


def _beneath(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith(root.rstrip("/") + "/") for root in roots)


def _place(script_name: str, line: int | None) -> str:
    return script_name if line is None else f"{script_name} line {line}"


def _last_line(error: BaseException) -> str:
    text = str(error).strip()
    name = type(error).__name__
    return f"{name}: {text}" if text else name
