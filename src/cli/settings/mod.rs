//! Settings: what is not said by a flag is taken from the environment, else from the project's file.
//!
//! Invariant: every flag of a command that runs tests has a key and a variable of the same name; they
//! become flags before anything is done, so what is in force is told by one place.

mod keys;
mod layers;
mod schema;
mod shown;
mod strangers;

pub(super) use layers::{complete, complete_as_of};
pub(super) use schema::schema;
pub(super) use shown::view;
pub(super) use strangers::strangers;
