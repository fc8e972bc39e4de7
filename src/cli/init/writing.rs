//! Where the section goes, and how it gets there.
//!
//! Invariant: what a file holds already stays as it is, byte for byte; a file is only made or added to.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use toml::Table;

use crate::cli::error::CliError;
use crate::config::{OWN_FILE, PROJECT_FILE};

/// The section's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    /// The file.
    pub(super) path: PathBuf,
    /// What is added to it.
    pub(super) text: String,
}

impl Section {
    /// The section with these settings: in `pyproject.toml` where there is one, else in a file of its
    /// own.
    pub(super) fn of(root: &Path, settings: &str) -> Result<Self, CliError> {
        let path = root.join(PROJECT_FILE);
        let before = match fs::read_to_string(&path) {
            Ok(before) => before,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let (path, text) = (root.join(OWN_FILE), settings.to_owned());
                return Ok(Self { path, text });
            }
            Err(error) => return Err(unusable("read", &path, &error)),
        };
        let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
        let gap = if before.trim().is_empty() { "" } else { "\n" };
        let mut text = format!("{end}{gap}[tool.mutdiff]\n{settings}");
        if before.contains("\r\n") {
            text = text.replace('\n', "\r\n");
        }
        match format!("{before}{text}").parse::<Table>() {
            Ok(_) => Ok(Self { path, text }),
            Err(error) => Err(CliError::usage(format!("{PROJECT_FILE}: {}", error.message()))
                .hint(format!("mend it first, or make an empty {OWN_FILE} and say it there"))),
        }
    }

    /// Writes it.
    pub(super) fn write(&self) -> Result<(), CliError> {
        let file = OpenOptions::new().append(true).create(true).open(&self.path);
        let written = file.and_then(|mut file| file.write_all(self.text.as_bytes()));
        written.map_err(|error| unusable("write", &self.path, &error))
    }
}

/// Writes a file that must not be there yet; whether it was not.
pub(super) fn write_new(path: &Path, text: &str) -> Result<bool, CliError> {
    let failed = |error: io::Error| unusable("write", path, &error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map(|()| true).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

fn unusable(what: &str, path: &Path, error: &io::Error) -> CliError {
    CliError::usage(format!("cannot {what} {}", path.display())).caused(Some(error))
}
