//! `mutdiff store`: status, clear, gc, export, import.
//!
//! Invariant: none of these commands starts Python.

use std::fs;

use mutdiff::store::VERSION;

use crate::harness::{FakePython, Project, Python, Ran};

fn project() -> Project {
    let test = "import unittest\nfrom one import one\n\n\nclass T(unittest.TestCase):\n    \
                def test_one(self):\n        self.assertEqual(one(1), 2)\n";
    let base = [("one.py", "def one(n):\n    return n + 1\n"), ("test_one.py", test)];
    Project::on(Python::usual(), &base, &[]).with_runner("unittest")
}

fn store(project: &Project, arguments: &[&str]) -> Ran {
    let words: Vec<&str> = ["store"].iter().chain(arguments).copied().collect();
    Ran::of(&mut project.mutdiff(&words))
}

#[test]
fn a_store_is_looked_at_tidied_handed_on_and_cleared_without_python() {
    let project = project();
    let fake = FakePython::before(&project);
    let record = |project: &Project| {
        let mut command = project.mutdiff(&["record", "--decide", "--runner", "unittest"]);
        Ran::of(command.arg("--python").arg(fake.path())).expect(0)
    };
    store(&project, &["status"]).expect(0).says("none yet");
    store(&project, &["clear"]).expect(0).says("there is no store here");
    store(&project, &["gc"]).expect(0).says("there is no store here");
    store(&project, &["export", "out.db"]).expect(2).says("no store to export");
    record(&project);
    project.write("one.py", "def one(n):\n    return 1 + n\n");
    record(&project);
    fake.forget();

    let text = store(&project, &["status", "--format", "json"]).expect(0).stdout;
    let status: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(status["state"], "current");
    assert_eq!(status["schema"], VERSION);
    assert_eq!(status["environment"]["runner"], "unittest");
    assert_eq!(status["counts"]["tests"], 1);
    let count = |of: &str| status["counts"][of].as_u64().unwrap();
    assert!(count("files") > 1 && count("functions") > 3 && count("edges") > 0);
    assert!(count("verdicts") > count("mutants"), "{text}");
    store(&project, &["status"]).expect(0).says("made in unittest on Python");

    let removed = count("verdicts") - count("mutants");
    let said = format!("removed {removed} old verdicts");
    store(&project, &["gc", "--keep", "1"]).expect(0).says(&said);
    store(&project, &["gc", "--keep", "1"]).expect(0).says("removed 0 old verdicts and 0 rows");

    let file = project.everything().join("out.db");
    let name = file.display().to_string();
    store(&project, &["export", &name]).expect(0).says("exported to");
    store(&project, &["export", &name]).expect(2).says("exists").says("--force");
    store(&project, &["export", &name, "--force"]).expect(0);
    store(&project, &["clear"]).expect(0).says("with the traces of 1 tests");
    store(&project, &["status"]).expect(0).says("none yet");
    store(&project, &["import", &name]).expect(0).says("imported").says("tests 1");
    assert_eq!(fake.starts(), 0);

    // All that was known is known again.
    record(&project).says("nothing decided anew");
    assert_eq!(fake.starts(), 0);
}

#[test]
fn callers_and_tests_of_a_function_are_told_without_python() {
    let base = [
        (
            "shop/prices.py",
            "def tax(n):\n    return n // 5\n\n\ndef total(n):\n    return n + tax(n)\n\n\n\
             def unused(n):\n    return total(n)\n",
        ),
        ("shop/__init__.py", ""),
        (
            "shop/cart.py",
            "from shop.prices import total\n\n\nclass Cart:\n    def total(self):\n        \
             return total(10)\n",
        ),
        (
            "test_shop.py",
            "import unittest\nfrom shop.cart import Cart\nfrom shop.prices import tax\n\n\n\
             class T(unittest.TestCase):\n    def test_cart(self):\n        \
             self.assertEqual(Cart().total(), 12)\n\n    def test_tax(self):\n        \
             self.assertEqual(tax(10), 2)\n",
        ),
    ];
    let project = Project::on(Python::usual(), &base, &[]).with_runner("unittest");
    let scope = |arguments: &[&str]| {
        let words: Vec<&str> = ["scope"].iter().chain(arguments).copied().collect();
        store(&project, &words)
    };
    scope(&["tax"]).expect(2).says("no test was traced in").says("mutdiff record");
    let fake = FakePython::before(&project);
    let mut command = project.mutdiff(&["record", "--runner", "unittest"]);
    Ran::of(command.arg("--python").arg(fake.path())).expect(0);
    fake.forget();

    let text = scope(&["shop/prices.py::tax"]).expect(0).stdout;
    let told = "shop/prices.py::tax\n\ncallers, the nearest first (2):\n  1  shop/prices.py::total\n  \
                2  shop/cart.py::Cart.total\n\ntests that enter it or a caller (2):\n  \
                test_shop.T.test_cart\n  test_shop.T.test_tax\n";
    assert_eq!(text, told);
    let tests = scope(&["Cart.total", "--format", "tests"]).expect(0).stdout;
    assert_eq!(tests, "test_shop.T.test_cart\n");
    let text = scope(&["tax", "unused", "--depth", "1", "--format", "json"]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["functions"].as_array().unwrap().len(), 2);
    assert_eq!(json["callers"].as_array().unwrap().len(), 1);
    assert_eq!(json["callers"][0]["function"]["name"], "total");
    assert_eq!(json["callers"][0]["reaches"]["name"], "tax");

    // Named from a folder of the repository, as the shell completes it.
    let mut command = project.mutdiff(&["store", "scope", "cart.py::Cart.total"]);
    let inside = Ran::of(command.current_dir(project.root().join("shop"))).expect(0);
    inside.says("tests that enter it or a caller (1)");
    scope(&["unused"]).expect(0).says("no callers were seen").says("no test was seen to enter");
    scope(&["shop/prices.py::taxes"]).expect(2).says("did you mean shop/prices.py::tax");
    scope(&["nothing.py::tax"]).expect(2).says("there is no function").never_says("mutant");
    assert_eq!(fake.starts(), 0);

    // What was is asked about only by its whole name.
    project.git(&["mv", "shop/prices.py", "shop/costs.py"]);
    for path in ["shop/cart.py", "test_shop.py"] {
        let text = fs::read_to_string(project.root().join(path)).unwrap();
        project.write(path, text.replace("shop.prices", "shop.costs"));
    }
    Ran::of(&mut project.mutdiff(&["record", "--runner", "unittest"])).expect(0);
    scope(&["tax"])
        .expect(0)
        .says("shop/costs.py::tax")
        .says("tests that enter it or a caller (2)");
}

#[test]
fn what_cannot_be_imported_is_told_apart_and_changes_nothing() {
    let project = project();
    let file = project.everything().join("in.db");
    let name = file.display().to_string();
    store(&project, &["import", &name]).expect(2).says("No such file");
    fs::write(&file, "a text that is long enough to be looked at").unwrap();
    store(&project, &["import", &name]).expect(2).says("this is no store of mutdiff's");
    store(&project, &["status"]).expect(0).says("none yet");

    Ran::of(&mut project.mutdiff(&["--base", "main", "--list"])).expect(0);
    store(&project, &["export", &name, "--force"]).expect(0);
    let whole = fs::read(&file).unwrap();
    // The version of the schema is at a fixed place of the file.
    let with_version = |version: i64| {
        let mut bytes = whole.clone();
        bytes[60..64].copy_from_slice(&u32::try_from(version).unwrap().to_be_bytes());
        fs::write(&file, bytes).unwrap();
        store(&project, &["import", &name]).expect(2)
    };
    with_version(VERSION + 1).says("a store of a newer mutdiff").says("with that mutdiff");
    with_version(VERSION - 1).says("a store of an older mutdiff").says("mutdiff record");
    store(&project, &["status"]).expect(0).says(&format!("state schema {VERSION}"));
}

#[test]
fn a_store_of_a_newer_mutdiff_is_shown_and_can_be_cleared() {
    let project = project();
    Ran::of(&mut project.mutdiff(&["--base", "main", "--list"])).expect(0);
    let name = project.everything().join("out.db").display().to_string();
    store(&project, &["export", &name]).expect(0);
    let mut bytes = fs::read(&name).unwrap();
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    let path = project.root().join(".mutdiff/store.db");
    for log in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{log}", path.display()));
    }
    fs::write(&path, bytes).unwrap();
    store(&project, &["status"]).expect(0).says("schema 99").says("cannot use it");
    store(&project, &["gc"]).expect(2).says("written by a newer mutdiff");
    store(&project, &["clear"]).expect(0).says("removed");
    store(&project, &["status"]).expect(0).says("none yet");
}

#[test]
fn a_linked_working_tree_begins_with_what_the_main_one_knows() {
    let project = project();
    let fake = FakePython::before(&project);
    let record = |linked: Option<&std::path::Path>| {
        let mut command = project.mutdiff(&["record", "--decide", "--runner", "unittest"]);
        command.arg("--python").arg(fake.path());
        Ran::of(command.current_dir(linked.unwrap_or(&project.root()))).expect(0)
    };
    record(None);
    let linked = project.home().join("linked");
    let path = linked.to_str().expect("a path of text");
    project.git(&["worktree", "add", "--quiet", "-b", "side", path]);
    record(Some(&linked)).says("nothing decided anew");
    // Its own from then on.
    fs::write(linked.join("one.py"), "def one(n):\n    return 1 + n\n").expect("it is there");
    record(Some(&linked));
    let verdicts = |place: &std::path::Path| {
        let place = place.display().to_string();
        let text = store(&project, &["status", "--format", "json", "--repo", &place]).stdout;
        let status: serde_json::Value = serde_json::from_str(&text).unwrap();
        status["counts"]["verdicts"].as_u64().unwrap()
    };
    assert!(verdicts(&linked) > verdicts(&project.root()));
    // And one that is taken in by hand.
    let third = project.home().join("third");
    let path = third.to_str().expect("a path of text");
    project.git(&["worktree", "add", "--quiet", "--detach", path]);
    let main = project.root().join(".mutdiff/store.db").display().to_string();
    store(&project, &["import", &main, "--repo", path]).expect(0).says("imported");
    record(Some(&third)).says("nothing decided anew");
}
