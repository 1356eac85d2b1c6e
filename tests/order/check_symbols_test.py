#!/usr/bin/env python3
"""The purity check must see each kind of impurity: every row is compiled into a library of its own."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path(__file__).parent / "check_symbols.py"
COMPILER = os.environ.get("CC", "cc")

# name, source of the library, what the check must print (None: it is pure)
ROWS = [
    ("computes", "int rg_twice(int x) { return 2 * x; }", None),
    ("wide_division", "__int128 rg_ratio(__int128 a, __int128 b) { return a / b * 2 + a % b; }", None),
    ("strings", "#include <string.h>\nint rg_same(const char *a, const char *b) { return strcmp(a, b) == 0; }", None),
    (
        "prints_to_memory",
        '#include <stdio.h>\nint rg_put(char *p, int n, int v) { return snprintf(p, (size_t)n, "%d", v); }',
        None,
    ),
    ("constant_table", 'static const char *const names[] = {"a", "b"};\nconst char *rg_name(int i) { return names[i]; }', None),
    ("sorts", "#include <stdlib.h>\nvoid rg_sort(int *p, int (*c)(const void *, const void *)) { qsort(p, 9, 4, c); }", "needs qsort"),
    ("arena", "void *rg_arena_alloc(void *a, unsigned long n);\nvoid *rg_new(void *a) { return rg_arena_alloc(a, 8); }", None),
    ("malloc", "#include <stdlib.h>\nvoid *rg_new(void) { return malloc(8); }", "needs malloc"),
    ("own_alloc", "void *rg_alloc(unsigned long n);\nvoid *rg_new(void) { return rg_alloc(8); }", "needs rg_alloc"),
    ("clock", "#include <time.h>\nlong rg_now(void) { return (long)time(NULL); }", "needs time"),
    ("prints", '#include <stdio.h>\nvoid rg_say(int v) { printf("%d\\n", v); }', "needs printf"),
    ("logs", "void rg_log(int level);\nvoid rg_say(void) { rg_log(3); }", "needs rg_log"),
    ("reads", "#include <unistd.h>\nlong rg_read(char *p) { return (long)read(0, p, 1); }", "needs read"),
    ("environment", '#include <stdlib.h>\nconst char *rg_env(void) { return getenv("A"); }', "needs getenv"),
    ("random", "#include <stdlib.h>\nint rg_dice(void) { return rand(); }", "needs rand"),
    ("global", "int rg_count = 3;\nint rg_next(void) { return rg_count++; }", "writable global rg_count"),
    ("static_global", "static int count;\nint rg_next(void) { return count++; }", "writable global count"),
    ("thread_local", "static _Thread_local int depth;\nint rg_next(void) { return depth++; }", "writable global depth"),
    ("stranger", "int rg_stranger(int);\nint rg_ask(int x) { return rg_stranger(x); }", "needs rg_stranger"),
]


class Purity(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.folder.cleanup()

    def library(self, name, *sources):
        folder = pathlib.Path(self.folder.name)
        objects = []
        for number, source in enumerate(sources):
            file = folder / f"{name}{number}.c"
            file.write_text(source + "\n", encoding="utf-8")
            objects.append(str(file.with_suffix(".c.o")))
            subprocess.run([COMPILER, "-O1", "-fPIE", "-c", str(file), "-o", objects[-1]], check=True)
        subprocess.run(["ar", "rcs", str(folder / f"{name}.a"), *objects], check=True)
        return str(folder / f"{name}.a")

    def check(self, *arguments):
        return subprocess.run([sys.executable, PROGRAM, *arguments], capture_output=True, text=True, check=False)

    def test_each_row(self):
        for name, source, expected in ROWS:
            with self.subTest(name=name):
                done = self.check(self.library(name, source))
                self.assertEqual(done.returncode, 0 if expected is None else 1, done.stdout + done.stderr)
                if expected is not None:
                    self.assertIn(expected, done.stdout)

    def test_what_is_called_elsewhere_is_pure_as_well(self):
        asks = self.library("asks", "int rg_helped(int);\nint rg_ask(int x) { return rg_helped(x); }")
        pure = "int rg_helped(int x) { return x; }"
        deep = "int rg_deep(int);\nint rg_helped(int x) { return rg_deep(x); }"
        prints = '#include <stdio.h>\nint rg_deep(int x) { return printf("%d", x); }'
        self.assertEqual(self.check(asks).returncode, 1)
        self.assertEqual(self.check(asks, self.library("other", pure)).returncode, 0)
        # an impure object of the helper that nobody reaches does not matter
        self.assertEqual(self.check(asks, "--helpers", self.library("helper", pure, prints)).returncode, 0)
        done = self.check(asks, "--helpers", self.library("deeper", deep, prints))
        self.assertEqual(done.returncode, 1)
        self.assertIn("needs printf", done.stdout)

    def test_nothing_to_look_at_is_not_pure(self):
        self.assertEqual(self.check(self.library("empty")).returncode, 2)


if __name__ == "__main__":
    unittest.main()
