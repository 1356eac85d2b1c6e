#!/usr/bin/env python3
"""Purity, read off the object code: a pure library does no I/O, asks no clock, allocates nothing and keeps no global.

Usage: check_symbols.py PURE.a… [--helpers HELPER.a…]

Every undefined symbol of a pure library must be one of
  * a string or memory function of the C library (PURE_C below), or what the compiler itself puts in. Not qsort: it
    allocates, and orders equals as memory happens to allow;
  * a call of base/core that computes, or that works in memory its caller owns (PURE_CORE below);
  * defined in another pure library;
  * defined in an object of a helper library, and then that object is held to the same rules: what a pure library calls
    elsewhere must be pure as well. Only the objects that are reached are looked at.
A writable global fails wherever it is reached. `.data.rel.ro` (tables of constant pointers) is read-only once the program
runs, yet nm gives it the letter of writable data; so the symbol table is read with objdump, which names the section.
"""

import argparse
import re
import subprocess
import sys

PURE_C = re.compile(
    r"^(mem(cpy|move|set|cmp|chr|rchr|mem|pcpy|ccpy)"
    r"|str(len|nlen|cmp|ncmp|casecmp|ncasecmp|chr|rchr|chrnul|str|casestr|spn|cspn|pbrk)"
    r"|bsearch|abs|labs|llabs|bcmp"
    r"|strtod"  # as pure as snprintf's %g: both follow the numeric locale, which check_order.py lets nobody set
    r"|v?snprintf|__v?snprintf_chk|__(mem(cpy|move|set|pcpy)|str(ncpy|cpy|cat|ncat))_chk)$"
)
COMPILER = re.compile(
    r"^(__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__(asan|ubsan|tsan|lsan|sanitizer|sancov|gcov|odr_asan)_?\w*"
    r"|__udivti3|__divti3|__divmodti4|__udivmodti4|__umodti3|__modti3|__muloti4|__popcountdi2)$"
)
PURE_CORE = re.compile(
    r"^rg_(assert_failed|str(_eq|_is|_cmp|_has|_has_controls|_to_i64)?|i64_to_str|utf8_(valid|next|put|cut)|control_next|fail|sentence_clean|suggest"
    r"|sha256|murmur2|crc32|fnv64|hex|hex_digit|unhex"
    r"|arena_(alloc|array|str|strdup|printf|used_bytes|grow)|buf_(over|reset|add|addc|adds|add_str|addf|add_percent|str|cstr))$"
)
WRITABLE = re.compile(r"^\.(data|bss|tdata|tbss)(?!\.rel\.ro)|^\*COM\*$")


class Object:
    def __init__(self, name):
        self.name, self.undefined, self.defined, self.writable = name, set(), set(), set()


def read_objects(library):
    """The objects of an archive with their symbols, as objdump's symbol table tells them."""
    dumped = subprocess.run(["objdump", "-t", library], capture_output=True, text=True, check=False)
    if dumped.returncode != 0:
        sys.exit(f"cannot read {library}: {dumped.stderr.strip()}")
    text = dumped.stdout
    objects, current = [], None
    for line in text.splitlines():
        header = re.match(r"^(\S+\.o(?:bj)?):\s+file format", line)
        if header is not None:
            current = Object(f"{library.split('/')[-1]}({header.group(1)})")
            objects.append(current)
            continue
        row = re.match(r"^[0-9a-f]+ (.{7}) (\S+)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$", line)
        if row is None or current is None:
            continue
        flags, section, name = row.groups()
        if section == "*UND*":
            current.undefined.add(name)
            continue
        if flags[0] in "gu!" or flags[1] == "w":
            current.defined.add(name)
        is_data = flags[6] == "O" or section.startswith((".t", "*COM*"))  # thread-local symbols carry no O
        if is_data and flags[5] != "d" and WRITABLE.match(section) and not COMPILER.match(name):
            current.writable.add(name)
    return objects


def allowed(name):
    return any(rule.match(name) for rule in (PURE_C, COMPILER, PURE_CORE))


def check(pure, helpers):
    """All complaints about the objects of `pure` and about those of `helpers` that they reach."""
    complaints, waiting, seen = [], list(pure), set()
    home = {name: each for each in helpers + pure for name in each.defined}
    while waiting:
        each = waiting.pop(0)
        if each.name in seen:
            continue
        seen.add(each.name)
        complaints += [f"{each.name}: writable global {name}" for name in sorted(each.writable)]
        for name in sorted(each.undefined):
            if allowed(name):
                continue
            if name in home:
                waiting.append(home[name])
            else:
                complaints.append(f"{each.name}: needs {name}, which is not pure")
    return complaints, seen


def main():
    arguments = argparse.ArgumentParser(description="Fails when a pure library does more than compute.")
    arguments.add_argument("pure", nargs="+", help="static libraries that must be pure")
    arguments.add_argument("--helpers", nargs="*", default=[], help="libraries whose reached objects must be pure")
    options = arguments.parse_args()
    pure = [each for library in options.pure for each in read_objects(library)]
    helpers = [each for library in options.helpers for each in read_objects(library)]
    complaints, seen = check(pure, helpers)
    for complaint in complaints:
        print(complaint)
    print(f"{len(seen)} objects looked at, {len(complaints)} impure")
    if not pure:
        print("no object in the pure libraries", file=sys.stderr)
        return 2
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
