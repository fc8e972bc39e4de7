//! Where a project's packages lie, and how Python comes to find them there.
//!
//! Invariant: environments that packages are installed into belong to one test each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Project, Python, Ran, clean, pythons};

const BASE: &str = "def f(x):\n    return 1 + x\n";
const CHANGE: &str = "def f(x):\n    return x + 1\n";

fn tests_of(module: &str) -> String {
    format!("from {module} import f\n\n\ndef test_f():\n    assert f(2) == 3\n")
}

/// A Python for each way of tracing.
fn both() -> impl Iterator<Item = &'static Python> {
    let of = |late: bool| pythons().iter().find(move |python| python.is_at_least("3.12") == late);
    [of(false), of(true)].into_iter().flatten()
}

/// The `site-packages` of an environment of the test's own.
struct Own(PathBuf);

impl Own {
    /// Makes one for the project, which sees what the project's Python had.
    fn of(project: &mut Project) -> Self {
        let folder = project.everything().join("venv");
        let shared = project.python;
        let mut make = clean(&shared.base, &project.home(), shared);
        make.args(["-m", "venv", "--without-pip"]).arg(&folder);
        Ran::of(&mut make).expect(0);
        let site = |python: &Path| {
            let code = "import sysconfig; print(sysconfig.get_path('purelib'))";
            let mut ask = clean(python, &project.home(), shared);
            PathBuf::from(Ran::of(ask.args(["-c", code])).expect(0).stdout.trim())
        };
        let path = folder.join("bin/python");
        let own = Self(site(&path));
        own.installs("shared.pth", &format!("{}\n", site(&shared.path).display()));
        // It lives as long as the tests do, as the others do.
        project.python = Box::leak(Box::new(Python { path, ..shared.clone() }));
        own
    }

    fn installs(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("below site-packages")).expect("writable");
        fs::write(path, text).expect("writable");
    }
}

/// All mutants of `f` are killed: `x - 1`, `x + 2`, `None`.
#[track_caller]
fn kills_all(project: &Project, job: &mut Command) {
    // What an earlier run knew would be the answer.
    let _ = fs::remove_dir_all(project.root().join(".mutdiff"));
    let ran = Ran::of(job).expect(0);
    let report = project.report();
    assert_eq!((report.counts.mutants, report.counts.killed), (3, 3), "{ran}");
}

/// A finder as setuptools writes it for an editable install, and what loads it.
fn installs_finder(own: &Own, name: &str, place: &Path) {
    own.installs(
        &format!("__editable___{name}_finder.py"),
        &format!(
            "import sys\nfrom importlib.util import spec_from_file_location\n\n\
             MAPPING = {{{name:?}: {place:?}}}\n\n\n\
             class _EditableFinder:\n    @classmethod\n    \
             def find_spec(cls, fullname, path=None, target=None):\n        \
             if fullname in MAPPING:\n            \
             place = MAPPING[fullname]\n            \
             return spec_from_file_location(fullname, place + '/__init__.py',\n                \
             submodule_search_locations=[place])\n        return None\n\n\n\
             def install():\n    sys.meta_path.append(_EditableFinder)\n"
        ),
    );
    own.installs(
        &format!("__editable__.{name}.pth"),
        &format!("import __editable___{name}_finder; __editable___{name}_finder.install()\n"),
    );
}

#[test]
fn packages_are_found_wherever_a_layout_puts_them() {
    let ini = "[tool.pytest.ini_options]\n";
    for python in both() {
        let layouts: [(&str, &str, &str, String); 5] = [
            // Flat, tests beside it.
            ("pkg/core.py", "tests/test_core.py", "pkg.core", format!("{ini}pythonpath = ['.']")),
            (
                "src/pkg/core.py",
                "tests/test_core.py",
                "pkg.core",
                format!("{ini}pythonpath = ['src']"),
            ),
            // Tests inside the package, in both ways of importing them.
            ("pkg/core.py", "pkg/tests/test_core.py", "pkg.core", ini.to_owned()),
            (
                "pkg/core.py",
                "pkg/tests/test_core.py",
                "pkg.core",
                format!("{ini}pythonpath = ['.']\naddopts = '--import-mode=importlib'"),
            ),
            // A namespace package.
            (
                "src/ns/part/core.py",
                "tests/test_core.py",
                "ns.part.core",
                format!("{ini}pythonpath = ['src']"),
            ),
        ];
        for (source, test, module, ini) in layouts {
            let tests = tests_of(module);
            let init = Path::new(source).with_file_name("__init__.py");
            let inner = Path::new(test).with_file_name("__init__.py");
            let mut base = vec![
                ("pyproject.toml", ini.as_str()),
                (source, BASE),
                (test, &tests),
                (init.to_str().expect("ASCII"), ""),
            ];
            if test.starts_with("pkg") {
                base.push((inner.to_str().expect("ASCII"), ""));
            }
            let project = Project::on(python, &base, &[(source, CHANGE)]);
            kills_all(&project, &mut project.main_job(&[]));
        }
    }
}

#[test]
fn editable_installs_of_both_kinds_are_the_repository() {
    let tests = tests_of("pkg.core");
    for python in both() {
        let mut project = Project::on(
            python,
            &[
                ("pyproject.toml", "[project]\nname = 'pkg'\nversion = '0'\n"),
                ("src/pkg/__init__.py", ""),
                ("src/pkg/core.py", BASE),
                ("tests/test_core.py", &tests),
            ],
            &[("src/pkg/core.py", CHANGE)],
        );
        let own = Own::of(&mut project);
        let source = project.root().join("src");
        own.installs("__editable__.pkg.pth", &format!("{}\n", source.display()));
        kills_all(&project, &mut project.main_job(&[]));
        // The copy of a commit wins over the working tree that is installed.
        project.write("src/pkg/core.py", BASE);
        kills_all(&project, &mut project.main_job(&["--head", "change"]));

        project.write("src/pkg/core.py", CHANGE);
        fs::remove_file(own.0.join("__editable__.pkg.pth")).expect("it was written");
        installs_finder(&own, "pkg", &source.join("pkg"));
        kills_all(&project, &mut project.main_job(&[]));
        project.write("src/pkg/core.py", BASE);
        kills_all(&project, &mut project.main_job(&["--head", "change"]));
    }
}

/// Two distributions in one repository. The second uses the first, and its test is the better one.
fn two(python: &'static Python) -> Project {
    let (one, two) = (tests_of("one.core").replace(" == 3", ""), tests_of("two.core"));
    let described = |name: &str| format!("[project]\nname = '{name}'\nversion = '0'\n");
    let (first, second) = (described("one"), described("two"));
    Project::on(
        python,
        &[
            ("pyproject.toml", "[tool.pytest.ini_options]\naddopts = '--import-mode=importlib'\n"),
            ("packages/one/pyproject.toml", &first),
            ("packages/one/src/one/__init__.py", ""),
            ("packages/one/src/one/core.py", BASE),
            ("packages/one/tests/test_core.py", &one),
            ("packages/two/pyproject.toml", &second),
            ("packages/two/two/__init__.py", ""),
            ("packages/two/two/core.py", "from one.core import f\n"),
            ("packages/two/tests/test_core.py", &two),
        ],
        &[("packages/one/src/one/core.py", CHANGE)],
    )
}

#[test]
fn several_packages_of_one_repository_are_tested_together() {
    for python in both() {
        let mut project = two(python);
        let own = Own::of(&mut project);
        let packages = project.root().join("packages");
        own.installs("repository.pth", &format!("{0}/one/src\n{0}/two\n", packages.display()));
        kills_all(&project, &mut project.main_job(&[]));
        project.write("packages/one/src/one/core.py", BASE);
        kills_all(&project, &mut project.main_job(&["--head", "change"]));
    }
}

/// Demands the error that names a file under `imported` and the repository's own.
#[track_caller]
fn is_another_copy(project: &Project, job: &mut Command, imported: &Path, expected: &str) {
    let root = project.root().canonicalize().expect("it is there");
    let _ = Ran::of(job)
        .expect(2)
        .says(&imported.display().to_string())
        .says(&root.join(expected).display().to_string())
        .says("pip install -e");
}

#[test]
fn an_installed_copy_is_an_error_that_names_both_paths() {
    let mut project = two(Python::usual());
    let own = Own::of(&mut project);
    own.installs("one/__init__.py", "");
    own.installs("one/core.py", BASE);
    let packages = project.root().join("packages");
    own.installs("repository.pth", &format!("{}/two\n", packages.display()));
    let expected = "packages/one/src/one/__init__.py";
    let imported = own.0.canonicalize().expect("it is there").join("one/__init__.py");
    is_another_copy(&project, &mut project.main_job(&[]), &imported, expected);
}

#[test]
fn a_copy_that_only_a_test_imports_while_it_runs_is_an_error_too() {
    let test = "def test_f():\n    from pkg.core import f\n\n    assert f(2) == 3\n";
    let mut project = Project::of(
        &[("src/pkg/__init__.py", ""), ("src/pkg/core.py", BASE), ("tests/test_core.py", test)],
        &[("src/pkg/core.py", CHANGE)],
    );
    let own = Own::of(&mut project);
    own.installs("pkg/__init__.py", "");
    own.installs("pkg/core.py", BASE);
    let imported = own.0.join("pkg/__init__.py");
    let job = &mut project.main_job(&[]);
    is_another_copy(&project, job, &imported, "src/pkg/__init__.py");
}

#[test]
fn another_checkout_and_tests_of_this_one_are_no_match() {
    // An editable install of another working tree; tests inside of the package are this one's.
    let tests = tests_of("pkg.core");
    let mut project = Project::of(
        &[
            ("pyproject.toml", "[tool.pytest.ini_options]\naddopts = '--import-mode=importlib'\n"),
            ("src/pkg/__init__.py", ""),
            ("src/pkg/core.py", BASE),
            ("src/pkg/tests/test_core.py", &tests),
        ],
        &[("src/pkg/core.py", CHANGE)],
    );
    let own = Own::of(&mut project);
    let other = project.everything().canonicalize().expect("it is there").join("other/src");
    fs::create_dir_all(other.join("pkg")).expect("writable");
    fs::write(other.join("pkg/__init__.py"), "").expect("writable");
    fs::write(other.join("pkg/core.py"), BASE).expect("writable");
    own.installs("__editable__.pkg.pth", &format!("{}\n", other.display()));
    let imported = other.join("pkg");
    let job = &mut project.main_job(&[]);
    is_another_copy(&project, job, &imported, "src/pkg/");
}

#[test]
fn a_namespace_that_is_shared_with_an_installed_distribution_is_no_copy() {
    let shared = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n";
    let tests = tests_of("ns.ours");
    let mut project = Project::of(
        &[("src/ns/__init__.py", shared), ("src/ns/ours.py", BASE), ("tests/test_core.py", &tests)],
        &[("src/ns/ours.py", CHANGE)],
    );
    let own = Own::of(&mut project);
    own.installs("ns/__init__.py", shared);
    own.installs("ns/theirs.py", "");
    own.installs("zz.pth", &format!("{}\n", project.root().join("src").display()));
    kills_all(&project, &mut project.main_job(&[]));
}
