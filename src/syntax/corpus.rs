//! A test that compares the functions of a corpus with the code objects of a real Python.
//!
//! Invariant: what Python compiles is parsed, and a named code object resolves to the function of
//! its qualified name.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::model::{CodePoint, FunctionKind, LineNo, RepoPath};
use crate::syntax::{Module, Source, resolve};

/// Prints a JSON array for each file named on standard input: its path, and name, first line and
/// qualified name of its code objects (null where it does not compile).
const CODE_OBJECTS: &str = r#"
import json, sys, types, warnings
warnings.simplefilter("ignore")
def walk(code, found):
    found.append([code.co_name, code.co_firstlineno, code.co_qualname])
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            walk(const, found)
    return found
for path in sys.stdin.read().splitlines():
    try:
        with open(path, "rb") as file:
            found = walk(compile(file.read(), path, "exec", dont_inherit=True), [])
    except (SyntaxError, ValueError, UnicodeError, RecursionError):
        found = None
    print(json.dumps([path, found]))
"#;

/// Name, first line and qualified name.
type CodeObject = (String, u32, String);

fn python_files() -> Vec<PathBuf> {
    let roots = std::env::var("MUTDIFF_CORPUS").unwrap();
    let mut files = Vec::new();
    let mut directories: Vec<PathBuf> = roots.split(':').map(PathBuf::from).collect();
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "py") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Needs a Python of 3.11 or newer: `MUTDIFF_CORPUS=… MUTDIFF_TEST_PYTHON=… cargo test --lib
/// code_objects_of_a_corpus -- --ignored --nocapture`
#[test]
#[ignore = "set MUTDIFF_CORPUS and MUTDIFF_TEST_PYTHON"]
fn code_objects_of_a_corpus_resolve_to_their_functions() {
    let python = std::env::var_os("MUTDIFF_TEST_PYTHON").unwrap();
    let files: Vec<_> =
        python_files().into_iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let mut list = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut list, files.join("\n").as_bytes()).unwrap();
    std::io::Seek::rewind(&mut list).unwrap();
    let output = Command::new(python)
        .args(["-I", "-c", CODE_OBJECTS])
        .stdin(list)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let (mut compiled, mut named, mut nameless) = (0, 0, 0);
    let mut unparsable = Vec::new();
    let mut elsewhere = Vec::new();
    let mut nameless_elsewhere = Vec::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let (path, codes): (String, Option<Vec<CodeObject>>) = serde_json::from_str(line).unwrap();
        let Some(codes) = codes else { continue };
        compiled += 1;
        let bytes = std::fs::read(&path).unwrap();
        let parsed = Source::decode(RepoPath::new(&path), bytes).and_then(Module::parse);
        let module = match parsed {
            Ok(module) => module,
            Err(error) => {
                unparsable.push(error.to_string());
                continue;
            }
        };
        for (name, first_line, qualified) in codes {
            let first_line = LineNo::new(first_line).unwrap_or(LineNo::FIRST);
            let point = CodePoint { path: RepoPath::new(&path), first_line, name: name.clone() };
            let found = resolve(module.functions(), &point).unwrap();
            let key: String = without_numbers(found.key.name.as_str());
            let report =
                format!("{path}:{first_line}: {qualified} is taken for {}", found.key.name);
            if name.starts_with('<') {
                nameless += 1;
                let around = qualified.rsplit_once(".<locals>.").map_or("", |(around, _)| around);
                let is_there = found.kind == FunctionKind::Lambda
                    || around.starts_with(&key)
                    || matches!(found.kind, FunctionKind::Module | FunctionKind::Class);
                if !is_there {
                    nameless_elsewhere.push(report);
                }
            } else {
                named += 1;
                if key != qualified && key != format!("{qualified}.<class>") {
                    elsewhere.push(report);
                }
            }
        }
    }
    println!("{compiled} files, {named} named and {nameless} nameless code objects");
    println!("unparsable:\n{}", unparsable.join("\n"));
    println!("named elsewhere:\n{}", elsewhere.join("\n"));
    println!("nameless elsewhere:\n{}", nameless_elsewhere.join("\n"));
    // Python gives names to more than functions (type aliases, type variables), and a `global`
    // statement shortens qualified names.
    assert!(elsewhere.len() * 100 < named, "{} of {named}", elsewhere.len());
    assert!(unparsable.len() * 1000 < compiled, "{} of {compiled}", unparsable.len());
}

fn without_numbers(name: &str) -> String {
    let parts = name.split('.').map(|part| part.split('#').next().unwrap_or(part));
    parts.collect::<Vec<_>>().join(".")
}
