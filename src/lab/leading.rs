//! What a test may come to run once a mutant sends it another way: functions that it never entered
//! without one.
//!
//! Invariant: the digest of a function changes with every function that can be reached from it by
//! the words in code: its own, those of what they name, and so on; and with the module code of the
//! files of all of these.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::basis::Digests;
use super::looking::module_name;
use super::roles::Roles;
use super::subject::Subject;
use crate::model::{FunctionKey, Lead, QualName, QuickMap, RepoPath, Word};

/// A node of the graph of leads: a lead, a word, a file, or the module code of a file.
type Node = u32;

/// The graph, with the digests that were asked for so far.
#[derive(Debug, Default)]
pub(super) struct Leading {
    nodes: Vec<Kind>,
    next: Vec<Vec<Node>>,
    functions: QuickMap<FunctionKey, Node>,
    by_file: QuickMap<RepoPath, Vec<Node>>,
    digests: Vec<Option<[u8; 32]>>,
}

#[derive(Debug, Clone)]
enum Kind {
    Function(FunctionKey),
    Statement,
    Word,
    File,
    Module(RepoPath),
}

impl Leading {
    /// The graph of all code of `subject`.
    pub(super) fn new(subject: &Subject) -> Self {
        Self::of(subject.leads(), &subject.roles())
    }

    fn of(files: &BTreeMap<RepoPath, Vec<Lead>>, roles: &Roles) -> Self {
        let mut graph = Self::default();
        let mut words: QuickMap<Word, Node> = QuickMap::default();
        let mut decorated: Vec<(Node, Node, &Lead)> = Vec::new();
        let mut project: BTreeSet<Word> = BTreeSet::new();
        let mut modules: QuickMap<Word, Vec<Node>> = QuickMap::default();
        let mut imports: Vec<(Node, &Lead)> = Vec::new();
        for (path, leads) in files {
            let file = graph.add(Kind::File);
            let code = graph.add(Kind::Module(path.clone()));
            graph.next[file as usize].push(code);
            modules.entry(Word::of(module_name(path))).or_default().push(code);
            let named = graph.word(&mut words, Word::of(module_name(path)));
            graph.next[named as usize].push(file);
            let module = FunctionKey::new(path.clone(), QualName::module());
            let node = graph.add(Kind::Function(module.clone()));
            graph.next[node as usize].push(file);
            graph.functions.insert(module, node);
            for lead in leads {
                if lead.function.is_none() && lead.binds.is_empty() {
                    imports.push((code, lead));
                    continue;
                }
                let node = match &lead.function {
                    None => graph.add(Kind::Statement),
                    Some(name) => {
                        let key = FunctionKey::new(path.clone(), name.clone());
                        let node = graph.add(Kind::Function(key.clone()));
                        graph.next[node as usize].push(file);
                        graph.functions.insert(key, node);
                        graph.by_file.entry(path.clone()).or_default().push(node);
                        if !roles.is_test_file(path) {
                            project.extend(&lead.binds);
                            decorated.push((file, node, lead));
                        }
                        node
                    }
                };
                for &word in &lead.binds {
                    let word = graph.word(&mut words, word);
                    graph.next[word as usize].push(node);
                }
                for &word in &lead.words {
                    let word = graph.word(&mut words, word);
                    graph.next[node as usize].push(word);
                }
            }
        }
        // A file that is imported late brings those that it imports.
        for (code, lead) in imports {
            let imported = lead.words.iter().filter_map(|word| modules.get(word)).flatten();
            graph.next[code as usize].extend(imported);
        }
        // Whoever runs a file's code may run what the project's own decorators have kept of it.
        for (file, node, lead) in decorated {
            if lead.decorators.iter().any(|word| project.contains(word)) {
                graph.next[file as usize].push(node);
            }
        }
        graph.digests = vec![None; graph.nodes.len()];
        graph
    }

    fn add(&mut self, kind: Kind) -> Node {
        self.nodes.push(kind);
        self.next.push(Vec::new());
        Node::try_from(self.nodes.len() - 1).expect("a project has fewer than 2³² names")
    }

    fn word(&mut self, words: &mut QuickMap<Word, Node>, word: Word) -> Node {
        if let Some(node) = words.get(&word) {
            return *node;
        }
        let node = self.add(Kind::Word);
        words.insert(word, node);
        node
    }

    /// A digest of all that these functions, and all functions of these files, may lead to.
    pub(super) fn digest<'k>(
        &mut self,
        functions: impl Iterator<Item = &'k FunctionKey>,
        files: &[RepoPath],
        code: &mut Digests,
    ) -> [u8; 32] {
        let mut roots: BTreeSet<Node> =
            functions.filter_map(|function| self.functions.get(function)).copied().collect();
        roots.extend(files.iter().filter_map(|file| self.by_file.get(file)).flatten());
        let found: BTreeSet<[u8; 32]> =
            roots.into_iter().map(|root| self.of_node(root, code)).collect();
        let mut hash = Sha256::new();
        found.iter().for_each(|digest| hash.update(digest));
        hash.finalize().into()
    }

    /// Tarjan's algorithm from one node: what leads to one another has one digest.
    fn of_node(&mut self, root: Node, code: &mut Digests) -> [u8; 32] {
        if let Some(known) = self.digests[root as usize] {
            return known;
        }
        let mut order: QuickMap<Node, u32> = QuickMap::default();
        let mut low: QuickMap<Node, u32> = QuickMap::default();
        let mut stack: Vec<Node> = Vec::new();
        let mut path: Vec<(Node, usize)> = vec![(root, 0)];
        order.insert(root, 0);
        low.insert(root, 0);
        stack.push(root);
        while let Some((node, at)) = path.pop() {
            let next = self.next[node as usize].get(at).copied();
            let Some(next) = next else {
                if low[&node] == order[&node] {
                    let from = stack.iter().rposition(|each| *each == node);
                    let members =
                        stack.split_off(from.expect("a node is on the stack until it ends"));
                    self.close(&members, code);
                }
                if let Some(&(above, _)) = path.last() {
                    let found = low[&node].min(low[&above]);
                    low.insert(above, found);
                }
                continue;
            };
            path.push((node, at + 1));
            if self.digests[next as usize].is_some() {
                continue;
            }
            if let Some(&seen) = order.get(&next) {
                // It has no digest, so it is on the stack.
                let found = low[&node].min(seen);
                low.insert(node, found);
            } else {
                let number = u32::try_from(order.len()).expect("as many as nodes");
                order.insert(next, number);
                low.insert(next, number);
                stack.push(next);
                path.push((next, 0));
            }
        }
        self.digests[root as usize].expect("the root is closed last")
    }

    fn close(&mut self, members: &[Node], code: &mut Digests) {
        let mut parts: BTreeSet<[u8; 32]> = BTreeSet::new();
        for &member in members {
            parts.extend(self.own(member, code));
            let next = self.next[member as usize].iter();
            parts.extend(next.filter_map(|&next| self.digests[next as usize]));
        }
        let mut hash = Sha256::new();
        parts.iter().for_each(|part| hash.update(part));
        let digest = hash.finalize().into();
        for &member in members {
            self.digests[member as usize] = Some(digest);
        }
    }

    fn own(&self, node: Node, code: &mut Digests) -> Option<[u8; 32]> {
        match &self.nodes[node as usize] {
            Kind::Word | Kind::Statement | Kind::File => None,
            Kind::Module(path) => Some(code.closed(path)),
            Kind::Function(key) => {
                let mut hash = Sha256::new();
                hash.update(key.to_string().as_bytes());
                hash.update([0]);
                if let Some(fingerprint) = code.fingerprint(key) {
                    hash.update(fingerprint.as_bytes());
                }
                if let Some(look) = code.look(key) {
                    hash.update(look);
                }
                Some(hash.finalize().into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(function: &str, binds: &[&str], words: &[&str], decorators: &[&str]) -> Lead {
        let of = |names: &[&str]| names.iter().map(|name| Word::of(name)).collect();
        Lead {
            function: (!function.is_empty()).then(|| QualName::new(function)),
            binds: of(binds),
            words: of(words),
            decorators: of(decorators),
        }
    }

    /// The functions of `m.py` whose digest changes when `changed` does.
    fn resting_on(leads: &[Lead], changed: &str) -> Vec<String> {
        let path = RepoPath::new("m.py");
        let files = BTreeMap::from([(path.clone(), leads.to_vec())]);
        let digests = |other: Option<&str>| {
            let mut code = Digests::of_texts(leads.iter().filter_map(|lead| {
                let name = lead.function.clone()?;
                let text = if other == Some(name.as_str()) { "other" } else { "same" };
                Some((FunctionKey::new(path.clone(), name), text))
            }));
            let mut graph = Leading::of(&files, &Roles::default());
            let of = |lead: &Lead| {
                let key = FunctionKey::new(path.clone(), lead.function.clone()?);
                Some((key.name.to_string(), graph.digest(std::iter::once(&key), &[], &mut code)))
            };
            leads.iter().filter_map(of).collect::<Vec<_>>()
        };
        let (before, after) = (digests(None), digests(Some(changed)));
        let differing = before.into_iter().zip(after).filter(|(a, b)| a.1 != b.1);
        differing.map(|(a, _)| a.0).collect()
    }

    #[test]
    fn a_function_rests_on_what_it_may_call() {
        let leads = [
            lead("a", &["a"], &["b", "n"], &[]),
            lead("b", &["b"], &["table"], &[]),
            lead("", &["table"], &["c"], &[]),
            lead("c", &["c"], &["b"], &[]),
            lead("d", &["d"], &["n"], &[]),
        ];
        assert_eq!(resting_on(&leads, "c"), ["a", "b", "c"]);
        assert_eq!(resting_on(&leads, "a"), ["a"]);
        assert_eq!(resting_on(&leads, "d"), ["d"]);
    }

    #[test]
    fn a_file_that_is_imported_late_brings_what_it_imports() {
        let digest = |constant: &'static str| {
            let files = BTreeMap::from([
                (RepoPath::new("a.py"), vec![lead("f", &["f"], &["late"], &[])]),
                (RepoPath::new("late.py"), vec![lead("", &[], &["deep", "X"], &[])]),
                (RepoPath::new("deep.py"), Vec::new()),
            ]);
            let mut code = Digests::of_texts(std::iter::empty());
            code.set_module(RepoPath::new("deep.py"), constant);
            let key = FunctionKey::new(RepoPath::new("a.py"), QualName::new("f"));
            Leading::of(&files, &Roles::default()).digest(std::iter::once(&key), &[], &mut code)
        };
        assert_eq!(digest("X = 1"), digest("X = 1"));
        assert_ne!(digest("X = 1"), digest("X = 2"));
    }

    #[test]
    fn what_a_decorator_of_the_project_keeps_may_be_run() {
        let leads = [
            lead("hook", &["hook"], &["HOOKS"], &[]),
            lead("run", &["run"], &["HOOKS"], &[]),
            lead("first", &["first"], &["hook"], &["hook"]),
            lead("second", &["second"], &["cache"], &["cache"]),
        ];
        assert!(resting_on(&leads, "first").contains(&"run".to_owned()));
        assert_eq!(resting_on(&leads, "second"), ["second"]);
    }
}
