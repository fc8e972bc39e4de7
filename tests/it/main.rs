//! mutdiff from outside: the binary on real git repositories, with real Pythons and real forks.
//!
//! Invariant: a test sees nothing of the user's machine but the Pythons that [`harness`] found,
//! and leaves nothing behind but virtual environments under `target/`.

mod gate;
mod harness;

mod browse;
mod chosen;
mod collection;
mod command_line;
mod configurations;
mod errors;
mod examples;
mod explain;
mod fixtures;
mod hook;
mod init;
mod interruption;
mod isolation;
mod layers;
mod layouts;
mod limits;
mod outcomes;
mod page;
mod plan;
mod processes;
mod proofs;
mod readers;
mod record;
mod reports;
mod review;
mod review_scenarios;
mod roles;
mod scenarios;
mod second_run;
mod settings;
mod shards;
mod show_and_demo;
mod stale;
mod state;
mod store;
mod type_checked;
mod watch;
