//! What a run is about: the repository, its files as they are now, their functions.
//!
//! Invariant: an unchanged file is neither read nor parsed again; what is parsed is remembered.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::LabError;
use crate::config::{Invalidates, Options, PROJECT_FILE, ProjectConfig, without_own_settings};
use crate::git::{Base, Ci, Head, Repository, Submodule};
use crate::model::{ContentHash, FileStat, Function, FunctionKey, Notice, RepoPath, SkippedFile};
use crate::mutate::Selection;
use crate::store::{Store, StoreError, StoredFile};
use crate::syntax::{Module, Source};

/// The functions of each file.
pub(super) type Functions = HashMap<RepoPath, Vec<Function>>;

/// What a run is about.
#[derive(Debug)]
pub(super) struct Subject {
    /// The repository.
    pub repository: Repository,
    /// What is tested.
    pub head: Head,
    /// What it is compared with.
    pub base: Base,
    /// Where the tested files are: the working tree, or a copy of the tested commit.
    pub root: PathBuf,
    /// The project's Python files, sorted, with their contents' hashes.
    pub files: BTreeMap<RepoPath, ContentHash>,
    /// The project's settings.
    pub config: ProjectConfig,
    /// The operators that are on.
    pub selection: Selection,
    /// The files that tests may read, and that are neither code nor tied to code nor harmless.
    pub data: BTreeMap<RepoPath, ContentHash>,
    /// Files that the settings tie to code, by that code.
    tied: BTreeMap<RepoPath, BTreeMap<RepoPath, ContentHash>>,
    /// Other repositories within this one.
    pub submodules: Vec<Submodule>,
    /// Files that were left out.
    pub skipped: Vec<SkippedFile>,
    /// Files whose stored functions are out of date.
    outdated: BTreeMap<RepoPath, Option<FileStat>>,
    functions: Functions,
    copy: Option<TempDir>,
}

impl Subject {
    /// Opens the repository and looks at its files.
    pub(super) fn open(options: &Options) -> Result<(Self, Store), LabError> {
        Self::open_with(options, Store::open)
    }

    /// The same for one who only looks: while another process holds the store, on a copy of it.
    pub(super) fn open_aside(options: &Options) -> Result<(Self, Store), LabError> {
        Self::open_with(options, Store::open_or_copy)
    }

    fn open_with(
        options: &Options,
        open: impl FnOnce(&Path) -> Result<Store, StoreError>,
    ) -> Result<(Self, Store), LabError> {
        let repository = Repository::discover(&options.repo)?;
        let head = repository.head(options.head.as_deref())?;
        let from_ci = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (base_ref, reference) = (from_ci("GITHUB_BASE_REF"), from_ci("GITHUB_REF"));
        let ci = Ci { base_ref: base_ref.as_deref(), reference: reference.as_deref() };
        let base = repository.base(options.base.as_deref(), ci, &head)?;
        let settings = repository.read(&head, &RepoPath::new(PROJECT_FILE))?.unwrap_or_default();
        let config = ProjectConfig::parse(&String::from_utf8_lossy(&settings))?;
        let selection = Selection::new(&config.operators, &options.operators)?
            .with_rules(&config.suppress, &options.suppress)?
            .requiring_reasons(config.requires_reasons);
        let mut store = open(repository.workdir())?;
        let listed = repository.files(&head)?;
        let known = store.known_files()?;
        // To look for them is to look at every entry of the index.
        let has_submodules =
            listed.entries.iter().any(|entry| entry.path.as_str() == ".gitmodules");
        let submodules = if has_submodules { repository.submodules(&head)? } else { Vec::new() };
        let mut subject = Self {
            root: repository.workdir().to_owned(),
            files: BTreeMap::new(),
            config,
            selection,
            data: BTreeMap::new(),
            tied: BTreeMap::new(),
            submodules,
            skipped: listed.skipped.clone(),
            outdated: BTreeMap::new(),
            functions: HashMap::new(),
            copy: None,
            base,
            head,
            repository,
        };
        let mut stats = Vec::new();
        let mut data = Vec::new();
        let mut ties = Vec::new();
        for entry in listed.entries.iter().filter(|entry| !entry.is_symlink) {
            let path = &entry.path;
            let is_data = !path.is_python();
            if is_data {
                match subject.config.invalidates(path) {
                    Invalidates::Nothing => continue,
                    Invalidates::Files(files) => ties.push((path, files)),
                    Invalidates::Everything => {}
                }
            }
            let remembered = known.get(path);
            let same = remembered.filter(|known| entry.stat.is_some() && known.stat == entry.stat);
            if let Some(known) = same {
                let files = if is_data { &mut subject.data } else { &mut subject.files };
                files.insert(path.clone(), known.hash);
                continue;
            }
            let Some(bytes) = subject.repository.read(&subject.head, path)? else { continue };
            let hash = match path.as_str() {
                PROJECT_FILE => ContentHash::of(&without_own_settings(&bytes)),
                _ => ContentHash::of(&bytes),
            };
            if is_data {
                subject.data.insert(path.clone(), hash);
                let (path, stat) = (path.clone(), entry.stat);
                data.push(StoredFile { path, hash, stat, functions: Vec::new() });
                continue;
            }
            subject.files.insert(path.clone(), hash);
            match (remembered, entry.stat) {
                (Some(known), Some(stat)) if known.hash == hash => stats.push((path.clone(), stat)),
                (Some(known), None) if known.hash == hash => {}
                (_, stat) => {
                    subject.outdated.insert(path.clone(), stat);
                }
            }
        }
        for submodule in &subject.submodules {
            let state = ContentHash::of(submodule.state.as_bytes());
            subject.data.insert(submodule.path.clone(), state);
        }
        for (path, patterns) in ties {
            let Some(hash) = subject.data.remove(path) else { continue };
            let fits = |code: &&RepoPath| patterns.iter().any(|glob| glob.is_match(code.as_str()));
            for code in subject.files.keys().filter(fits) {
                subject.tied.entry(code.clone()).or_default().insert(path.clone(), hash);
            }
        }
        if !data.is_empty() {
            store.put_files(&data)?;
        }
        if !stats.is_empty() {
            store.put_stats(&stats)?;
        }
        Ok((subject, store))
    }

    /// Copies a tested commit out, so that its tests can run; the working tree needs no copy.
    pub(super) fn check_out(&mut self) -> Result<(), LabError> {
        let Head::Commit(commit) = &self.head else { return Ok(()) };
        let copy = tempfile::Builder::new()
            .prefix("mutdiff-head-")
            .tempdir()
            .map_err(|source| LabError::Export { revision: commit.clone(), source })?;
        self.repository.export(commit, copy.path())?;
        self.root = copy.path().canonicalize().unwrap_or_else(|_| copy.path().to_owned());
        self.copy = Some(copy);
        Ok(())
    }

    /// A digest of what the settings tie to a file of code: with another one, its module code counts
    /// as changed.
    pub(super) fn tied_digest(&self, code: &RepoPath) -> [u8; 32] {
        let mut hash = Sha256::new();
        for (path, content) in self.tied.get(code).into_iter().flatten() {
            hash.update(path.as_str().as_bytes());
            hash.update([0]);
            hash.update(content.as_bytes());
        }
        hash.finalize().into()
    }

    /// Code that the settings tie to changed files, each with the first of them.
    pub(super) fn tied_to(&self, changed: &[RepoPath]) -> BTreeMap<RepoPath, RepoPath> {
        let mut found = BTreeMap::new();
        for path in changed {
            let Invalidates::Files(patterns) = self.config.invalidates(path) else { continue };
            let fits = |code: &&RepoPath| patterns.iter().any(|glob| glob.is_match(code.as_str()));
            for code in self.files.keys().filter(fits) {
                found.entry(code.clone()).or_insert_with(|| path.clone());
            }
        }
        found
    }

    /// A digest of everything that decides what a run reports.
    pub(super) fn digest(&self, options: &Options, environment: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        let asked = format!(
            "{:?} {:?} {} {:?} {:?} {} {:?} {} {environment} {}",
            options.scope,
            options.depth,
            self.base.merge_base,
            self.head,
            options.tests,
            options.allow_failing,
            options.deadline,
            options.memory_limit,
            crate::model::REPORT_VERSION,
        );
        hash.update(asked.as_bytes());
        hash.update([u8::from(self.selection.requires_reasons())]);
        for id in self.selection.ids() {
            hash.update(id.as_bytes());
            hash.update([0]);
        }
        for code in self.tied.keys() {
            hash.update(code.as_str().as_bytes());
            hash.update(self.tied_digest(code));
        }
        for (path, content) in &self.files {
            hash.update([0]);
            hash.update(path.as_str().as_bytes());
            hash.update([0]);
            hash.update(content.as_bytes());
        }
        hash.finalize().into()
    }

    /// Parses what changed and loads the rest; afterwards [`Subject::functions`] answers.
    pub(super) fn load_functions(&mut self, store: &mut Store) -> Result<(), LabError> {
        for stored in store.all_files()? {
            if self.files.get(&stored.path) == Some(&stored.hash) {
                self.functions.insert(stored.path, stored.functions);
            }
        }
        let mut parsed = Vec::new();
        for (path, stat) in std::mem::take(&mut self.outdated) {
            let Some(module) = self.module(&path)? else { continue };
            let functions = module.functions().to_vec();
            let hash = ContentHash::of(module.source().bytes());
            parsed.push(StoredFile {
                path: path.clone(),
                hash,
                stat,
                functions: functions.clone(),
            });
            self.functions.insert(path, functions);
        }
        store.put_files(&parsed)?;
        Ok(())
    }

    /// Reads and parses a file; `None`, and a skipped file, when that cannot be done.
    pub(super) fn module(&mut self, path: &RepoPath) -> Result<Option<Module>, LabError> {
        let Some(bytes) = self.repository.read(&self.head, path)? else { return Ok(None) };
        match Source::decode(path.clone(), bytes).and_then(Module::parse) {
            Ok(module) => Ok(Some(module)),
            Err(error) => {
                if self.skipped.iter().all(|skipped| skipped.path != *path) {
                    let reason = error.to_string();
                    self.skipped.push(SkippedFile { path: path.clone(), reason });
                }
                Ok(None)
            }
        }
    }

    /// The functions of a file, empty for one that cannot be parsed.
    pub(super) fn functions(&self, path: &RepoPath) -> &[Function] {
        self.functions.get(path).map_or(&[], Vec::as_slice)
    }

    /// The functions of all files.
    pub(super) fn table(&self) -> &Functions {
        &self.functions
    }

    /// All functions.
    pub(super) fn all_functions(&self) -> impl Iterator<Item = &Function> {
        self.functions.values().flatten()
    }

    /// A function by its key.
    pub(super) fn function(&self, key: &FunctionKey) -> Option<&Function> {
        self.functions(&key.path).iter().find(|function| function.key == *key)
    }

    /// The files that hold tests, fixtures and their helpers.
    pub(super) fn test_files(&self) -> BTreeSet<RepoPath> {
        self.files.keys().filter(|path| is_test_file(path)).cloned().collect()
    }

    /// Where bytecode of the project is cached.
    pub(super) fn cache(&self) -> PathBuf {
        self.repository.workdir().join(".mutdiff").join("bytecode")
    }

    /// Where modules are looked for first: in the copy of a commit, which an editable install of
    /// the working tree would otherwise hide.
    pub(super) fn search(&self) -> Vec<PathBuf> {
        if self.copy.is_none() {
            return Vec::new();
        }
        let places = self.roots().into_iter().map(|place| self.root.join(place));
        places.filter(|place| place.is_dir()).collect()
    }

    /// The folders that packages may lie in, each empty or with a slash at its end: the root, those
    /// that hold what describes a distribution, and `src` in each.
    pub(super) fn roots(&self) -> Vec<String> {
        let described = self.files.keys().chain(self.data.keys()).filter(|path| {
            matches!(path.file_name(), "pyproject.toml" | "setup.cfg" | "setup.py")
                && !is_test_file(path)
                && !path.directories().any(|part| OTHERS.contains(&part))
        });
        let folder = |path: &RepoPath| {
            let path = path.as_str();
            path.rfind('/').map_or("", |end| &path[..=end]).to_owned()
        };
        let described: BTreeSet<String> = described.map(folder).chain([String::new()]).collect();
        described.into_iter().flat_map(|place| [format!("{place}src/"), place]).collect()
    }

    /// What the base had to say.
    pub(super) fn notices(&self) -> Vec<Notice> {
        self.base.notices.clone()
    }
}

/// Folders of other people's distributions, and of those that only show something.
const OTHERS: [&str; 6] = ["_vendor", "vendor", "third_party", "extern", "examples", "fixtures"];

/// Whether a file holds tests or what only tests use, by the conventions of pytest and unittest.
pub(super) fn is_test_file(path: &RepoPath) -> bool {
    let name = path.file_name();
    name == "conftest.py"
        || name == "tests.py"
        || name.starts_with("test_")
        || name.ends_with("_test.py")
        || path.directories().any(|part| matches!(part, "test" | "tests"))
}

/// Whether a file is part of what is built and shipped, and so worth mutating.
pub(super) fn is_code(path: &RepoPath) -> bool {
    let in_folder = Path::new(path.as_str()).components().count() > 1;
    let builds = matches!(path.file_name(), "setup.py" | "noxfile.py" | "tasks.py") && !in_folder;
    let documents = path.file_name() == "conf.py"
        && path.directories().any(|part| matches!(part, "doc" | "docs"));
    !is_test_file(path) && !builds && !documents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_files_are_told_by_name_and_folder() {
        for path in ["tests/helper.py", "pkg/test/a.py", "test_a.py", "a_test.py", "conftest.py"] {
            assert!(is_test_file(&RepoPath::new(path)), "{path}");
        }
        for path in ["pkg/testing.py", "latest.py", "contest.py"] {
            assert!(!is_test_file(&RepoPath::new(path)), "{path}");
        }
    }

    #[test]
    fn build_scripts_are_not_mutated() {
        assert!(!is_code(&RepoPath::new("setup.py")));
        assert!(!is_code(&RepoPath::new("docs/conf.py")));
        assert!(is_code(&RepoPath::new("pkg/setup.py")));
    }
}
