//! `docs/configuration.md` and the README describe the settings that there are, as the table of the library has them.
//!
//! The tables of settings in `docs/configuration.md` are generated here; `DDTRACE_BLESS=1 cargo test --test settings` rewrites them.

mod native;

use std::env;
use std::sync::Mutex;

use ddtrace::config::{SETTINGS, Setting};
use native::{project, read, write};

const PAGE: &str = "docs/configuration.md";
const BEGIN: &str = "<!-- From the table in src/config/table.rs; `make bless` writes it. -->\n";
const END: &str = "<!-- End of what is generated. -->\n";

/// The page may be written by one test while another wants to read it.
static PAGE_IN_USE: Mutex<()> = Mutex::new(());

/// The headings of the page, each with the setting that comes first below it.
const SECTIONS: [(&str, &str); 11] = [
    ("Who the traces come from", "DD_SERVICE"),
    ("Tracing as a whole", "DD_TRACE_ENABLED"),
    ("Messages of the library", "DD_TRACE_DEBUG"),
    ("The agent", "DD_TRACE_AGENT_URL"),
    ("Sending", "DD_TRACE_WRITER_INTERVAL_SECONDS"),
    ("What is put on spans", "DD_SERVICE_MAPPING"),
    ("Sampling", "DD_TRACE_SAMPLE_RATE"),
    ("Headers", "DD_TRACE_PROPAGATION_STYLE"),
    ("Metrics", "DD_DOGSTATSD_URL"),
    ("Other products", "DD_PROFILING_ENABLED"),
    ("This library", "DD_TESTING_RAISE"),
];

#[test]
fn the_page_describes_the_settings_that_there_are() {
    let _in_use = PAGE_IN_USE.lock();
    let page = read(&project(PAGE));
    let (before, rest) = page.split_once(BEGIN).expect("the begin of what is generated");
    let (_, after) = rest.split_once(END).expect("the end of what is generated");
    let expected = format!("{before}{BEGIN}{}{END}{after}", sections());
    if env::var_os("DDTRACE_BLESS").is_some() {
        write(&project(PAGE), &expected);
        return;
    }
    assert!(page == expected, "{PAGE} is not what the table says; `DDTRACE_BLESS=1 cargo test --test settings` rewrites it");
}

#[test]
fn every_section_has_a_first_setting() {
    for (heading, first) in SECTIONS {
        assert!(SETTINGS.iter().any(|setting| setting.name == first), "{heading}: there is no setting {first}");
    }
}

#[test]
fn the_page_names_every_variable_of_opentelemetry() {
    let _in_use = PAGE_IN_USE.lock();
    let page = read(&project(PAGE));
    let source = read(&project("src/config/otel.rs"));
    let names: Vec<_> = source.split('"').filter(|text| text.starts_with("OTEL_")).collect();
    assert!(names.len() > 4, "{names:?}");
    for name in names {
        assert!(page.contains(&format!("`{name}`")), "{name} is not in {PAGE}");
    }
}

#[test]
fn the_readme_tells_the_defaults_as_they_are() {
    let readme = read(&project("README.md"));
    let rows: Vec<_> = readme.lines().filter(|line| line.starts_with("| `DD_") || line.starts_with("| `LIBDDTRACE_")).collect();
    assert!(rows.len() > 5, "{rows:?}");
    for row in rows {
        let cells: Vec<_> = row.split(" | ").collect();
        for name in quoted(cells[0]) {
            let setting = SETTINGS.iter().find(|setting| setting.name == name).unwrap_or_else(|| panic!("no setting {name}"));
            if let Some(default) = setting.default {
                assert_eq!(quoted(cells[1]), [default], "the README's default of {name}");
            }
        }
    }
}

/// The words between backquotes.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn sections() -> String {
    let mut text = String::new();
    for setting in SETTINGS {
        if let Some((heading, _)) = SECTIONS.iter().find(|(_, first)| *first == setting.name) {
            text += &format!("\n## {heading}\n\n| Setting | Value | Default | What it does |\n|---|---|---|---|\n");
        }
        text += &row(setting);
    }
    text + "\n"
}

fn row(setting: &Setting) -> String {
    let mut names = format!("`{}`", setting.name);
    for (word, others) in [("also", setting.aliases), ("formerly", setting.deprecated)] {
        if !others.is_empty() {
            let others: Vec<_> = others.iter().map(|name| format!("`{name}`")).collect();
            names += &format!("; {word} {}", others.join(", "));
        }
    }
    let default = setting.default.map_or("–".to_owned(), |default| format!("`{default}`"));
    let effect = if setting.has_no_effect { " **No effect yet.**" } else { "" };
    format!("| {names} | {} | {default} | {}{effect} |\n", setting.expectation(), setting.doc)
}
