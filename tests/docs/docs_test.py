#!/usr/bin/env python3
"""What the documents say is so: links lead somewhere, names exist in the code and the code's names in the documents, the
manuals tell what --help tells.

  docs_test.py SOURCE_DIR BUILD_DIR [unittest options]
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(sys.argv.pop(1)).resolve()
BUILD = pathlib.Path(sys.argv.pop(1)).resolve()


def read(name):
    return (SOURCE / name).read_text(encoding="utf-8")


def pages():
    return sorted(p for p in [*SOURCE.glob("*.md"), *SOURCE.glob("docs/**/*.md")])


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))


def code(*folders):
    return "\n".join(p.read_text(encoding="utf-8") for folder in folders for p in sorted((SOURCE / folder).rglob("*.[ch]")))


def table_words(page, heading):
    """The `words` of the first column of the first table below a heading."""
    part = read(page).split(f"\n{heading}\n", 1)[1]
    rows = re.search(r"^\|.*\|\n\|[-|]+\|\n((?:\|.*\n)+)", part, re.MULTILINE)[1]
    return [word for row in rows.splitlines() for word in re.findall(r"`([^`]+)`", row.split("|")[1])]


class Links(unittest.TestCase):
    def anchors(self, path):
        text = path.read_text(encoding="utf-8")
        heads = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
        slugs = {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in heads}
        return slugs | set(re.findall(r'<a id="([^"]+)"', text))

    def test_links_lead_to_what_is_there(self):
        seen = 0
        for page in pages():
            for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text(encoding="utf-8"))):
                if re.match(r"[a-z]+:", target):
                    continue
                seen += 1
                name, _, anchor = target.partition("#")
                path = (page.parent / name).resolve() if name else page
                self.assertTrue(path.exists(), f"{page.name}: {target} leads nowhere")
                if anchor:
                    self.assertIn(anchor, self.anchors(path), f"{page.name}: {target} has no such heading")
        self.assertGreater(seen, 20)

    def test_every_page_is_reachable_from_the_readme(self):
        todo, done = [SOURCE / "README.md"], set()
        while todo:
            page = todo.pop()
            if page in done or page.suffix != ".md":
                continue
            done.add(page)
            todo += [(page.parent / t.partition("#")[0]).resolve()
                     for t in re.findall(r"\]\(([^)\s:]+)\)", without_code(page.read_text(encoding="utf-8"))) if t.partition("#")[0]]
        self.assertEqual(sorted(p.relative_to(SOURCE) for p in set(pages()) - done), [])


class Names(unittest.TestCase):
    def test_files_and_functions_that_are_named_exist(self):
        rooms = {p.name for p in SOURCE.iterdir() if p.is_dir()}
        source = set(re.findall(r"\brg_\w+", code("base", "brazil", "config", "consumers", "producers", "daemon") + read("cmake/regua.cmake")))
        for page in pages():
            for word in re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8")):
                if re.fullmatch(r"[\w.-]+(/[\w.-]+)+", word) and word.split("/")[0] in rooms - {"build"}:
                    self.assertTrue((SOURCE / word).exists(), f"{page.name}: there is no {word}")
                if re.fullmatch(r"rg_[a-z0-9_]+", word):
                    self.assertTrue(word in source, f"{page.name}: there is no {word}")

    def test_metrics_are_those_of_the_code(self):
        there = set(re.findall(r'"(regua_[a-z_]+)"', code("daemon/admin")))
        self.assertGreater(len(there), 10)
        told = {w for w in re.findall(r"`(regua_[a-z_]+)`", read("docs/on-call.md"))}
        self.assertEqual(sorted(told - there), [], "documented, but not served")
        self.assertEqual(sorted(there - told), [], "served, but not documented")

    def test_dead_letter_reasons_are_those_of_the_code(self):
        there = set(re.findall(r'#define RG_DEAD_[A-Z_]+ "([a-z_]+)"', code("config/contract", "consumers")))
        self.assertEqual(set(table_words("docs/events.md", "## When it goes wrong: dead letters")), there)

    def test_topics_are_those_of_the_code(self):
        there = set(re.findall(r"\{TOPIC\((\w+)\)", read("config/site/table.c")))
        told = {w.removeprefix("regua.").split(".")[0] for w in table_words("docs/configuration.md", "## Kafka")}
        self.assertEqual(told, there)

    def test_every_secret_has_its_credential_explained(self):
        keys = set(re.findall(r"^\| `([\w.]+)` \| `\{ credential: NAME \}`", read("docs/generated/configuration.md").replace("NAME.", "name."),
                              re.MULTILINE))
        part = read("docs/configuration.md").split("\n## Secrets\n", 1)[1].split("\n## ", 1)[0]
        told = {word.replace("NAME.", "name.") for word in re.findall(r"^\| `([\w.]+)`", part, re.MULTILINE)}
        self.assertGreater(len(keys), 3)
        self.assertEqual(told - {"kafka.client.KEY", "channels.name.KEY"}, keys - {"sources.name.door.secret"})

    def test_reasons_of_readiness_are_those_of_the_code(self):
        said = read("daemon/status.c") + read("daemon/daemon.c") + code("daemon/shard") + read("base/redis/settings.c")
        for reason in table_words("docs/on-call.md", "## Not ready"):
            parts = [part.strip() for part in re.split(r"…|\bN\b|\bis (?=opening|stopped)|: (?=…)", reason)]
            for part in filter(None, parts):
                self.assertTrue(part in said or f'"{part}"' in said, f"{reason}: nothing says {part}")

    def gates(self):
        names = re.findall(r'\[RG_GATE_([A-Z_]+)\] = "([a-z_]+)"', read("config/contract/words.c"))
        return {word: constant for constant, word in names if word != "none"}

    def test_gates_that_do_not_speak_yet_are_named(self):
        used = set(re.findall(r"RG_GATE_([A-Z_]+)", code("daemon", "producers", "consumers")))
        silent = {word for word, constant in self.gates().items() if constant not in used}
        part = read("docs/rules.md").split("these gates yet:", 1)[1].split("\n\n", 1)[0]
        self.assertEqual(set(re.findall(r"`([a-z_]+)`", part)), silent)
        self.assertEqual(set(table_words("docs/rules.md", "## Why something does not go out: gates")), set(self.gates()) - silent)

    def test_findings_are_those_of_the_code(self):
        text = code("config/ladder", "config/yaml", "config/cel", "config/site", "daemon/desk")
        literals = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', text))
        calls = re.findall(r"rg_diags_(?:error|warn)\((.*?)\);", code("config/ladder", "config/yaml", "daemon/desk"), re.DOTALL)
        spoken = {word for call in calls for word in re.findall(r'"([a-z]+(?:-[a-z]+)*)",\s*"[^"]*[ %]', call)[:1]}
        told = set(table_words("docs/rules.md", "## What `check` says"))
        self.assertEqual(sorted(told - literals), [], "documented, but never said")
        self.assertEqual(sorted(spoken - told), [], "said of rules, but not documented")

    def test_the_changelog_knows_the_version(self):
        version = re.search(r"project\(regua VERSION ([\d.]+)", read("CMakeLists.txt"))[1]
        self.assertIn(f"\n## {version}", read("CHANGELOG.md"))


class Manuals(unittest.TestCase):
    def plain(self, name):
        """A manual page without its roff: one line per paragraph, options as they are typed."""
        text = read(f"docs/man/{name}")
        text = re.sub(r"\\f[BIR]|\\&", "", text).replace("\\-", "-").replace("\\e", "\\").replace("\\('e", "é")
        return re.sub(r"^\.(?:B|I|BR|IR|RB) ", "", text, flags=re.MULTILINE)

    def program(self, name):
        found = [p for p in BUILD.rglob(name) if p.is_file()]
        self.assertEqual(len(found), 1, f"{name} is not built")
        return found[0]

    def help_of(self, name):
        return subprocess.run([self.program(name), "--help"], capture_output=True, text=True, check=True).stdout

    def test_reguad_8_tells_what_help_tells(self):
        options = re.findall(r"^ +((?:-\w, )?--[\w-]+(?: [A-Z]+)?) {2,}(.*)$", self.help_of("reguad"), re.MULTILINE)
        self.assertGreater(len(options), 4)
        told = self.plain("reguad.8").split(".SH OPTIONS\n", 1)[1].split(".SH", 1)[0]
        self.assertEqual([(t.strip(), h.strip()) for t, h in re.findall(r"\.TP\n(.*)\n(.*)\n", told)], options)

    def test_reguactl_1_is_what_reguactl_prints(self):
        page = subprocess.run([self.program("reguactl"), "help", "--man"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(page, read("docs/man/reguactl.1"))
        commands = re.findall(r"^  ([a-z-]+)(?: \S+)* {2,}", self.help_of("reguactl").split("Commands:\n", 1)[1].split("\n\n", 1)[0], re.MULTILINE)
        self.assertEqual(re.findall(r"^\.SS ([a-z-]+)", page.replace("\\-", "-"), re.MULTILINE), commands)

    def test_commands_that_are_shown_exist(self):
        """Every call of reguactl in the guides: the command, and the options it is given."""
        calls = [(page.name, call) for page in pages()
                 for call in re.findall(r"(?:`|\$ |\./dev ctl |^)(?:reguactl|(?<=dev ctl ))\s*([a-z-]+[^`#\n]*)", page.read_text(encoding="utf-8"), re.MULTILINE)]
        self.assertGreater(len(calls), 8)
        for page, call in calls:
            run = subprocess.run([self.program("reguactl"), "help", call.split()[0]], capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 0, f"{page}: reguactl {call}")
            for option in re.findall(r"--[a-z-]+", call):
                self.assertIn(option, run.stdout, f"{page}: reguactl {call}")

    def test_manuals_are_good_roff(self):
        for page in sorted((SOURCE / "docs/man").iterdir()):
            run = subprocess.run(["groff", "-man", "-ww", "-z", "-K", "utf8", page], capture_output=True, text=True, check=False)
            self.assertEqual((run.returncode, run.stderr), (0, ""), page.name)


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tree = tempfile.TemporaryDirectory(prefix="regua-install-")
        cls.root = pathlib.Path(cls.tree.name)
        subprocess.run(["cmake", "--install", BUILD], env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DESTDIR": str(cls.root)}, check=True,
                       capture_output=True)

    @classmethod
    def tearDownClass(cls):
        cls.tree.cleanup()

    def one(self, name):
        found = [p for p in self.root.rglob(name) if p.is_file()]
        self.assertEqual(len(found), 1, f"{name}: {found}")
        return found[0]

    def test_things_lie_where_a_package_wants_them(self):
        for path in ("usr/bin/reguad", "usr/bin/reguactl", "usr/share/man/man1/reguactl.1", "usr/share/regua/ladders/padrao.yaml", "usr/share/regua/schema/regua-1.json", "usr/share/man/man8/reguad.8",
                     "usr/share/man/man5/regua.yaml.5", "usr/share/doc/regua/README.md", "usr/share/doc/regua/docs/rules.md"):
            self.assertTrue((self.root / path).is_file(), path)
        self.assertEqual(self.one("reguad.service").parent.parts[-2:], ("systemd", "system"))
        self.assertEqual(self.one("regua.conf").parent.name, "sysusers.d")

    def test_what_is_shipped_is_right(self):
        etc = self.root / "etc/regua"
        shutil.copytree(self.root / "usr/share/regua/ladders", etc / "rules.d")
        for name in ("regua.yaml", "policy.yaml"):
            shutil.copy(self.root / "usr/share/regua" / name, etc)
        text = (etc / "regua.yaml").read_text(encoding="utf-8")
        channels = "channels:\n  sms: { transport: http, preset: sms-http, url: \"https://sms.example\", token: { credential: sms } }\n" \
                   "  whatsapp: { transport: http, preset: whatsapp-cloud, url: \"https://graph.facebook.com\", version: v23.0," \
                   " phone_number_id: \"1\", token: { credential: whatsapp } }\n"
        (etc / "regua.yaml").write_text(text.replace("\nchannels:\n", "\n" + channels), encoding="utf-8")
        run = subprocess.run([self.one("reguad"), "--config", etc / "regua.yaml", "--shipped", self.root / "usr/share/regua", "--check"],
                             capture_output=True, text=True, check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ""), run.stdout)

    def test_the_unit_is_sandboxed(self):
        run = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=12", self.one("reguad.service")], capture_output=True,
                             text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_what_the_sandbox_leaves_open_is_explained(self):
        unit = self.one("reguad.service")
        run = subprocess.run(["systemd-analyze", "security", "--offline=true", "--json=short", unit], capture_output=True, text=True, check=True)
        left_open = {item["name"] for item in json.loads(run.stdout) if item["set"] is False}
        told = " ".join(re.findall(r"^#   (.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE))
        self.assertGreater(len(left_open), 3)
        for name in left_open:
            self.assertIn(name, told)

    def test_a_wrong_file_is_not_tried_again_and_again(self):
        """Restart= looks at every process of the unit, RestartPreventExitStatus= at the main one alone."""
        text = self.one("reguad.service").read_text(encoding="utf-8")
        self.assertRegex(text, r"(?m)^Restart=on-failure$")
        self.assertEqual(re.findall(r"(?m)^Exec(?:Condition|StartPre|StartPost)=.*$", text), [])
        final = re.search(r"(?m)^RestartPreventExitStatus=(.*)$", text).group(1).split()
        with tempfile.TemporaryDirectory() as name:
            site = pathlib.Path(name) / "regua.yaml"
            for wrong in ("language: 1\n", "{", "language: 1\nkafka: { brokers: [] }\n"):
                site.write_text(wrong, encoding="utf-8")
                run = subprocess.run([self.one("reguad"), "--config", site, "--shipped", self.root / "usr/share/regua"], capture_output=True,
                                     text=True, timeout=20, check=False)
                self.assertIn(str(run.returncode), final)
                self.assertIn(f"{site}:1:1: error: " if wrong != "{" else f"{site}:", run.stderr)

    def test_the_unit_is_understood(self):
        text = self.one("reguad.service").read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as name:
            unit = pathlib.Path(name) / "reguad.service"
            text = re.sub(r"^(Exec\w+=)/\S+.*$", r"\1/bin/true", text, flags=re.MULTILINE)
            unit.write_text(re.sub(r"^(User|Group|Documentation)=.*\n", "", text, flags=re.MULTILINE), encoding="utf-8")
            run = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
        about_us = [line for line in (run.stdout + run.stderr).splitlines() if "reguad" in line]
        self.assertEqual((run.returncode, about_us), (0, []))


if __name__ == "__main__":
    unittest.main()
