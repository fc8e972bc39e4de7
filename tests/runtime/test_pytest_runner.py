"""pytest's outcomes, fixtures, capture and options in forks are those of a plain run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from driver import Process, Project, Slot

TESTS = """
import os, sys, unittest, warnings
import pytest

def test_pass(): pass
def test_fail(): assert 0
@pytest.mark.xfail
def test_xfail(): assert 0
@pytest.mark.xfail
def test_xpass(): pass
@pytest.mark.xfail(strict=True)
def test_xfail_strict(): assert 0
@pytest.mark.xfail(strict=True)
def test_xpass_strict(): pass
@pytest.mark.xfail(raises=ValueError)
def test_xfail_other(): raise TypeError
def test_xfail_call(): pytest.xfail("so")
@pytest.mark.xfail(run=False)
def test_xfail_not_run(): os._exit(1)
@pytest.mark.skip
def test_skip(): assert 0
def test_skip_call(): pytest.skip("so")
@pytest.mark.skipif(True, reason="so")
def test_skipif(): assert 0
def test_fail_call(): pytest.fail("so", pytrace=False)
def test_warns(): warnings.warn("so", DeprecationWarning)
def test_exit(): sys.exit(0)

@pytest.fixture
def broken_setup(): raise ValueError
@pytest.fixture
def broken_teardown():
    yield
    raise ValueError
@pytest.fixture
def skipping(): pytest.skip("so")
def test_setup(broken_setup): pass
def test_teardown(broken_teardown): pass
def test_skip_in_setup(skipping): pass
@pytest.mark.xfail
def test_xfail_setup(broken_setup): pass

def test_tmp_path(tmp_path):
    (tmp_path / "x").mkdir()
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
def test_tmp_factory(tmp_path_factory): assert tmp_path_factory.mktemp("one").name == "one0"
def test_capsys(capsys):
    print("out"); print("err", file=sys.stderr)
    assert tuple(capsys.readouterr()) == ("out\\n", "err\\n")
def test_capfd(capfd):
    os.write(1, b"out"); os.write(2, b"err")
    assert tuple(capfd.readouterr()) == ("out", "err")
def test_capfd_of_child(capfd):
    os.system("echo child")
    assert capfd.readouterr().out == "child\\n"
def test_caplog(caplog):
    import logging
    logging.getLogger("x").warning("so")
    assert caplog.messages == ["so"]
def test_stdin():
    with pytest.raises(OSError): input()
def test_monkeypatch(monkeypatch): monkeypatch.setattr(os, "getcwd", lambda: 1)
def test_recwarn(recwarn):
    warnings.warn("so"); assert len(recwarn) == 1
def test_deprecated():
    with pytest.warns(DeprecationWarning): warnings.warn("so", DeprecationWarning)
def test_request(request): assert request.node.name == "test_request"
def test_worker(): assert os.environ["PYTEST_XDIST_WORKER"] == "gw0"
@pytest.mark.parametrize("x", ["a b", "[", "ü", "a\\nb"])
def test_parameter(x): assert x
def test_subtests(subtests):
    with subtests.test("one"): pass
def test_subtests_failing(subtests):
    with subtests.test("one"): assert 0
    with subtests.test("two"): pass

class TestUnittest(unittest.TestCase):
    def test_pass(self): pass
    def test_fail(self): self.fail()
    @unittest.expectedFailure
    def test_expected(self): self.fail()
    @unittest.expectedFailure
    def test_unexpected(self): pass
    @unittest.skip("so")
    def test_skip(self): self.fail()
    def test_sub(self):
        for n in range(2):
            with self.subTest(n=n): self.assertEqual(n, 0)

class TestOfClass:
    @classmethod
    def setup_class(cls): cls.value = 1
    def setup_method(self): self.own = 1
    def test_one(self): assert self.value == self.own == 1
    def test_two(self): assert self.value == self.own == 1
"""

ENDS = """
import pytest, sys
torn = []
@pytest.fixture
def own():
    yield 1
    torn.append(1)
def test_exit(own): pytest.exit("so")
def test_interrupt(own): raise KeyboardInterrupt
def test_after(): assert True
def test_torn(): assert torn == [1, 1]
"""


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    return make_project({"test_a.py": TESTS, "test_ends.py": ENDS})


@pytest.fixture(scope="module")
def process(project: Project) -> Process:
    return project.start(arguments=("test_a.py", "test_ends.py"))


@pytest.fixture(scope="module")
def slot(process: Process) -> Slot:
    return process.slot()


@pytest.fixture(scope="module")
def tracing(process: Process) -> Slot:
    return process.slot()


@pytest.fixture(scope="module")
def plain(project: Project) -> dict[str, str]:
    """What pytest itself says, by test."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "-q", "-p", "no:cacheprovider", "test_a.py"],
        cwd=project.root,
        env={"PYTEST_XDIST_WORKER": "gw0", "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    words = {"PASSED": "passed", "XPASS": "passed", "XFAIL": "skipped", "SKIPPED": "skipped"}
    found: dict[str, str] = {}
    for line in done.stdout.splitlines():
        word, _, rest = line.partition(" ")
        if rest.startswith("test_a.py::"):
            name = rest.removeprefix("test_a.py::").split(" - ")[0]
            found[name] = "failed" if found.get(name) == "failed" else words.get(word, "failed")
    return found


@pytest.mark.parametrize("trace", [False, True])
def test_outcomes_are_those_of_a_plain_run(
    trace: bool, process: Process, slot: Slot, tracing: Slot, plain: dict[str, str]
) -> None:
    slot = tracing if trace else slot
    names = [name for name in process.ids if name.startswith("test_a")]
    run = slot.run([process.ids.index(name) for name in names], trace=trace)
    mine = {
        name.removeprefix("test_a.py::"): word for name, word in zip(names, run.words, strict=True)
    }
    differing = {
        name: (word, plain[name]) for name, word in mine.items() if plain.get(name, word) != word
    }
    assert not differing
    skipped = {name for name in mine if name not in plain}
    assert {mine[name] for name in skipped} == {"skipped"}, skipped
    assert run.finished and len(plain) > 35


@pytest.mark.parametrize("report", [False, True])
def test_each_alone_is_as_in_the_whole(
    report: bool, process: Process, slot: Slot, plain: dict[str, str]
) -> None:
    for name in ("test_capfd", "test_capsys", "test_tmp_factory", "test_teardown", "test_exit"):
        run = slot.run([f"test_a.py::{name}"], report=report)
        assert run.words == [plain[name]], name


def test_a_report_says_why(slot: Slot) -> None:
    record = slot.run(["test_a.py::test_fail"], report=True).records[0]
    assert "assert 0" in record["o"] and "call:" in record["o"]


def test_an_exit_fails_its_test_and_tears_it_down(slot: Slot, tracing: Slot) -> None:
    names = ["test_ends.py::test_exit", "test_interrupt", "test_after", "test_torn"]
    for trace in (False, True):
        run = (tracing if trace else slot).run(names, trace=trace)
        assert run.words == ["failed", "failed", "passed", "passed"]


def test_stop_ends_at_the_first_failure(slot: Slot) -> None:
    tests = ["test_a.py::test_pass", "test_a.py::test_fail", "test_worker"]
    assert slot.run(tests, stop=True).words == ["passed", "failed"]


STRICT = """
import os, threading, time, warnings
import pytest
threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
def test_warns(): warnings.warn("so")
def test_pass(): pass
def test_invalid_escape(): compile("'\\\\d'", "x", "exec")
"""


@pytest.mark.parametrize("addopts", ["-x", "--maxfail=1 -v", "-s", "-p no:cacheprovider", "--lf"])
def test_options_of_the_projects_own(addopts: str, make_project: Callable[..., Project]) -> None:
    ini = f"[pytest]\naddopts = {addopts}\nfilterwarnings = error\n"
    project = make_project({"pytest.ini": ini, "test_s.py": STRICT, "mod.py": "def f(): pass\n"})
    process = project.start()
    run = process.slot().run(["test_warns", "test_pass", "test_pass"])
    assert run.words == ["failed", "passed", "passed"], process.log()
    assert not list(project.root.rglob(".pytest_cache")) + list(project.root.rglob("*.pyc"))


FAKE = """
def pytest_addoption(parser):
    group = parser.getgroup("fake")
    group._addoption("-n", dest="fake_n", default="many")

def pytest_cmdline_main(config):
    if config.option.fake_n != "0":
        raise SystemExit("distributed")
"""


@pytest.mark.parametrize("addopts", ["-n auto", "-p no:xdist"])
def test_a_plugin_that_distributes_is_off_however_it_is_asked_for(
    addopts: str, make_project: Callable[..., Project]
) -> None:
    project = make_project(
        {"pytest.ini": f"[pytest]\naddopts = {addopts}\n", "test_s.py": "def test(): pass\n"}
    )
    site = project.area / "plugins"
    metadata = site / "fake-1.dist-info"
    metadata.mkdir(parents=True)
    (site / "fake_xdist.py").write_text(FAKE)
    (metadata / "METADATA").write_text("Name: fake\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[pytest11]\nxdist = fake_xdist\n")
    process = project.start(env={"PYTHONPATH": str(site)})
    assert process.ids == ["test_s.py::test"], process.collected


def test_what_a_plugin_needs_may_be_imported_ahead(make_project: Callable[..., Project]) -> None:
    project = make_project(
        {
            "pytest.ini": "[pytest]\nfilterwarnings = error\n",
            "mod.py": "VALUE = 1\n",
            "test_s.py": "import beside, mod\ndef test(): assert mod.VALUE == 1\n",
        }
    )
    site = project.area / "plugins"
    metadata = site / "fake-1.dist-info"
    metadata.mkdir(parents=True)
    (site / "fake_plugin.py").write_text("")
    (site / "beside.py").write_text("")
    (metadata / "METADATA").write_text("Name: fake\nVersion: 1\n")
    (metadata / "RECORD").write_text("fake_plugin.py,,\nbeside.py,,\n")
    (metadata / "entry_points.txt").write_text("[pytest11]\nfake = fake_plugin\n")
    env = {"PYTHONPATH": str(site)}
    process = project.start(env=env)
    preload = process.collected["preload"]
    assert "beside" in preload and "fake_plugin" not in preload
    slot = project.start("cold", env=env, preload=preload).slot()
    mutant = project.mutant("mod.py", "= 1", "= 2")
    assert slot.run(process.ids, mutant, known=process.ids).words == ["failed"]
    # What was not imported ahead is warned of all the same.
    (site / "aside.py").write_text("")
    warned = "import pytest, aside\npytest.register_assert_rewrite('aside')\n"
    project.write("conftest.py", warned)
    slot = project.start("cold", env=env, preload=preload).slot()
    assert slot.run(process.ids, mutant, known=process.ids).words == ["collection_failed"]


REWRITTEN = """
'''Its first statement is not on its first line.'''

import os
LIMIT = 3
def check(n): assert n < LIMIT
"""


@pytest.mark.parametrize("probe", [False, True])
def test_a_file_whose_assertions_are_rewritten_takes_mutants(
    probe: bool, make_project: Callable[..., Project]
) -> None:
    project = make_project(
        {
            "conftest.py": "import pytest\npytest.register_assert_rewrite('mod')\n",
            "mod.py": REWRITTEN,
            "test_s.py": "import mod\ndef test(): mod.check(1)\n",
        }
    )
    process = project.start()
    slot = project.start("cold", preload=process.collected["preload"]).slot()
    for new, word in (("= 1", "failed"), ("= 4", "passed")):
        mutant = project.mutant("mod.py", "= 3", new)
        run = slot.run(process.ids, mutant, known=process.ids, probe=probe)
        assert (run.words, run.probe) == ([word], probe), run


SEEN = """
import gc, sys, unittest
class Held: pass
held = Held()
holders = [held]

class Case(unittest.TestCase):
    def test_main(self):
        main = sys.modules["__main__"]
        self.assertTrue(main.__file__.endswith("__main__.py"))
        self.assertEqual(main.__spec__.name, f"{main.__package__}.__main__")
        self.assertIn("test", main.__package__)
    def test_objects(self):
        self.assertEqual([thing for thing in gc.get_objects() if type(thing) is Held], [held])
        self.assertEqual(gc.get_objects(generation=0)[:0], [])
    def test_referrers(self):
        self.assertEqual(len(gc.get_referrers(held)), 2)
"""


@pytest.mark.parametrize("runner", ["pytest", "unittest"])
@pytest.mark.parametrize("mode", ["warm", "cold"])
def test_main_and_the_collector_look_as_they_do_plainly(
    mode: str, runner: str, make_project: Callable[..., Project]
) -> None:
    project = make_project({"test_s.py": SEEN})
    plain = [sys.executable, "-m", runner, "test_s.py"]
    ended = subprocess.run(plain, cwd=project.root, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    arguments = ("test_s",) if runner == "unittest" else ()
    process = project.start(runner=runner, arguments=arguments)
    if mode == "warm":
        run = process.slot().run([0, 1, 2])
    else:
        slot = project.start("cold", runner=runner, arguments=arguments).slot()
        run = slot.run(process.ids, known=process.ids)
    assert run.words == ["passed"] * 3, process.log()


FIXTURES = """
import pytest, mod
@pytest.fixture(scope="session", autouse=True)
def everywhere(): mod.session()
@pytest.fixture(scope="package")
def of_package(): mod.package()
@pytest.fixture(scope="module")
def of_module(): mod.module()
@pytest.fixture(scope="class")
def of_class(of_module):
    mod.klass()
    yield
    mod.teardown()
@pytest.fixture(params=[1, 2], scope="module")
def several(request): mod.several(request.param)
def setup_module(): mod.xunit()

def test_none(): pass
def test_module(of_module): pass
class TestClass:
    def test_one(self, of_class): pass
    def test_two(self, of_class): pass
def test_package(of_package): pass
def test_several(several): pass
def test_dynamic(request): request.getfixturevalue("of_module")
"""

FUNCTIONS = ["session", "package", "module", "klass", "teardown", "xunit"]


def test_wide_fixtures_belong_to_the_tests_that_use_them(
    make_project: Callable[..., Project],
) -> None:
    module = "".join(f"def {name}():\n    return '{name}'\n" for name in FUNCTIONS)
    module += "def several(x):\n    if x == 1:\n        return 'first'\n    return 'second'\n"
    project = make_project({"mod.py": module, "test_f.py": FIXTURES})
    process = project.start()
    lines = {name: project.line("mod.py", f"'{name}'") for name in [*FUNCTIONS, "first", "second"]}
    found = {
        name.partition("::")[2]: {word for word, line in lines.items() if line in trace.lines}
        for name, trace in zip(
            process.ids, process.slot().trace(list(range(len(process.ids)))), strict=True
        )
    }
    always = {"session", "xunit"}
    assert found == {
        "test_none": always,
        "test_module": always | {"module"},
        "TestClass::test_one": always | {"module", "klass"},
        "TestClass::test_two": always | {"module", "klass", "teardown"},
        "test_package": always | {"package"},
        "test_several[1]": always | {"first"},
        "test_several[2]": always | {"second"},
        "test_dynamic": always | {"module"},
    }


@pytest.mark.parametrize("text", ["import nothing_of_the_kind", "def (", "assert 0", "1/0"])
def test_a_collection_failure_says_why(text: str, make_project: Callable[..., Project]) -> None:
    process = make_project({"test_s.py": text + "\n"}).start()
    said = process.collected["collection_failed"]
    assert text.split()[-1] in said and "test_s.py" in said
