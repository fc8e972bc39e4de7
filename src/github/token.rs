//! The token: read from the environment, shown to nobody.
//!
//! Invariant: no way of printing a [`Token`] shows it; it leaves this module as a header that is
//! marked as sensitive.

use std::fmt;

use http::HeaderValue;

use super::GithubError;

/// Where a token is looked for, in this order. None of them reaches a test.
const VARIABLES: [&str; 3] = ["MUTDIFF_GITHUB_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"];

/// A token for GitHub's API.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// The first that is set and not empty.
    pub fn from_environment(variable: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        VARIABLES
            .iter()
            .filter_map(|name| variable(name))
            .map(|value| value.trim().to_owned())
            .find(|value| !value.is_empty())
            .map(Self)
    }

    /// The header that shows it to GitHub.
    pub(super) fn header(&self) -> Result<HeaderValue, GithubError> {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.0))
            .map_err(|_| GithubError::BadToken)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_printed_as_stars() {
        let token = Token("ghs_secret".into());
        assert_eq!(format!("{token} {token:?} {:?}", Some(&token)), "*** *** Some(***)");
        assert!(!format!("{:?}", token.header().unwrap()).contains("secret"));
    }

    #[test]
    fn the_first_that_is_set_counts() {
        let from = |set: &[(&str, &str)]| {
            Token::from_environment(&|name| {
                set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
            .map(|token| token.0)
        };
        assert_eq!(from(&[]), None);
        assert_eq!(from(&[("GITHUB_TOKEN", " "), ("GH_TOKEN", "b\n")]), Some("b".into()));
        assert_eq!(from(&[("GITHUB_TOKEN", "a"), ("MUTDIFF_GITHUB_TOKEN", "c")]), Some("c".into()));
    }

    #[test]
    fn a_token_that_no_header_takes_is_an_error_that_does_not_show_it() {
        let error = Token("a\nsecret".into()).header().unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }
}
