"""Loading a design script and calling its ``build()``."""

from __future__ import annotations

import inspect
import linecache
import os
import sys
import types
from dataclasses import dataclass
from typing import Any

from build123d.build_common import Builder
from build123d.topology import Compound, Shape
from OCP.TopoDS import TopoDS_Iterator

from runtime.faults import Fault


@dataclass(frozen=True)
class Source:
    """A script's text, and the name under which errors speak of it."""

    name: str
    text: str


def read_source(job: dict[str, Any]) -> Source:
    """Reads the script that a job names: a file of the session, or text that the service put into the run folder."""
    path = job["script_path"]
    if path is None:
        with open(os.path.join(job["run_dir"], "source.py"), "rb") as file:
            return Source("<script>", _decoded("<script>", file.read()))
    try:
        with open(os.path.join(job["session_root"], path), "rb") as file:
            return Source(path, _decoded(path, file.read()))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise Fault("script_missing", f"The session has no script '{path}'.") from None


def _decoded(name: str, text: bytes) -> str:
    """Scripts are UTF-8 on every route. A coding cookie that names another encoding changes nothing."""
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        message = f"{name} line {line}: the source is not UTF-8 (byte 0x{text[error.start]:02x}); save it as UTF-8"
        raise Fault("syntax_error", message, line) from None


def compile_source(source: Source) -> types.CodeType:
    """Compiles a script, and lets tracebacks quote its lines."""
    linecache.cache[source.name] = (len(source.text), None, source.text.splitlines(keepends=True), source.name)
    try:
        return compile(source.text, source.name, "exec", dont_inherit=True)
    except ValueError as error:  # null bytes
        raise Fault("syntax_error", f"{source.name}: {error}") from None
    except SyntaxError as error:
        error.filename = source.name
        raise


def run_as_module(source: Source, name: str, session_root: str) -> types.ModuleType:
    """Runs a script's top level in a new module."""
    code = compile_source(source)
    module = types.ModuleType(name)
    module.__file__ = os.path.join(session_root, source.name if not source.name.startswith("<") else "script.py")
    sys.modules[name] = module
    exec(code, module.__dict__)
    return module


def build_shape(source: Source, session_root: str) -> Shape:
    """Runs a script and returns what its ``build()`` returns, which must be a shape."""
    stem = "script" if source.name.startswith("<") else os.path.splitext(os.path.basename(source.name))[0]
    if stem in sys.modules:
        # A script called like a library must not stand in for it.
        stem = f"{stem}_script"
    try:
        module = run_as_module(source, stem, session_root)
        build = getattr(module, "build", None)
        if not callable(build):
            raise Fault(
                "build_missing",
                f"{source.name} defines no function build(). Add `def build():` that returns the part or the Compound.",
            )
        _require_no_arguments(source.name, build)
        shape = build()
    except SystemExit as error:
        raise Fault("script_error", f"{source.name} called sys.exit({error.code!r}) instead of returning.") from error
    return _require_shape(source.name, shape)


def _require_no_arguments(name: str, build: Any) -> None:
    try:
        parameters = inspect.signature(build).parameters.values()
    except (TypeError, ValueError):
        return
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [item.name for item in parameters if item.default is item.empty and item.kind not in optional]
    if needed:
        raise Fault(
            "build_missing",
            f"{name}: build() is called without arguments, but needs {', '.join(needed)}; give defaults.",
        )


def _require_shape(name: str, returned: Any) -> Shape:
    shape = _assembled(name, returned) if isinstance(returned, (list, tuple)) else returned
    if isinstance(shape, Shape):
        if _is_empty(shape):
            raise Fault(
                "not_a_shape",
                f"{name}: build() returned an empty {type(shape).__name__}: a cut or intersection left nothing over, or "
                "nothing was added.",
            )
        return shape
    raise Fault("not_a_shape", f"{name}: build() must return a part or a Compound, but it {_remedy(shape)}.")


def _assembled(name: str, items: list[Any] | tuple[Any, ...]) -> Shape:
    """A list of parts is an assembly of them."""
    if not items:
        raise Fault("not_a_shape", f"{name}: build() returned an empty {type(items).__name__}; return the parts.")
    for index, item in enumerate(items):
        where = f"item {index} of the {type(items).__name__} that build() returned"
        if not isinstance(item, Shape):
            raise Fault("not_a_shape", f"{name}: {where} must be a part or a Compound, but it {_remedy(item)}.")
        if _is_empty(item):
            raise Fault("not_a_shape", f"{name}: {where} is empty: a cut or intersection left nothing over.")
        if any(item is other for other in items[:index]):
            raise Fault("not_a_shape", f"{name}: {where} was listed before; make a copy of it for a second part.")
    return Compound(children=list(items))


def _is_empty(shape: Shape) -> bool:
    wrapped = shape._wrapped
    return wrapped is None or wrapped.IsNull() or not TopoDS_Iterator(wrapped).More()


def _remedy(item: Any) -> str:
    if item is None:
        return "is None; end it with `return part`"
    if isinstance(item, Builder):
        return f"is the builder {type(item).__name__}; return its `.part`"
    return f"is a {type(item).__name__}"
