#!/usr/bin/env python3
"""The wheel: built by maturin from the debug build, installed as users do, and run from there.

    wheel_test.py --tools DIR [--keep DIR]      (a virtual environment with maturin and uv)

The binary is that of `cargo build`, taken from CARGO_TARGET_DIR or target/; nothing else is built.
No network: what is installed is the wheel alone.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from email.parser import Parser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What a binary for any Linux may ask of the machine.
SYSTEM = {"linux-vdso", "libc", "libm", "libgcc_s", "libpthread", "libdl", "librt", "ld-linux"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--keep", type=Path, help="a directory that gets the wheel")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wheel-") as scratch:
        wheel = test(Path(scratch), given.tools.resolve() / "bin")
        if given.keep:
            shutil.rmtree(given.keep, ignore_errors=True)
            given.keep.mkdir(parents=True)
            shutil.copy(wheel, given.keep)
    return 0


def run(*command: object, **options: object) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, **options)  # type: ignore[call-overload]
    if done.returncode != 0:
        raise SystemExit(f"{words}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return str(done.stdout)


def test(scratch: Path, tools: Path) -> Path:
    out = scratch / "dist"
    build = [tools / "maturin", "build", "--profile", "dev", "--locked", "--compatibility", "linux"]
    run(*build, "--out", out, cwd=ROOT)
    (wheel,) = out.glob("*.whl")
    print(f"ok      built {wheel.name}")
    it_holds_the_binary_and_says_what_it_is(wheel)
    run(tools / "maturin", "sdist", "--out", out, cwd=ROOT)
    the_source_distribution_has_all_that_is_built(next(out.glob("*.tar.gz")))

    run(sys.executable, "-m", "venv", scratch / "empty")
    pip = [scratch / "empty/bin/python", "-m", "pip", "install", "--quiet", "--no-index"]
    run(*pip, "--disable-pip-version-check", wheel)
    it_works(scratch / "empty/bin", scratch)
    print("ok      pip install, into an empty environment")

    home = scratch / "uv"
    uv = {**os.environ, "HOME": str(home), "UV_CACHE_DIR": str(home / "cache")}
    uv |= {"UV_PYTHON_DOWNLOADS": "never", "UV_OFFLINE": "1"}
    said = run(tools / "uv", "tool", "run", "--from", wheel, "mutdiff", "-V", env=uv)
    assert said.startswith("mutdiff "), said
    print("ok      uvx")
    return wheel


def it_holds_the_binary_and_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as files:
        names = files.namelist()
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        about = Parser().parsestr(files.read(metadata).decode())
    outside = [name for name in names if ".dist-info/" not in name]
    assert len(outside) == 1 and outside[0].endswith(".data/scripts/mutdiff"), outside
    version = re.search(r'^version = "(.+)"', (ROOT / "Cargo.toml").read_text(), re.M)
    assert version and about["Version"] == version[1], about["Version"]
    assert about["Requires-Python"] == ">=3.10" and about.get_all("Requires-Dist") is None
    assert "py3-none-" in wheel.name, "for one Python only"
    print("ok      it holds the binary alone, and asks for no other package")


def the_source_distribution_has_all_that_is_built(archive: Path) -> None:
    with tarfile.open(archive) as files:
        names = {name.split("/", 1)[1] for name in files.getnames()}
    assert {"Cargo.toml", "Cargo.lock", "pyproject.toml", "LICENSE", "src/main.rs"} <= names
    for source in (ROOT / "src").rglob("*.rs"):
        for found in re.findall(r'include_(?:str|bytes)!\("([^"]+)"\)', source.read_text()):
            needed = os.path.relpath((source.parent / found).resolve(), ROOT)
            assert needed in names, f"{source.name} includes {needed}, which is not in it"
    demo = {str(path.relative_to(ROOT)) for path in (ROOT / "fixtures/demo").rglob("*.py")}
    assert demo and demo <= names, demo - names
    print("ok      the source distribution has all that is built")


def it_works(binaries: Path, scratch: Path) -> None:
    """From a clean home, with the environment's own Python first on the path."""
    home = scratch / "home"
    home.mkdir()
    clean = {"PATH": f"{binaries}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}

    def mutdiff(*arguments: str) -> str:
        return run("mutdiff", *arguments, env=clean, cwd=home)

    assert "store schema: " in mutdiff("--version")
    demo = mutdiff("demo", "--jobs", "1")
    assert "survived" in demo and "The demo worked." in demo, demo
    assert "mutdiff-run" in mutdiff("man", "run")
    linked = re.findall(r"^\s*(\S+)", run("ldd", binaries / "mutdiff"), re.M)
    foreign = {re.sub(r"(-x86-64|-aarch64)?\.so.*", "", Path(name).name) for name in linked}
    assert foreign <= SYSTEM, f"it needs libraries of the machine: {foreign - SYSTEM}"
    print("ok      it runs, the demo works, and it needs no library but the C library's")


if __name__ == "__main__":
    sys.exit(main())
