//! Lines of stored traces when a file becomes another: they move with the code that they are in.
//!
//! Invariant: a stored line is a line of the file as it was last put. A test that had reached lines of
//! code whose text is another has a digest that nothing fits, so that it is traced again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension, params};

use super::encoding::{Reader, Writer};
use super::error::Fault;
use super::interning::line_set_hash;
use super::{StoredFile, meta, trace};
use crate::model::{Function, FunctionKey, FunctionKind, LineNo, QualName};

/// The functions whose lines at import are known no more, as a note of the database.
const LOST: &str = "import lines lost";

/// The lines of a file that are code, by the outermost function around them; those of module and
/// class bodies under `<module>`.
fn regions<'f>(
    functions: &'f [Function],
    marks: &[u64],
) -> BTreeMap<&'f str, (Vec<LineNo>, Vec<u64>)> {
    let mut owner: Vec<&str> = vec![QualName::MODULE; marks.len()];
    let mut until = 0;
    for function in functions {
        let (first, last) =
            (function.lines.first.get() as usize, function.lines.last.get() as usize);
        let is_body = matches!(function.kind, FunctionKind::Module | FunctionKind::Class);
        // In source order, so that one which begins before the end of another is within it.
        if !is_body && first > until {
            until = last;
            let lines = owner.get_mut(first - 1..last.min(marks.len())).unwrap_or_default();
            lines.fill(function.key.name.as_str());
        }
    }
    let mut regions: BTreeMap<&str, (Vec<LineNo>, Vec<u64>)> = BTreeMap::new();
    for ((number, &mark), owner) in (1_u32..).zip(marks).zip(owner) {
        if let (true, Some(line)) = (mark != 0, LineNo::new(number)) {
            let region = regions.entry(owner).or_default();
            region.0.push(line);
            region.1.push(mark);
        }
    }
    regions
}

/// Where the lines of a file went.
struct Moves<'f> {
    lines: HashMap<LineNo, LineNo>,
    /// The function of each line that is known no more.
    lost: HashMap<LineNo, &'f str>,
}

impl<'f> Moves<'f> {
    fn between(old: &'f StoredFile, new: &StoredFile) -> Self {
        let now = regions(&new.functions, &new.marks);
        let mut moves = Self { lines: HashMap::new(), lost: HashMap::new() };
        for (name, (lines, marks)) in regions(&old.functions, &old.marks) {
            match now.get(name) {
                Some((there, same)) if *same == marks => {
                    moves.lines.extend(lines.into_iter().zip(there.iter().copied()));
                }
                _ => moves.lost.extend(lines.into_iter().map(|line| (line, name))),
            }
        }
        moves
    }

    fn is_nothing(&self) -> bool {
        self.lost.is_empty() && self.lines.iter().all(|(from, to)| from == to)
    }

    /// The lines as they are now, and the functions of those that are known no more.
    fn apply(&self, lines: &[LineNo]) -> (Vec<LineNo>, BTreeSet<&'f str>) {
        let mut there: Vec<LineNo> =
            lines.iter().filter_map(|line| self.lines.get(line)).copied().collect();
        there.sort_unstable();
        (there, lines.iter().filter_map(|line| self.lost.get(line)).copied().collect())
    }
}

/// Moves the stored lines of a file that is about to be put; returns whether there were any to move.
pub(super) fn follow(
    connection: &Connection,
    old: &StoredFile,
    new: &StoredFile,
) -> Result<bool, Fault> {
    let moves = Moves::between(old, new);
    if moves.is_nothing() {
        return Ok(false);
    }
    let path = new.path.as_str();
    let mut select = connection.prepare_cached("SELECT id FROM path WHERE path = ?")?;
    if let Some(path) = select.query_row([path], |row| row.get::<_, u32>(0)).optional()? {
        line_sets(connection, path, &moves)?;
    }
    let Some(bytes) = meta::get(connection, "import")? else { return Ok(true) };
    let mut imports = trace::read_import(&bytes)?;
    if let Some(lines) = imports.lines.get_mut(&new.path) {
        let (there, lost) = moves.apply(lines);
        *lines = there;
        meta::put(connection, "import", &trace::write_import(&imports))?;
        if !lost.is_empty() {
            let mut all = lost_imports(connection)?;
            let key = |name| FunctionKey::new(new.path.clone(), QualName::new(name));
            all.extend(lost.into_iter().map(key));
            put_lost_imports(connection, &all)?;
        }
    }
    Ok(true)
}

/// Moves the lines that tests reached.
fn line_sets(connection: &Connection, path: u32, moves: &Moves<'_>) -> Result<(), Fault> {
    let mut sets: Vec<(u32, Vec<LineNo>)> = Vec::new();
    let mut select = connection.prepare_cached("SELECT id, data FROM line_set WHERE path = ?")?;
    let mut rows = select.query([path])?;
    while let Some(row) = rows.next()? {
        let data = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        sets.push((row.get(0)?, Reader(data).lines()?));
    }
    // A set may become what another one still is: none keeps its hash meanwhile.
    connection
        .prepare_cached("UPDATE line_set SET hash = randomblob(16) WHERE path = ?")?
        .execute([path])?;
    let mut torn: BTreeSet<u32> = BTreeSet::new();
    let mut hashes = BTreeSet::new();
    for (id, lines) in sets {
        let (there, lost) = moves.apply(&lines);
        let mut writer = Writer::default();
        writer.lines(&there);
        let hash = line_set_hash(path, &writer.0);
        // What an earlier move has torn may look like a whole one by now.
        if lost.is_empty() && hashes.insert(hash) {
            let mut update =
                connection.prepare_cached("UPDATE line_set SET hash = ?, data = ? WHERE id = ?")?;
            update.execute(params![hash, writer.0, id])?;
        } else {
            torn.extend((!lost.is_empty()).then_some(id));
            let mut update =
                connection.prepare_cached("UPDATE line_set SET data = ? WHERE id = ?")?;
            update.execute(params![writer.0, id])?;
        }
    }
    if torn.is_empty() {
        return Ok(());
    }
    let mut coverages: Vec<u32> = Vec::new();
    let mut select = connection.prepare_cached("SELECT id, data FROM coverage")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let data = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        if Reader(data).ids()?.iter().any(|set| torn.contains(set)) {
            coverages.push(row.get(0)?);
        }
    }
    let mut forget =
        connection.prepare_cached("UPDATE test SET digest = zeroblob(32) WHERE coverage = ?")?;
    coverages.into_iter().try_for_each(|coverage| forget.execute([coverage]).map(|_| ()))?;
    Ok(())
}

/// The functions whose lines at import are known no more; `<module>` for those of the file's bodies.
pub(super) fn lost_imports(connection: &Connection) -> Result<BTreeSet<FunctionKey>, Fault> {
    let bytes = meta::get(connection, LOST)?.unwrap_or_default();
    let mut reader = Reader(&bytes);
    let mut found = BTreeSet::new();
    while !reader.is_at_end() {
        let path = crate::model::RepoPath::new(reader.text()?);
        found.insert(FunctionKey::new(path, QualName::new(reader.text()?)));
    }
    Ok(found)
}

/// Remembers them.
pub(super) fn put_lost_imports(
    connection: &Connection,
    lost: &BTreeSet<FunctionKey>,
) -> Result<(), Fault> {
    let mut writer = Writer::default();
    for key in lost {
        writer.text(key.path.as_str());
        writer.text(key.name.as_str());
    }
    meta::put(connection, LOST, &writer.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        ByteSpan, ContentHash, Fingerprint, ImportTrace, LineRange, RepoPath, TestId,
    };
    use crate::store::testing::{lines, record, store};
    use crate::store::{ReachDigest, Store};

    const FILE: &str = "a.py";

    /// A file of lines that are marks; functions by name with their first and last line.
    fn file(marks: &[u64], functions: &[(&str, u32, u32)]) -> StoredFile {
        let line = |number| LineNo::new(number).unwrap();
        let function = |&(name, first, last): &(&str, u32, u32)| Function {
            key: FunctionKey::new(RepoPath::new(FILE), QualName::new(name)),
            kind: if name == QualName::MODULE { FunctionKind::Module } else { FunctionKind::Def },
            lines: LineRange { first: line(first), last: line(last) },
            def_line: line(first),
            bytes: ByteSpan { start: 0, end: 0 },
            fingerprint: Fingerprint::new([0; 32]),
            doctest: None,
            header: None,
            parent: None,
        };
        let bytes: Vec<u8> = marks.iter().flat_map(|mark| mark.to_le_bytes()).collect();
        StoredFile {
            path: RepoPath::new(FILE),
            hash: ContentHash::of(&bytes),
            stat: None,
            functions: functions.iter().map(function).collect(),
            marks: marks.to_vec(),
        }
    }

    fn reached(store: &Store, test: &str) -> Vec<u32> {
        let trace = store.load_trace().unwrap();
        let test = trace.test(&TestId::new(test)).unwrap();
        trace.lines(test).flat_map(|(_, lines)| lines).map(|line| line.get()).collect()
    }

    /// Two tests of `f` (lines 2 and 3) and `g` (lines 5 to 7); line 1 is the module's.
    fn traced() -> (tempfile::TempDir, Store) {
        let (dir, mut store) = store();
        let functions = [("<module>", 1, 7), ("f", 2, 3), ("g", 5, 7)];
        store.put_file(&file(&[9, 1, 2, 0, 3, 4, 5], &functions)).unwrap();
        let mut records = [
            record("of_f", 0, &[(FILE, &[3])], &["f"], &[]),
            record("of_g", 1, &[(FILE, &[6, 7])], &["g"], &[]),
        ];
        records.iter_mut().for_each(|record| record.summary.digest = ReachDigest([7; 32]));
        store.put_tests(&records).unwrap();
        let imports = ImportTrace {
            lines: [(RepoPath::new(FILE), lines(&[1, 2, 5]))].into(),
            ..ImportTrace::default()
        };
        store.put_import_trace(&imports).unwrap();
        (dir, store)
    }

    fn digests(store: &Store) -> Vec<bool> {
        store.tests().unwrap().iter().map(|test| test.digest.0 == [7; 32]).collect()
    }

    #[test]
    fn lines_move_with_their_function_also_past_comments_within_it() {
        let (_dir, mut store) = traced();
        let functions = [("<module>", 1, 10), ("g", 3, 7), ("f", 8, 9)];
        store.put_file(&file(&[0, 9, 3, 4, 0, 0, 5, 1, 2, 0], &functions)).unwrap();
        assert_eq!(reached(&store, "of_f"), [9]);
        assert_eq!(reached(&store, "of_g"), [4, 7]);
        assert_eq!(digests(&store), [true, true]);
        let imports = store.import_trace().unwrap().unwrap();
        assert_eq!(imports.lines[&RepoPath::new(FILE)], lines(&[2, 3, 8]));
        assert!(store.lost_imports().unwrap().is_empty());
    }

    #[test]
    fn a_test_of_another_text_is_traced_again_and_others_are_not() {
        let (_dir, mut store) = traced();
        let functions = [("<module>", 1, 8), ("f", 2, 4), ("g", 6, 8)];
        store.put_file(&file(&[9, 1, 8, 2, 0, 3, 4, 5], &functions)).unwrap();
        assert_eq!(digests(&store), [false, true]);
        assert_eq!(reached(&store, "of_g"), [7, 8]);
        let lost: Vec<String> =
            store.lost_imports().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(lost, ["a.py::f"]);
    }

    #[test]
    fn what_was_torn_may_come_to_look_like_another_set() {
        let (_dir, mut store) = store();
        let functions = |at| [("<module>", 1, 3), ("f", at, at), ("g", at + 1, at + 1)];
        store.put_file(&file(&[1, 2], &functions(1))).unwrap();
        let one = record("of_f", 0, &[(FILE, &[1])], &["f"], &[]);
        let two = record("of_both", 1, &[(FILE, &[1, 2])], &["f", "g"], &[]);
        store.put_tests(&[one, two]).unwrap();
        store.put_file(&file(&[1, 3], &functions(1))).unwrap();
        store.put_file(&file(&[0, 1, 3], &functions(2))).unwrap();
        assert_eq!(reached(&store, "of_f"), [2]);
        assert_eq!(reached(&store, "of_both"), [2]);
    }

    #[test]
    fn sets_that_take_one_anothers_place_stay_apart() {
        let (_dir, mut store) = store();
        let functions = |f, g| [("<module>", 1, 2), ("f", f, f), ("g", g, g)];
        store.put_file(&file(&[1, 2], &functions(1, 2))).unwrap();
        let one = record("of_f", 0, &[(FILE, &[1])], &["f"], &[]);
        let two = record("of_g", 1, &[(FILE, &[2])], &["g"], &[]);
        store.put_tests(&[one, two]).unwrap();
        let mut turned = file(&[2, 1], &functions(2, 1));
        turned.functions.swap(1, 2);
        store.put_file(&turned).unwrap();
        assert_eq!((reached(&store, "of_f"), reached(&store, "of_g")), (vec![2], vec![1]));
        let third = record("of_both", 2, &[(FILE, &[2])], &["f"], &[]);
        store.put_tests(&[third]).unwrap();
        assert_eq!(reached(&store, "of_both"), [2]);
    }
}
