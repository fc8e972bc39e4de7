//! What the code of each file may lead to, so that a file is parsed for it once.
//!
//! Invariant: leads are found only under the contents that they were made from.

use std::collections::HashMap;

use rusqlite::params;

use super::encoding::{Reader, Writer};
use super::error::Fault;
use super::{Store, StoreError};
use crate::model::{ContentHash, Lead, QualName, RepoPath, Word};

impl Store {
    /// The leads of all files, with the contents that they were made from.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn leads(&self) -> Result<HashMap<RepoPath, (ContentHash, Vec<Lead>)>, StoreError> {
        self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT path, hash, data FROM lead")?;
            let mut rows = select.query([])?;
            let mut found = HashMap::new();
            while let Some(row) = rows.next()? {
                let data = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
                let path = RepoPath::new(row.get::<_, String>(0)?);
                found.insert(path, (ContentHash::new(row.get(1)?), read(data)?));
            }
            Ok(found)
        })
    }

    /// Remembers the leads of files, in place of what was known of them.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn put_leads(
        &mut self,
        files: &[(RepoPath, ContentHash, Vec<Lead>)],
    ) -> Result<(), StoreError> {
        self.write(|connection, _| {
            let mut insert =
                connection.prepare_cached("INSERT OR REPLACE INTO lead VALUES (?, ?, ?)")?;
            for (path, hash, leads) in files {
                insert.execute(params![path.as_str(), hash.as_bytes(), write(leads)])?;
            }
            Ok(())
        })
    }
}

fn write(leads: &[Lead]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.length(leads.len());
    for lead in leads {
        writer.text(lead.function.as_ref().map_or("", QualName::as_str));
        for words in [&lead.binds, &lead.words, &lead.decorators] {
            writer.length(words.len());
            words.iter().for_each(|word| writer.raw(&word.0.to_le_bytes()));
        }
    }
    writer.0
}

fn read(data: &[u8]) -> Result<Vec<Lead>, Fault> {
    let mut reader = Reader(data);
    let words = |reader: &mut Reader<'_>| -> Result<Vec<Word>, Fault> {
        let count = reader.length()?;
        (0..count).map(|_| Ok(Word(u32::from_le_bytes(reader.array()?)))).collect()
    };
    let count = reader.length()?;
    let mut leads = Vec::with_capacity(count.min(data.len()));
    for _ in 0..count {
        let name = reader.text()?;
        leads.push(Lead {
            function: (!name.is_empty()).then(|| QualName::new(name)),
            binds: words(&mut reader)?,
            words: words(&mut reader)?,
            decorators: words(&mut reader)?,
        });
    }
    Ok(leads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_are_read_as_written() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let lead = Lead {
            function: Some(QualName::new("C.é")),
            binds: vec![Word::of("a")],
            words: vec![Word::of("b"), Word(7)],
            decorators: Vec::new(),
        };
        let (path, leads) = (RepoPath::new("m.py"), vec![lead, Lead::default()]);
        let (old, new) = (ContentHash::of(b"x"), ContentHash::of(b"y"));
        store.put_leads(&[(path.clone(), old, Vec::new())]).unwrap();
        store.put_leads(&[(path.clone(), new, leads.clone())]).unwrap();
        assert_eq!(store.leads().unwrap(), HashMap::from([(path, (new, leads))]));
    }
}
