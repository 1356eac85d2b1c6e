#!/usr/bin/env python3
"""The order check must see a wrong include: each row plants one in a copy of the sources and expects exactly that complaint."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_order  # noqa: E402

ROOT = pathlib.Path(__file__).parents[2]

# file, line planted in it, part of the complaint (None: it is allowed)
ROWS = [
    ("base/core/planted.c", '#include "brazil/days/date.h"', "base must not know brazil"),
    ("base/core/planted.h", '#include "daemon/rules/decide.h"', "base must not know daemon"),
    ("brazil/days/planted.c", '#include "config/ladder/ladder.h"', "brazil must not know config"),
    ("config/ladder/planted.c", '#include "consumers/decode/decode.h"', "config must not know consumers"),
    ("consumers/ingest/planted.c", '#include "producers/render/mime.h"', "consumers must not know producers"),
    ("producers/sender/planted.c", '#include "consumers/decode/decode.h"', "producers must not know consumers"),
    ("producers/sender/planted.c", '  #  include "daemon/rules/apply.h"', "producers must not know daemon"),
    ("daemon/shard/planted.c", '#include "tests/fakes/clock/page_clock.h"', "daemon must not know tests"),
    ("daemon/shard/planted.c", "#include <librdkafka/rdkafka.h>", "only in base/kafka/"),
    ("daemon/state/planted.c", "#include <hiredis/hiredis.h>", "only in base/redis/"),
    ("tests/unit/planted.c", "#include <hiredis/hiredis.h>", "only in base/redis/"),
    ("producers/transport/http.c", "#include <curl/curl.h>", "only in base/http/"),
    ("daemon/admin/planted.c", "#include <microhttpd.h>", "only in base/httpd/"),
    ("config/site/planted.c", "#include <yaml.h>", "only in config/yaml/"),
    ("consumers/decode/planted.c", "#include <cjson/cJSON.h>", "only in base/json/"),
    ("config/site/planted.c", '#include "site.h"', "not a path from the project root"),
    ("config/site/planted.c", '#include "../../base/core/core.h"', "not a path from the project root"),
    ("daemon/ctl/planted.c", '    setlocale (LC_ALL, "");', "numeric locale"),
    ("daemon/ctl/planted.c", '    setlocale(LC_CTYPE, "");', None),
    ("daemon/rules/planted.c", '#include "brazil/days/date.h"', None),
    ("tests/fakes/inbox/planted.c", "#include <microhttpd.h>", None),
    ("tests/e2e/planted.c", "#include <librdkafka/rdkafka.h>", None),
    ("base/http/planted.c", "#include <curl/curl.h>", None),
    ("base/core/planted.c", "#include <yamlish.h>", None),
    ("base/core/planted.c", '// #include "daemon/rules/decide.h"', None),
]


class PlantedIncludes(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        for room in check_order.BELOW:
            for source in (ROOT / room).rglob("*.[ch]"):
                copy = self.root / source.relative_to(ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, copy)

    def tearDown(self):
        self.folder.cleanup()

    def test_each_row(self):
        before, _, _ = check_order.check(self.root)
        for path, line, expected in ROWS:
            with self.subTest(path=path, line=line):
                planted = self.root / path
                kept = planted.read_text(encoding="utf-8") if planted.exists() else None
                planted.parent.mkdir(parents=True, exist_ok=True)
                planted.write_text((kept or "") + "\n" + line + "\n", encoding="utf-8")
                complaints = [c for c in check_order.check(self.root)[0] if c not in before]
                if kept is None:
                    planted.unlink()
                else:
                    planted.write_text(kept, encoding="utf-8")
                if expected is None:
                    self.assertEqual(complaints, [])
                else:
                    self.assertEqual(len(complaints), 1, complaints)
                    self.assertIn(expected, complaints[0])
                    self.assertTrue(complaints[0].startswith(path + ":"), complaints[0])

    def run_program(self, root):
        program = pathlib.Path(check_order.__file__)
        return subprocess.run([sys.executable, program, root], capture_output=True, text=True, check=False)

    def test_the_exit_status_tells(self):
        self.assertEqual(self.run_program(self.root).returncode, 0)
        (self.root / "base/core/core.c").write_text('#include "daemon/rules/decide.h"\n', encoding="utf-8")
        failed = self.run_program(self.root)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("base/core/core.c:1: base must not know daemon", failed.stdout)

    def test_an_empty_folder_is_not_in_order(self):
        with tempfile.TemporaryDirectory() as empty:
            self.assertEqual(self.run_program(empty).returncode, 2)


if __name__ == "__main__":
    unittest.main()
