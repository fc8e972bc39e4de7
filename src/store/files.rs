//! Files as they were when they were last parsed, so that an unchanged file never is again.
//!
//! Invariant: a file whose stat equals the stored one has the stored contents.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::encoding::{Reader, Writer};
use super::error::Fault;
use super::{Store, StoreError, moved_lines};
use crate::model::{
    ByteSpan, ContentHash, FileStat, Fingerprint, Function, FunctionKey, FunctionKind, LineRange,
    QualName, RepoPath,
};

/// A file and its functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Where it is.
    pub path: RepoPath,
    /// Its contents, digested.
    pub hash: ContentHash,
    /// What the disk said of it, asked before it was read; `None` where that is unknown.
    pub stat: Option<FileStat>,
    /// Its functions, in source order.
    pub functions: Vec<Function>,
    /// What tells each line of its text from others; 0 where no code is on it.
    pub marks: Vec<u64>,
}

/// What tells whether a file changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownFile {
    /// Its contents, digested.
    pub hash: ContentHash,
    /// What the disk said of it; `None` where the contents must be looked at.
    pub stat: Option<FileStat>,
}

impl Store {
    /// The file at a path, as it was when it was last put.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn file(&self, path: &RepoPath) -> Result<Option<StoredFile>, StoreError> {
        self.read(|connection| find(connection, path))
    }

    /// All files, by path, without their marks.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn all_files(&self) -> Result<Vec<StoredFile>, StoreError> {
        self.read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT f.path, hash, mtime_ns, ctime_ns, size, inode, data, x''
                 FROM file f JOIN file_functions ON file = f.id ORDER BY f.path",
            )?;
            select.query_map([], columns)?.map(|row| stored_file(row?)).collect()
        })
    }

    /// What tells whether each file changed; their functions are not read.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn known_files(&self) -> Result<HashMap<RepoPath, KnownFile>, StoreError> {
        self.read(|connection| {
            let mut select = connection
                .prepare_cached("SELECT path, hash, mtime_ns, ctime_ns, size, inode FROM file")?;
            let rows = select.query_map([], |row| {
                let known = KnownFile { hash: ContentHash::new(row.get(1)?), stat: stat(row)? };
                Ok((RepoPath::new(row.get::<_, String>(0)?), known))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Remembers a file in place of what was known of its path.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn put_file(&mut self, file: &StoredFile) -> Result<(), StoreError> {
        self.put_files(std::slice::from_ref(file))
    }

    /// Remembers several files, in one transaction. Stored lines of a file that was another move
    /// with their code; where the code is another too, tests that reached them fit no digest.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn put_files(&mut self, files: &[StoredFile]) -> Result<(), StoreError> {
        self.write(|connection, interner| {
            for file in files {
                if let Some(old) = find(connection, &file.path)?
                    && old.hash != file.hash
                    && moved_lines::follow(connection, &old, file)?
                {
                    interner.forget_lines();
                }
                put(connection, file)?;
            }
            Ok(())
        })
    }

    /// Remembers a new stat of files whose contents turned out to be the known ones.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn put_stats(&mut self, stats: &[(RepoPath, FileStat)]) -> Result<(), StoreError> {
        self.write(|connection, _| {
            let mut update = connection.prepare_cached(
                "UPDATE file SET mtime_ns = ?2, ctime_ns = ?3, size = ?4, inode = ?5
                 WHERE path = ?1",
            )?;
            for (path, stat) in stats {
                let (size, inode) = (stat.size.cast_signed(), stat.inode.cast_signed());
                let path = path.as_str();
                update.execute(params![path, stat.mtime_ns, stat.ctime_ns, size, inode])?;
            }
            Ok(())
        })
    }

    /// Forgets a file.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn remove_file(&mut self, path: &RepoPath) -> Result<(), StoreError> {
        self.write(|connection, _| {
            connection.execute(
                "DELETE FROM file_functions WHERE file = (SELECT id FROM file WHERE path = ?)",
                [path.as_str()],
            )?;
            connection.execute("DELETE FROM file WHERE path = ?", [path.as_str()])?;
            Ok(())
        })
    }
}

fn find(connection: &Connection, path: &RepoPath) -> Result<Option<StoredFile>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT f.path, hash, mtime_ns, ctime_ns, size, inode, data, marks
         FROM file f JOIN file_functions ON file = f.id WHERE f.path = ?",
    )?;
    let row = select.query_row([path.as_str()], columns).optional()?;
    row.map(stored_file).transpose()
}

type Columns = (String, [u8; 32], Option<FileStat>, Vec<u8>, Vec<u8>);

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, stat(row)?, row.get(6)?, row.get(7)?))
}

fn stat(row: &Row<'_>) -> rusqlite::Result<Option<FileStat>> {
    let Some(mtime_ns) = row.get(2)? else { return Ok(None) };
    Ok(Some(FileStat {
        mtime_ns,
        ctime_ns: row.get(3)?,
        size: row.get::<_, i64>(4)?.cast_unsigned(),
        inode: row.get::<_, i64>(5)?.cast_unsigned(),
    }))
}

fn stored_file((path, hash, stat, data, marks): Columns) -> Result<StoredFile, Fault> {
    let path = RepoPath::new(path);
    let functions = read_functions(&path, &data)?;
    let marks = marks.chunks_exact(8);
    let marks =
        marks.map(|mark| u64::from_le_bytes(mark.try_into().expect("eight bytes"))).collect();
    Ok(StoredFile { path, hash: ContentHash::new(hash), stat, functions, marks })
}

fn put(connection: &Connection, file: &StoredFile) -> Result<(), Fault> {
    let stat = file.stat;
    let mut upsert = connection.prepare_cached(
        "INSERT INTO file(path, hash, mtime_ns, ctime_ns, size, inode) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT(path) DO UPDATE SET hash = excluded.hash, mtime_ns = excluded.mtime_ns,
           ctime_ns = excluded.ctime_ns, size = excluded.size, inode = excluded.inode
         RETURNING id",
    )?;
    let id: i64 = upsert.query_row(
        params![
            file.path.as_str(),
            file.hash.as_bytes(),
            stat.map(|stat| stat.mtime_ns),
            stat.map(|stat| stat.ctime_ns),
            stat.map(|stat| stat.size.cast_signed()),
            stat.map(|stat| stat.inode.cast_signed()),
        ],
        |row| row.get(0),
    )?;
    let mut functions =
        connection.prepare_cached("INSERT OR REPLACE INTO file_functions VALUES (?, ?, ?)")?;
    let marks: Vec<u8> = file.marks.iter().flat_map(|mark| mark.to_le_bytes()).collect();
    functions.execute(params![id, write_functions(&file.functions), marks])?;
    Ok(())
}

fn write_functions(functions: &[Function]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.length(functions.len());
    for function in functions {
        writer.text(function.key.name.as_str());
        writer.0.push(match function.kind {
            FunctionKind::Module => 0,
            FunctionKind::Class => 1,
            FunctionKind::Def => 2,
            FunctionKind::Lambda => 3,
        });
        for line in [function.lines.first, function.lines.last, function.def_line] {
            writer.number(u64::from(line.get()));
        }
        writer.length(function.bytes.start);
        writer.length(function.bytes.end);
        writer.raw(function.fingerprint.as_bytes());
        writer.0.push(u8::from(function.doctest.is_some()));
        if let Some(doctest) = &function.doctest {
            writer.raw(doctest.as_bytes());
        }
        writer.0.push(u8::from(function.header.is_some()));
        if let Some(header) = &function.header {
            writer.raw(header.as_bytes());
        }
        writer.0.push(u8::from(function.parent.is_some()));
        if let Some(parent) = &function.parent {
            writer.text(parent.as_str());
        }
    }
    writer.0
}

fn read_functions(path: &RepoPath, data: &[u8]) -> Result<Vec<Function>, Fault> {
    let mut reader = Reader(data);
    let count = reader.length()?;
    let mut functions = Vec::with_capacity(count.min(data.len()));
    for _ in 0..count {
        let name = QualName::new(reader.text()?);
        let kind = match reader.array()? {
            [0] => FunctionKind::Module,
            [1] => FunctionKind::Class,
            [2] => FunctionKind::Def,
            [3] => FunctionKind::Lambda,
            _ => return Err(Fault::Malformed("a function is of no known kind")),
        };
        let lines = LineRange { first: reader.line()?, last: reader.line()? };
        let def_line = reader.line()?;
        let bytes = ByteSpan { start: reader.length()?, end: reader.length()? };
        let fingerprint = Fingerprint::new(reader.array()?);
        let doctest = match reader.array()? {
            [0] => None,
            _ => Some(Fingerprint::new(reader.array()?)),
        };
        let header = match reader.array()? {
            [0] => None,
            _ => Some(Fingerprint::new(reader.array()?)),
        };
        let parent = match reader.array()? {
            [0] => None,
            _ => Some(QualName::new(reader.text()?)),
        };
        let key = FunctionKey::new(path.clone(), name);
        functions.push(Function {
            key,
            kind,
            lines,
            def_line,
            bytes,
            fingerprint,
            doctest,
            header,
            parent,
        });
    }
    Ok(functions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LineNo;

    fn line(line: u32) -> LineNo {
        LineNo::new(line).unwrap()
    }

    fn file(path: &str, stat: Option<FileStat>) -> StoredFile {
        let path = RepoPath::new(path);
        let function = |name: &str, kind, parent: Option<&str>| Function {
            key: FunctionKey::new(path.clone(), QualName::new(name)),
            kind,
            lines: LineRange { first: line(1), last: line(300) },
            def_line: line(2),
            bytes: ByteSpan { start: 0, end: 12_345 },
            fingerprint: Fingerprint::new([7; 32]),
            doctest: parent.is_some().then(|| Fingerprint::new([8; 32])),
            header: parent.map(|_| Fingerprint::new([8; 32])),
            parent: parent.map(QualName::new),
        };
        let functions = vec![
            function("<module>", FunctionKind::Module, None),
            function("C.<class>", FunctionKind::Class, Some("<module>")),
            function("C.é", FunctionKind::Def, Some("C.<class>")),
            function("l", FunctionKind::Lambda, Some("<module>")),
        ];
        StoredFile { path, hash: ContentHash::of(b"x"), stat, functions, marks: Vec::new() }
    }

    fn settled() -> FileStat {
        FileStat { mtime_ns: 123, ctime_ns: 456, size: 789, inode: u64::MAX }
    }

    #[test]
    fn files_are_read_as_written() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let (a, b) = (file("b/a.py", Some(settled())), file("a/b.py", None));
        store.put_files(&[a.clone(), b.clone()]).unwrap();
        assert_eq!(store.file(&a.path).unwrap(), Some(a.clone()));
        assert_eq!(store.all_files().unwrap(), [b.clone(), a.clone()]);
        let known = store.known_files().unwrap();
        assert_eq!(known[&a.path], KnownFile { hash: a.hash, stat: a.stat });
        assert_eq!(known[&b.path].stat, None);
    }

    #[test]
    fn a_file_is_replaced_and_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let mut changed = file("a.py", Some(settled()));
        store.put_file(&changed).unwrap();
        changed.hash = ContentHash::of(b"y");
        changed.functions.truncate(1);
        changed.stat = None;
        store.put_file(&changed).unwrap();
        store.put_stats(&[(changed.path.clone(), settled())]).unwrap();
        changed.stat = Some(settled());
        assert_eq!(store.all_files().unwrap(), [changed.clone()]);
        store.remove_file(&changed.path).unwrap();
        assert_eq!(store.file(&changed.path).unwrap(), None);
        assert!(store.known_files().unwrap().is_empty());
    }
}
