//! The shared library exports what the header declares, nothing else, and nothing undocumented.
//!
//! `abi/ddtrace.symbols` is the sorted list of exported functions, `docs/symbols-in-versions` tells since when each function, type and
//! constant exists. `DDTRACE_BLESS=1 cargo test --test symbols` rewrites the first and adds new names to the second.

mod native;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::process::Command;

use native::{project, read, run, shared_library, write};

const SYMBOLS: &str = "abi/ddtrace.symbols";
const VERSIONS: &str = "docs/symbols-in-versions";

#[test]
fn exported_symbols_are_those_of_the_list() {
    let exported = exported();
    let list: String = exported.iter().map(|name| format!("{name}\n")).collect();
    if env::var_os("DDTRACE_BLESS").is_some() {
        write(&project(SYMBOLS), &list);
        return;
    }
    let committed = read(&project(SYMBOLS));
    let missing: Vec<_> = committed.lines().filter(|name| !exported.contains(*name)).collect();
    assert!(missing.is_empty(), "programs break without {missing:?}, which {SYMBOLS} promises");
    assert_eq!(committed, list, "{SYMBOLS} lacks new functions; DDTRACE_BLESS=1 adds them");
}

#[test]
fn every_exported_symbol_has_the_prefix() {
    for name in exported() {
        assert!(name.starts_with("ddtrace_"), "{name}");
    }
}

#[test]
fn header_declares_exactly_what_is_exported() {
    let declared: BTreeSet<_> = functions().into_keys().collect();
    assert_eq!(declared, exported());
}

#[test]
fn every_function_of_the_header_is_documented() {
    for (name, comment) in functions() {
        assert!(comment.len() > 40, "{name} has no comment that explains it");
        assert!(since(&comment).is_some(), "{name} does not say since when");
    }
}

#[test]
fn history_lists_every_name_of_the_header() {
    let mut history = history();
    let version = format!("{}.{}", env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"));
    if env::var_os("DDTRACE_BLESS").is_some() {
        for name in names() {
            history.entry(name).or_insert_with(|| version.clone());
        }
        let width = history.keys().map(String::len).max().unwrap_or(0);
        let lines: String = history.iter().map(|(name, rest)| format!("{name:width$} {rest}\n")).collect();
        write(&project(VERSIONS), &(history_preamble() + &lines));
        return;
    }
    let listed: BTreeSet<_> = history.keys().cloned().collect();
    let present: BTreeSet<_> = history
        .iter()
        .filter(|(_, versions)| versions.split_whitespace().nth(2).is_none())
        .map(|(name, _)| name.clone())
        .collect();
    let names = names();
    let unlisted: Vec<_> = names.difference(&listed).collect();
    let gone: Vec<_> = present.difference(&names).collect();
    assert!(unlisted.is_empty(), "{VERSIONS} lacks {unlisted:?}");
    assert!(gone.is_empty(), "{VERSIONS} does not say when {gone:?} were removed");
}

#[test]
fn history_and_comments_agree_on_when_a_function_came() {
    // The list is being written by another test.
    if env::var_os("DDTRACE_BLESS").is_some() {
        return;
    }
    let history = history();
    for (name, comment) in functions() {
        let listed = history.get(&name).and_then(|versions| versions.split_whitespace().next());
        assert_eq!(since(&comment), listed, "{name}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn library_has_its_soname_and_stays_loaded() {
    let output = run(Command::new("readelf").arg("-d").arg(shared_library()));
    let dynamic = String::from_utf8(output.stdout).unwrap();
    assert!(dynamic.contains("Library soname: [libddtrace.so.0]"), "{dynamic}");
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}

#[test]
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
fn thread_context_is_a_thread_local_symbol() {
    let output = run(Command::new("readelf").args(["--dyn-syms", "-W"]).arg(shared_library()));
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find(|line| line.ends_with(THREAD_CONTEXT)).unwrap_or_else(|| panic!("no {THREAD_CONTEXT}"));
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(words[2..6], ["8", "TLS", "GLOBAL", "DEFAULT"], "{line}");
    let output = run(Command::new("readelf").args(["-r", "-W"]).arg(shared_library()));
    let text = String::from_utf8(output.stdout).unwrap();
    let how: Vec<_> = text.lines().filter(|line| line.contains(THREAD_CONTEXT)).collect();
    assert!(!how.is_empty() && how.iter().all(|line| line.contains("TLSDESC")), "{how:?}");
}

/// What readers outside of the process look for, by the name that they know. No function, and in no header.
const THREAD_CONTEXT: &str = "otel_thread_ctx_v1";

fn exported() -> BTreeSet<String> {
    let output = run(Command::new("nm").args(["-D", "--defined-only"]).arg(shared_library()));
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text.lines().filter_map(|line| line.split_whitespace().nth(2));
    names.filter(|name| *name != THREAD_CONTEXT).map(str::to_owned).collect()
}

/// The functions of the header and their comments.
fn functions() -> BTreeMap<String, String> {
    let header = read(&project("include/ddtrace.h"));
    let mut functions = BTreeMap::new();
    let mut comment = String::new();
    for line in header.lines() {
        if line.starts_with("/**") {
            comment.clear();
        }
        if let Some(declaration) = line.strip_prefix("DDTRACE_API") {
            functions.insert(function_name(declaration), std::mem::take(&mut comment));
        }
        comment += line;
        comment += "\n";
    }
    assert!(!functions.is_empty(), "no function in the header");
    functions
}

/// The name before the first parenthesis. Attributes with parentheses stand after the declaration.
fn function_name(declaration: &str) -> String {
    let before = declaration.split('(').next().unwrap_or_default();
    before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_owned()
}

fn since(comment: &str) -> Option<&str> {
    let (_, rest) = comment.split_once("Since: ")?;
    rest.split_whitespace().next()
}

/// All that a program can name: functions, types, constants.
fn names() -> BTreeSet<String> {
    let header = read(&project("include/ddtrace.h"));
    let mut names: BTreeSet<String> = functions().into_keys().collect();
    for line in header.lines() {
        if let Some(rest) = line.strip_prefix("#define ") {
            let end = rest.find([' ', '(']).unwrap_or(rest.len());
            names.extend(rest.get(..end).map(str::to_owned));
        }
        names.extend(type_name(line));
    }
    names.remove("DDTRACE_H");
    names
}

/// The name that a line gives to a type: of a function behind `(*`, of anything else at the end.
fn type_name(line: &str) -> Option<String> {
    let declaration = line.strip_prefix("typedef ").or_else(|| line.strip_prefix("} "))?;
    if let Some((_, function)) = declaration.split_once("(*") {
        return Some(function.split(')').next()?.to_owned());
    }
    Some(declaration.strip_suffix(';')?.rsplit(' ').next()?.to_owned())
}

fn history() -> BTreeMap<String, String> {
    let text = read(&project(VERSIONS));
    let entries = text.lines().filter(|line| line.starts_with(['d', 'D']));
    let parsed = entries.map(|line| {
        let (name, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{VERSIONS}: no version in {line:?}"));
        (name.to_owned(), rest.trim().to_owned())
    });
    parsed.collect()
}

fn history_preamble() -> String {
    let text = read(&project(VERSIONS));
    let preamble = text.lines().take_while(|line| !line.starts_with(['d', 'D']));
    preamble.map(|line| format!("{line}\n")).collect()
}
