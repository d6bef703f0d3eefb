"""Mode ``execute``: runs a source as Python would run a file - as ``__main__``, with its exit code and traceback."""

from __future__ import annotations

import atexit
import sys
import threading
import traceback
from typing import Any

from runtime.faults import Fault, Surroundings, violation_of
from runtime.script import Source, run_as_module


_LOWEST_C_LONG, _HIGHEST_C_LONG = -(1 << 63), (1 << 63) - 1


def run(job: dict[str, Any], source: Source, surroundings: Surroundings) -> tuple[int, Fault | None]:
    """Runs the source; returns its exit code and the sandbox rule that ended it, if one did."""
    sys.argv = [source.name]
    violation = None
    try:
        run_as_module(source, "__main__", job["session_root"])
        code = 0
    except SystemExit as error:
        code = _exit_code(error.code)
    except Fault as fault:
        print(fault.message, file=sys.stderr)
        code = 1
    except BaseException as error:  # noqa: BLE001 - whatever the script raises is its result
        violation = violation_of(error, surroundings)
        _print_traceback(error, source.name)
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads as the interpreter does on exit
    atexit._run_exitfuncs()
    return code, violation


def _exit_code(code: Any) -> int:
    if code is None:
        return 0
    if not isinstance(code, int):
        print(code, file=sys.stderr)
        return 1
    if code == 0:
        return 0
    if not _LOWEST_C_LONG <= code <= _HIGHEST_C_LONG:
        # As Python itself does.
        return 255
    # The operating system keeps 8 bits. A code that is not 0 must not become success by that.
    return code & 0xFF or 1


def _print_traceback(error: BaseException, script_name: str) -> None:
    """The usual traceback, without the frames that belong to this package."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != script_name:
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace)
