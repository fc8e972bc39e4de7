"""Python processes that no hook can join: which they are, and which files they may run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from _mutdiff import beyond
from driver import Project

FILES = {
    "pkg/__init__.py": "",
    "pkg/__main__.py": "from . import one\nfrom .one import work\nprint(work())\n",
    "pkg/one.py": "import os\nfrom pkg import two\ndef work():\n    return two.two()\n",
    "pkg/two.py": "def two():\n    return 2\n",
    "pkg/apart.py": "def apart():\n    return 3\n",
    "dynamic.py": "import importlib\nimportlib.import_module('pkg.apart')\n",
    "script.py": "import pkg.two\nprint(pkg.two.two())\n",
    "test_mod.py": """
        import os, subprocess, sys
        import pkg.one, pytest
        HERE = os.path.dirname(os.path.abspath(__file__))

        def run(*arguments, **options):
            return subprocess.run([sys.executable, *arguments], check=True, **options)

        def test_isolated(): run("-I", "-c", "pass")
        def test_script(tmp_path): run("-uS", os.path.join(HERE, "pkg", "apart.py"), cwd=tmp_path)
        def test_module(): run("-E", "-m", "pkg", cwd=HERE)
        def test_dynamic(): run("-Ec", "import pkg.two, dynamic", cwd=HERE)
        def test_stdin(): run("-I", "-", input=b"")
        def test_shell(): os.popen(f"cd {HERE} && '{sys.executable}' -E script.py").read()
        def test_nested():
            code = "import subprocess, sys; subprocess.run([sys.executable, '-E', 'script.py'])"
            run("-c", code, cwd=HERE)
        def test_shebang(tmp_path):
            tool = tmp_path / "tool"
            tool.write_text(f"#!{sys.executable} -Es\\nimport pkg.apart\\n")
            tool.chmod(0o755)
            subprocess.run([tool])
        def test_within(): run("-sX", "dev", "-Wignore", "-c", "import pkg", "-I", cwd=HERE)
        def test_exec():
            pid = os.fork()
            if pid == 0:
                os.chdir(HERE)
                os.execv(sys.executable, [sys.executable, "-S", "script.py"])
            os.waitpid(pid, 0)
    """,
}
EVERYTHING = set(FILES)

EXPECTED = {
    "isolated": set(),
    "script": {"pkg/apart.py"},
    "module": {"pkg/__init__.py", "pkg/__main__.py", "pkg/one.py", "pkg/two.py"},
    "dynamic": EVERYTHING,
    "stdin": EVERYTHING,
    "shell": {"script.py", "pkg/__init__.py", "pkg/two.py"},
    "nested": {"script.py", "pkg/__init__.py", "pkg/two.py"},
    "shebang": {"pkg/__init__.py", "pkg/apart.py"},
    "within": set(),
    "exec": {"script.py", "pkg/__init__.py", "pkg/two.py"},
}


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    return make_project(FILES)


@pytest.mark.parametrize("test", EXPECTED)
def test_files_that_a_process_out_of_reach_may_run_are_known(test: str, project: Project) -> None:
    process = project.start()
    run = process.slot().run([f"test_{test}"], trace=True)
    assert run.words == ["passed"], (run, process.log())
    assert {project.files[index] for index in run.records[0].get("b", [])} == EXPECTED[test]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("-I", ("?", b"")),
        ("-c pass -I", None),
        ("-Ic pass", ("c", b"pass")),
        ("-Icpass", ("c", b"pass")),
        ("-W I -X E -m mod", None),
        ("-WI -XE script.py -S", None),
        ("--check-hash-based-pycs never -S script.py", ("f", b"script.py")),
        ("-bbEm mod", ("m", b"mod")),
        ("-Pms script.py", None),
        ("", None),
    ],
)
def test_options_that_keep_the_hook_away(arguments: str, expected: object) -> None:
    assert beyond.target(arguments.encode().split()) == expected
