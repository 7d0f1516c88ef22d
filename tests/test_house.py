"""What the project says of itself: its commands, its pins, its licences, what its package holds."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import version

import pytest
import yaml
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.version import Version

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pins():
    lines = [line for line in read("requirements.txt").splitlines() if not line.startswith("#")]
    matches = [re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.]+)", line) for line in lines]
    assert all(matches), [line for line, m in zip(lines, matches, strict=True) if not m]
    return {normal(m[1]): m[2] for m in matches}


def environment(**changes):
    """The environment of a command that knows nothing of a make around it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return kept | {"MFLAGS": ""} | changes


def test_requirements_are_exact_and_bring_no_gpu_libraries():
    found = pins()
    assert found["torch"] == "2.13.0"
    assert not [name for name in found if name.startswith(("nvidia", "triton", "cuda"))]


def test_pins_lie_in_the_ranges_of_the_package_and_its_extras():
    found = pins()
    extras = PROJECT["optional-dependencies"]
    pinned = [line for name, lines in extras.items() if name != "data" for line in lines]
    for line in [*PROJECT["dependencies"], *pinned]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(found[normal(wanted.name)]), line


def test_tests_run_on_the_pinned_versions():
    installed = {name: Version(version(name)).public for name in pins()}
    assert installed == pins()


def test_commands_in_the_texts_are_targets_of_make():
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md", "labs/README.md"):
        said = set(re.findall(r"(?:^|`)make ([a-z]+)", read(name), re.MULTILINE))
        assert said and said <= targets, name


def test_readme_builds_without_make_as_make_does():
    lines = re.findall(r"^\.venv/bin/(.*)", read("README.md"), re.MULTILINE)
    recipe = read("Makefile").replace(" --quiet --disable-pip-version-check", "")
    assert len(lines) == 3
    for line in lines:
        assert f"$(BIN)/{line}\n" in recipe


def test_code_in_the_readme_runs():
    (code,) = re.findall(r"```python\n(.*?)```", read("README.md"), re.DOTALL)
    scope = {}
    exec(code, scope)
    assert scope["images"].shape == scope["noise"].shape


def test_readme_shows_a_picture_that_exists():
    (picture,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", read("README.md"))
    assert (ROOT / picture).is_file()


def test_version_and_licences_are_the_same_everywhere():
    import els_tutorial

    citation = yaml.safe_load(read("CITATION.cff"))
    assert PROJECT["version"] == els_tutorial.__version__ == citation["version"]
    assert PROJECT["license"] == " AND ".join(citation["license"])


def test_repository_is_named_in_one_place():
    url = yaml.safe_load(read("_config.yml"))["repository"]["url"].removeprefix("https://")
    files = [*ROOT.glob("*"), *ROOT.glob("book/**/*"), *ROOT.glob("els_tutorial/**/*")]
    naming = [path.name for path in files if path.is_file() and url.encode() in path.read_bytes()]
    assert naming == ["_config.yml"]


def test_wheel_holds_every_file_of_the_package(tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", tmp_path, ROOT]
    subprocess.run(command, check=True, env=environment())
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    files = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "els_tutorial").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files <= held


def run_make(folder, *arguments, **changes):
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env=environment(**changes),
        capture_output=True,
        text=True,
    )


def program(folder, name, script):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    return folder / name


def said_by_make(result):
    """The lines that the recipe said, without make's own account of where it stopped."""
    assert result.returncode != 0
    lines = result.stderr.splitlines()
    return [line for line in lines if not re.match(r"make(\[\d+\])?: \*\*\*", line)]


def test_old_python_is_refused_in_one_line(tmp_path):
    # The recipe asks Python for its version; this one says what an old one would.
    script = f"""exec {sys.executable} -c 'import sys
sys.version_info, sys.version, code = (3, 9, 2), "3.9.2 (main)", sys.argv[2]
exec(code)' "$@" """
    old = program(tmp_path / "bin", "old-python", script)
    (line,) = said_by_make(run_make(tmp_path, "environment", f"PYTHON={old}"))
    assert "needs Python 3.11 or newer" in line and "3.9.2" in line


def test_full_disk_is_refused_in_one_line_before_anything_is_installed(tmp_path):
    blocks = "Filesystem 1024-blocks Used Available Capacity Mounted\n/dev/full 9 8 1048576 99% /"
    df = program(tmp_path / "bin", "df", f"echo '{blocks}'")
    path = f"{df.parent}{os.pathsep}{os.environ['PATH']}"
    result = run_make(tmp_path, "environment", f"PYTHON={sys.executable}", PATH=path)
    (line,) = said_by_make(result)
    assert "4000 MB" in line and "1024 MB are free" in line
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("required", [True, False])
def test_missing_browser_skips_in_one_line_or_fails_where_it_is_required(tmp_path, required):
    (tmp_path / "test_it.py").write_text("def test_it(new_page):\n    new_page()\n")
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path,
        env=environment(PATH=str(tmp_path), ELS_REQUIRE_BROWSER=str(int(required))),
        capture_output=True,
        text=True,
    )
    said = [line for line in result.stdout.splitlines() if "No browser on PATH" in line]
    assert len(said) == 1 if not required else said
    assert (result.returncode != 0) == required
