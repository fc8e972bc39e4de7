//! What a run is about: the repository, its files as they are now, their functions.
//!
//! Invariant: an unchanged file is neither read nor parsed again; what is parsed is remembered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::adopting::adopt;
use super::beside_code::is_text_test;
use super::functions::Functions;
use super::looking::{Looks, looks};
use super::roles::Roles;
use super::wanted::{settings_of, wanted};
use super::{LabError, unlisted};
use crate::config::{
    Excluded, Invalidates, Options, PROJECT_FILE, ProjectConfig, test_names, without_own_settings,
};
use crate::git::{Base, Ci, Head, Repository, Submodule};
use crate::model::{
    ContentHash, FileStat, Function, FunctionKey, Lead, Notice, RepoPath, SkippedFile, TestId,
};
use crate::mutate::Selection;
use crate::store::{Store, StoreError, StoredFile};
use crate::syntax::{Module, Source, leads};

/// The note of the files of prose that tests are made of, a line each.
const TEXT_TESTS: &str = "text tests";

/// The note of the state in which no trace need be looked at.
pub(super) const TRACED: &str = "traced";

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
    /// What its files are for.
    roles: Arc<Roles>,
    /// The operators that are on.
    pub selection: Selection,
    /// The files that tests may read, and that are neither code nor tied to code nor harmless.
    pub data: BTreeMap<RepoPath, ContentHash>,
    /// Files that no verdict rests on, unless a test is made of one.
    prose: BTreeMap<RepoPath, ContentHash>,
    /// Those that a test was made of when tests were last collected.
    text_tests: BTreeSet<RepoPath>,
    /// Files that the settings tie to code, by that code.
    tied: BTreeMap<RepoPath, BTreeMap<RepoPath, ContentHash>>,
    /// Other repositories within this one.
    pub submodules: Vec<Submodule>,
    /// Files that were left out.
    pub skipped: Vec<SkippedFile>,
    /// Files whose stored functions are out of date.
    outdated: BTreeMap<RepoPath, Option<FileStat>>,
    functions: Functions,
    leads: BTreeMap<RepoPath, Vec<Lead>>,
    has_leads: bool,
    /// Made when it is first asked for.
    looks: OnceLock<Arc<Looks>>,
    apart: BTreeSet<FunctionKey>,
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
        let settings = settings_of(&repository, &head)?;
        let (config, selection) = wanted(settings.as_ref(), options)?;
        let names = test_names(|file| {
            let bytes = repository.read(&head, &RepoPath::new(file))?;
            Ok::<_, LabError>(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
        })?;
        let roles = Roles::new(names, Excluded::new(&options.exclude));
        adopt(&repository);
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
            roles: Arc::new(roles),
            selection,
            data: BTreeMap::new(),
            prose: BTreeMap::new(),
            text_tests: BTreeSet::new(),
            tied: BTreeMap::new(),
            submodules,
            skipped: listed.skipped.clone(),
            outdated: BTreeMap::new(),
            functions: Functions::default(),
            leads: BTreeMap::new(),
            has_leads: false,
            looks: OnceLock::new(),
            apart: BTreeSet::new(),
            copy: None,
            base,
            head,
            repository,
        };
        let mut stats = Vec::new();
        let mut data = Vec::new();
        let mut ties = Vec::new();
        let mut harmless = Vec::new();
        for entry in listed.entries.iter().filter(|entry| !entry.is_symlink) {
            let path = &entry.path;
            let is_data = !path.is_python();
            if is_data {
                match subject.config.invalidates(path) {
                    Invalidates::Nothing => harmless.push(path),
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
                let (functions, marks) = (Vec::new(), Vec::new());
                data.push(StoredFile { path, hash, stat, functions, marks });
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
        for path in harmless {
            subject.prose.extend(subject.data.remove_entry(path));
        }
        if let Some(known) = store.note(TEXT_TESTS)? {
            let paths = String::from_utf8_lossy(&known);
            let present = paths.lines().map(RepoPath::new);
            subject.text_tests = present.filter(|p| subject.prose.contains_key(p)).collect();
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

    /// Whether a file is read by people only, unless a test is made of it.
    pub(super) fn is_prose(&self, path: &RepoPath) -> bool {
        matches!(self.config.invalidates(path), Invalidates::Nothing)
    }

    /// The files of prose, with their contents' hashes.
    pub(super) fn prose(&self) -> &BTreeMap<RepoPath, ContentHash> {
        &self.prose
    }

    /// A digest of the files of prose that tests are made of.
    pub(super) fn text_tests_digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for (path, content) in self.text_tests.iter().filter_map(|p| self.prose.get_key_value(p)) {
            hash.update(path.as_str().as_bytes());
            hash.update([0]);
            hash.update(content.as_bytes());
        }
        hash.finalize().into()
    }

    /// Remembers which files of prose the collected tests are made of.
    pub(super) fn keep_text_tests<'t>(
        &self,
        store: &mut Store,
        tests: impl Iterator<Item = &'t TestId> + Clone,
    ) -> Result<(), LabError> {
        let is_made_of = |path: &&RepoPath| tests.clone().any(|id| is_text_test(id, path));
        let paths: Vec<&str> = self.prose.keys().filter(is_made_of).map(RepoPath::as_str).collect();
        Ok(store.put_note(TEXT_TESTS, paths.join("\n").as_bytes())?)
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
    pub(super) fn digest(
        &self,
        options: &Options,
        environment: &str,
        store: &Store,
    ) -> Result<[u8; 32], LabError> {
        let mut hash = Sha256::new();
        hash.update(unlisted::digest(store, self.repository.workdir())?);
        let asked = format!(
            "{:?} {:?} {:?} {} {:?} {:?} {} {:?} {} {:?} {environment} {}",
            options.scope,
            options.depth,
            options.exclude,
            self.base.merge_base,
            self.head,
            options.tests,
            options.allow_failing,
            options.deadline,
            options.memory_limit,
            options.type_check,
            crate::model::REPORT_VERSION,
        );
        hash.update(asked.as_bytes());
        hash.update(self.text_tests_digest());
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
        Ok(hash.finalize().into())
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
            self.leads.insert(path.clone(), leads(&module));
            let hash = ContentHash::of(module.source().bytes());
            parsed.push(StoredFile {
                path: path.clone(),
                hash,
                stat,
                functions: functions.clone(),
                marks: module.source().marks(),
            });
            self.functions.insert(path, functions);
        }
        if !parsed.is_empty() {
            // Stored lines move with the code: a trace that is looked at no more may have lost some.
            store.put_note(TRACED, &[])?;
            store.put_files(&parsed)?;
        }
        Ok(())
    }

    /// Loads what the code of each file may lead to, behind [`Subject::load_functions`].
    pub(super) fn load_leads(&mut self, store: &mut Store) -> Result<(), LabError> {
        let mut stored = store.leads()?;
        let mut new = Vec::new();
        for (path, hash) in self.files.clone() {
            if self.leads.contains_key(&path) {
                new.push((path.clone(), hash, self.leads[&path].clone()));
                continue;
            }
            let leads = match stored.remove(&path) {
                Some((of, leads)) if of == hash => leads,
                _ => {
                    let leads = self.module(&path)?.as_ref().map(leads).unwrap_or_default();
                    new.push((path.clone(), hash, leads.clone()));
                    leads
                }
            };
            self.leads.insert(path, leads);
        }
        if !new.is_empty() {
            store.put_leads(&new)?;
        }
        self.has_leads = true;
        self.looks = OnceLock::new();
        Ok(())
    }

    /// Has the tests among these functions traced in a fork each.
    pub(super) fn keep_apart<'k>(&mut self, functions: impl Iterator<Item = &'k FunctionKey>) {
        self.apart = functions.filter(|key| self.roles.is_test_file(&key.path)).cloned().collect();
    }

    /// Whether a test of that function is traced in a fork of its own.
    pub(super) fn is_apart(&self, function: &FunctionKey) -> bool {
        self.apart.contains(function)
    }

    /// What the code of each file may lead to, behind [`Subject::load_leads`].
    pub(super) fn leads(&self) -> &BTreeMap<RepoPath, Vec<Lead>> {
        assert!(self.has_leads, "what verdicts rest on is asked for behind `load_leads`");
        &self.leads
    }

    /// Which files each function may look for, behind [`Subject::load_leads`].
    pub(super) fn looks(&self) -> Arc<Looks> {
        Arc::clone(self.looks.get_or_init(|| Arc::new(looks(self))))
    }

    /// Reads and parses a file; `None`, and a skipped file, when that cannot be done.
    pub(super) fn module(&mut self, path: &RepoPath) -> Result<Option<Module>, LabError> {
        let Some(bytes) = self.repository.read(&self.head, path)? else { return Ok(None) };
        match Source::decode(path.clone(), bytes).and_then(Module::parse) {
            Ok(module) => Ok(Some(module)),
            Err(error) => {
                if self.skipped.iter().all(|skipped| skipped.path != *path) {
                    let reason = error.to_string();
                    self.skipped.push(SkippedFile {
                        path: path.clone(),
                        reason,
                        holds_change: false,
                    });
                }
                Ok(None)
            }
        }
    }

    /// The functions of a file, empty for one that cannot be parsed.
    pub(super) fn functions(&self, path: &RepoPath) -> &[Function] {
        self.functions.of(path).unwrap_or(&[])
    }

    /// The functions of all files.
    pub(super) fn table(&self) -> &Functions {
        &self.functions
    }

    /// All functions.
    pub(super) fn all_functions(&self) -> impl Iterator<Item = &Function> {
        self.functions.all()
    }

    /// A function by its key.
    pub(super) fn function(&self, key: &FunctionKey) -> Option<&Function> {
        self.functions.get(key)
    }

    /// Whether a file is part of what is built and shipped.
    pub(super) fn is_code(&self, path: &RepoPath) -> bool {
        self.roles.is_code(path, |package| self.files.contains_key(package))
    }

    /// Whether a file is worth mutating, and nobody has excluded it.
    pub(super) fn is_mutated(&self, path: &RepoPath) -> bool {
        self.is_code(path) && self.roles.excluded(path).is_none()
    }

    /// What its files are for.
    pub(super) fn roles(&self) -> Arc<Roles> {
        Arc::clone(&self.roles)
    }

    /// Whether a file holds tests or what only tests use.
    pub(super) fn is_test_file(&self, path: &RepoPath) -> bool {
        self.roles.is_test_file(path)
    }

    /// The files that hold tests, fixtures and their helpers.
    pub(super) fn test_files(&self) -> BTreeSet<RepoPath> {
        self.files.keys().filter(|path| self.is_test_file(path)).cloned().collect()
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
                && !self.is_test_file(path)
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
