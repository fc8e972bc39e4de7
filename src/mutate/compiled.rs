//! Tests that compile every mutant with a real Python.
//!
//! Invariant: a statement that compiles has no mutant that does not.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::model::RepoPath;
use crate::mutate::{Selection, mutants};
use crate::syntax::{Module, Source};

/// Reads one JSON object a line (`name`, `text`, `mutants`), compiles each text with each mutant,
/// and prints what does not compile, then the counts.
const CHECKER: &str = r#"
import json, sys, warnings
warnings.simplefilter("ignore")
compiled = same = skipped = 0
for line in sys.stdin:
    item = json.loads(line)
    text = item["text"].encode()
    try:
        original = compile(text, "m", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        skipped += 1
        continue
    for start, end, replacement, operator in item["mutants"]:
        mutated = text[:start] + replacement.encode() + text[end:]
        try:
            code = compile(mutated, "m", "exec", dont_inherit=True)
            compiled += 1
            same += code == original
            if code == original and len(sys.argv) > 1:
                print("SAME", item["name"], operator, repr(text[start:end].decode()), "->", repr(replacement), file=sys.stderr)
        except (SyntaxError, ValueError) as error:
            print("FAILED", item["name"], operator, error, repr(text[start:end].decode()), "->", repr(replacement))
print(compiled, same, skipped)
"#;

#[derive(Debug, Default)]
struct Corpus {
    lines: Vec<u8>,
    files: usize,
    unparsable: Vec<String>,
    statements: usize,
    mutants: usize,
    moving_lines: usize,
    source_lines: usize,
    parsing: Duration,
    mutating: Duration,
}

impl Corpus {
    fn add(&mut self, name: &str, bytes: Vec<u8>) {
        self.files += 1;
        let started = Instant::now();
        let parsed = Source::decode(RepoPath::new(name), bytes).and_then(Module::parse);
        self.parsing += started.elapsed();
        let module = match parsed {
            Ok(module) => module,
            Err(error) => return self.unparsable.push(error.to_string()),
        };
        let started = Instant::now();
        let found = mutants(&module, &|_| true, &Selection::full());
        self.mutating += started.elapsed();
        self.mutants += found.len();
        self.source_lines += module.source().line_count();
        let text = module.source().text();
        let newlines = |text: &str| text.matches('\n').count();
        for mutant in &found {
            assert_ne!(mutant.original, mutant.replacement);
            assert_eq!(&text[mutant.text.start..mutant.text.end], mutant.original);
            if newlines(&mutant.original) != newlines(&mutant.replacement) {
                self.moving_lines += 1;
            }
        }
        let mut rest = found.as_slice();
        for statement in module.root().named_children() {
            let inside = rest.partition_point(|mutant| mutant.text.start < statement.end());
            let (here, behind) = rest.split_at(inside);
            rest = behind;
            let edits: Vec<_> = here
                .iter()
                .map(|mutant| {
                    let (start, end) = (mutant.text.start, mutant.text.end);
                    assert!(start >= statement.start() && end <= statement.end());
                    let base = statement.start();
                    json!([start - base, end - base, mutant.replacement, mutant.operator])
                })
                .collect();
            self.statements += 1;
            let line = module.source().line(statement.start());
            let item = json!({ "name": format!("{name}:{line}"), "text": statement.text(), "mutants": edits });
            writeln!(self.lines, "{item}").unwrap();
        }
        assert!(rest.is_empty(), "{name}");
    }

    /// What does not compile, and the counts (compiled, same code, statements left out).
    fn check(&self, python: &Path) -> (Vec<String>, String) {
        let mut input = tempfile::tempfile().unwrap();
        input.write_all(&self.lines).unwrap();
        std::io::Seek::rewind(&mut input).unwrap();
        let mut command = Command::new(python);
        command.args(["-I", "-c", CHECKER]).stdin(input).stderr(Stdio::inherit());
        if std::env::var_os("MUTDIFF_SHOW_SAME").is_some() {
            command.arg("show");
        }
        let output = command.output().unwrap();
        assert!(output.status.success());
        let printed = String::from_utf8(output.stdout).unwrap();
        let mut lines: Vec<String> = printed.lines().map(str::to_owned).collect();
        let counts = lines.pop().unwrap();
        (lines, counts)
    }
}

fn python() -> PathBuf {
    std::env::var_os("MUTDIFF_TEST_PYTHON").map_or_else(|| "python3".into(), PathBuf::from)
}

const SAMPLE: &str = include_str!("sample.py");

#[test]
fn every_mutant_of_the_sample_compiles() {
    let mut corpus = Corpus::default();
    corpus.add("sample.py", SAMPLE.into());
    corpus.add("sample_crlf.py", SAMPLE.replace('\n', "\r\n").into());
    assert_eq!(corpus.unparsable, [""; 0]);
    let (failed, counts) = corpus.check(&python());
    assert_eq!(failed, [""; 0], "{counts}");
    assert!(counts.ends_with(" 0"), "statements of the sample that do not compile: {counts}");
    assert_eq!(corpus.moving_lines, 0);
}

/// `MUTDIFF_CORPUS=directory:directory cargo test --lib every_mutant_of_a_corpus -- --ignored`
#[test]
#[ignore = "takes minutes; set MUTDIFF_CORPUS and MUTDIFF_TEST_PYTHON"]
fn every_mutant_of_a_corpus_compiles() {
    let roots = std::env::var("MUTDIFF_CORPUS").unwrap();
    let mut files: Vec<PathBuf> = Vec::new();
    let mut directories: Vec<PathBuf> = roots.split(':').map(PathBuf::from).collect();
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && std::env::var_os("MUTDIFF_CORPUS_DEEP").is_some() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "py") {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut corpus = Corpus::default();
    for file in files {
        corpus.add(&file.to_string_lossy(), std::fs::read(&file).unwrap());
    }
    println!(
        "{} files ({} unparsable), {} lines, {} statements, {} mutants, {} moving lines; parsing {:?}, mutating {:?}",
        corpus.files,
        corpus.unparsable.len(),
        corpus.source_lines,
        corpus.statements,
        corpus.mutants,
        corpus.moving_lines,
        corpus.parsing,
        corpus.mutating
    );
    println!("{}", corpus.unparsable.join("\n"));
    let (failed, counts) = corpus.check(&python());
    println!("compiled, same code, statements left out: {counts}");
    assert!(failed.is_empty(), "{}\n{} do not compile", failed.join("\n"), failed.len());
}
