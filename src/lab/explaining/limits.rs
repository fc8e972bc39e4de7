//! Whether a verdict would hold under the limits of an earlier run: then a limit alone is another.
//!
//! Invariant: a limit is named only where the stored verdict is found under what it was.

use std::collections::BTreeSet;

use super::holding::Holding;
use crate::config::Options;
use crate::lab::planning::{Plan, plan};
use crate::lab::subject::Subject;
use crate::lab::{LabError, limits_seen};
use crate::model::{ExplainedMutant, MutantId, Reuse, ScopedFunction};

impl Holding<'_> {
    /// Names the limits that keep the verdicts on `mutants` from being used, where these are what is another.
    pub(super) fn name_limits(
        &mut self,
        options: &Options,
        subject: &mut Subject,
        function: &ScopedFunction,
        mutants: &mut [ExplainedMutant],
    ) -> Result<(), LabError> {
        let refused = mutants.iter().filter(|explained| matches!(explained.reuse, Reuse::No(_)));
        let mut open: BTreeSet<MutantId> = refused.map(|explained| explained.id.clone()).collect();
        let functions = std::slice::from_ref(function);
        for limits in limits_seen::others(options, self.store)? {
            if open.is_empty() {
                break;
            }
            let then = limits.over(options);
            let Plan { mutants: planned, foundations, .. } =
                plan(&then, subject, self.environment, functions, self.known, None)?;
            for planned in &planned {
                let id = &planned.mutant.id;
                let found = mutants.iter_mut().find(|explained| explained.id == *id);
                let Some(explained) = found.filter(|_| open.contains(id)) else { continue };
                let latest = self.latest(id)?;
                if self.reuse(planned, &foundations, planned.route.tests(), latest.as_ref())?
                    == Reuse::Yes
                {
                    explained.reuse = Reuse::No(limits.differences(options));
                    open.remove(id);
                }
            }
        }
        Ok(())
    }
}
