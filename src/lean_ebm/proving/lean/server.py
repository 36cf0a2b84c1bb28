"""A Lean process that keeps running and elaborates one text after the other, each with the same import.

``python -I -S server.py MODULE LIBRARY ...`` is run by its path: MODULE is found by ``LEAN_PATH``, and each LIBRARY is
one of Lean's shared libraries, after those that it needs. It reads requests from standard input and writes answers to
standard output, a line each: a request is a JSON string with the text, an answer is a JSON array of the messages, as
``lean --json`` writes them. This process calls the functions of Lean 4.35 themselves, so that neither a start nor an
import is paid for a text; no text can see another one, since what it defines is in an environment of its own.

It is for tries only. A judge takes a new process for every batch, in which nothing of another script can be left.
"""

import ctypes
import json
import os
import sys
from collections.abc import Callable
from typing import Any

_Object = ctypes.c_void_p
_HEADER = 8  # bytes of an object before its fields: count of references, size, number of fields, tag
_MANY = 1 << 29  # references; no program makes so many
_CONSTRUCTOR_SIZE, _ARRAY_TAG, _ARRAY_FIELDS, _STRING_DATA = 4, 246, 24, 32
_PRIVATE = 2  # everything of a module is imported, as by `import` in a file that is no module itself


class _Lean:
    """The functions of Lean, called from Python. Names and layout of objects are those of Lean's own C code.

    Args:
        libraries: The shared libraries.
    """

    def __init__(self, libraries: list[str]) -> None:
        for library in libraries:
            self.library = ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
        self.function("lean_initialize", None)()
        self.result(self.function("lean_init_search_path", _Object)())
        self.function("lean_enable_initializer_execution", _Object)()
        self.function("lean_io_mark_end_initialization", None)()
        self.function("lean_init_task_manager", None)()
        self.free = self.function("lean_dec_ref_cold", None, _Object)
        self.new_string = self.function("lean_mk_string", _Object, ctypes.c_char_p)
        self.process = self.function("l_Lean_Elab_process", _Object, *[_Object] * 4)
        self.to_array = self.function("l_Lean_MessageLog_toArray", _Object, _Object)
        self.to_json = self.function("l_Lean_Message_toJson", _Object, _Object)
        self.compress = self.function("l_Lean_Json_compress", _Object, _Object)
        self.options: int = ctypes.c_uint64.in_dll(self.library, "l_Lean_Options_empty").value

    def function(self, name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
        found: Callable[..., Any] = ctypes.CFUNCTYPE(result, *arguments)((name, self.library))
        return found

    def result(self, ended: int) -> int:
        """Return the value of a finished action. An error ends this process."""
        if tag(ended) != 0:
            self.function("lean_io_result_show_error", None, _Object)(ended)
            sys.exit(1)
        return field(ended, 0)

    def environment(self, module: str) -> int:
        """Import a module."""
        name = self.function("l_String_toName", _Object, _Object)(self.new_string(module.encode()))
        push = self.function("lean_array_push", _Object, _Object, _Object)
        imports = push(self.empty_array(), self.imported(name))
        arguments = [_Object, _Object, ctypes.c_uint32, _Object, *[ctypes.c_uint8] * 3, _Object]
        importing = self.function("l_Lean_importModules", _Object, *arguments)
        made = self.result(importing(imports, self.options, 0, self.empty_array(), 1, 1, _PRIVATE, boxed(1)))
        keep(made, _MANY)
        return made

    def imported(self, name: int) -> int:
        """An ``Import`` of a module: its name, and the bytes ``importAll``, ``isExported``, ``isMeta``."""
        made = self.allocated(_HEADER + 8 + 8, _HEADER + 8 + 8, 1, 0)
        ctypes.c_uint64.from_address(made + _HEADER).value = name
        ctypes.memmove(made + _HEADER + 8, bytes([0, 1, 0, 0, 0, 0, 0, 0]), 8)
        return made

    def empty_array(self) -> int:
        made = self.allocated(_ARRAY_FIELDS + 8, 0, 0, _ARRAY_TAG)
        ctypes.c_uint64.from_address(made + _HEADER).value = 0
        ctypes.c_uint64.from_address(made + _HEADER + 8).value = 1
        return made

    def allocated(self, size: int, said: int, fields: int, of_tag: int) -> int:
        made: int = self.function("lean_alloc_object", _Object, ctypes.c_size_t)(size)
        ctypes.c_int32.from_address(made).value = 1
        ctypes.c_uint16.from_address(made + _CONSTRUCTOR_SIZE).value = said
        ctypes.c_uint8.from_address(made + 6).value = fields
        ctypes.c_uint8.from_address(made + 7).value = of_tag
        return made

    def messages(self, environment: int, text: str) -> list[str]:
        """Elaborate a text; returns Lean's messages, each as JSON."""
        keep(environment, 1)
        keep(self.options, 1)
        ended = self.process(self.new_string(text.encode()), environment, self.options, boxed(0))
        log = field(self.result(ended), 1)
        array = self.to_array(log)
        found = []
        for index in range(ctypes.c_uint64.from_address(array + _HEADER).value):
            message = ctypes.c_uint64.from_address(array + _ARRAY_FIELDS + 8 * index).value
            keep(message, 1)
            written = self.compress(self.to_json(message))
            found.append(ctypes.string_at(written + _STRING_DATA, field(written, 0) - 1).decode())
            self.drop(written)
        self.drop(array)
        self.drop(ended)
        return found

    def drop(self, owned: int) -> None:
        """Release a reference."""
        count = ctypes.c_int32.from_address(owned)
        if count.value > 1:
            count.value -= 1
        elif count.value:
            self.free(owned)


def boxed(number: int) -> int:
    """A small number, or a constructor without fields, as an object."""
    return 2 * number + 1


def tag(of: int) -> int:
    """The number of the constructor that made an object."""
    return ctypes.c_uint8.from_address(of + 7).value


def field(of: int, number: int) -> int:
    """A field of an object: another object, or a number."""
    return ctypes.c_uint64.from_address(of + _HEADER + 8 * number).value


def keep(of: int, times: int) -> None:
    """Add references to an object. Counts below zero are shared between threads; zero means not counted."""
    count = ctypes.c_int32.from_address(of)
    if count.value:
        count.value += times if count.value > 0 else -times


def main(module: str, libraries: list[str]) -> None:
    """Answer requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what Lean prints itself is no answer
    lean = _Lean(libraries)
    environment = lean.environment(module)
    print("[]", file=answers, flush=True)  # it has started
    for line in sys.stdin.buffer:
        print(f"[{','.join(lean.messages(environment, json.loads(line)))}]", file=answers, flush=True)
    os._exit(0)  # Lean's threads do not expect the exit of Python


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
