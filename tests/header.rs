//! `include/ddtrace.h` is what `src/ffi` says, and every C and C++ compiler accepts it.
//!
//! The header, `bindings/shared/ddtrace.cdef` (for languages that parse C declarations) and `bindings/shared/constants.json` (their
//! `#define`s) are generated here and compared with the committed files. `DDTRACE_BLESS=1 cargo test --test header` rewrites them.

mod native;

use std::env;
use std::mem::{align_of, size_of};
use std::path::{Path, PathBuf};
use std::process::Command;

use cbindgen::{Builder, Config};
use ddtrace::ffi::exporter_callbacks::ddtrace_exporter_callbacks;
use ddtrace::ffi::processor::ddtrace_processor_callbacks;
use ddtrace::ffi::statsd_types::{
    ddtrace_metric, ddtrace_statsd_check, ddtrace_statsd_counters, ddtrace_statsd_event, ddtrace_statsd_options,
};
use ddtrace::ffi::types::{
    ddtrace_counters, ddtrace_link, ddtrace_span_end_options, ddtrace_span_ids, ddtrace_span_options, ddtrace_str, ddtrace_tag,
};
use native::{WARNINGS, project, read, run, scratch, write};
use serde_json::{Map, Value};

/// The module of the C ABI. The header has the order of the modules that it declares.
const FFI: &str = "src/ffi/mod.rs";

#[test]
fn committed_header_is_what_the_source_says() {
    compare_or_bless("include/ddtrace.h", &generate_header());
}

#[test]
fn committed_cdef_is_what_the_source_says() {
    compare_or_bless("bindings/shared/ddtrace.cdef", &cdef(&generate_header()));
}

#[test]
fn committed_constants_are_what_the_source_says() {
    let constants = Value::Object(constants(&generate_header()));
    let text = serde_json::to_string_pretty(&constants).unwrap() + "\n";
    compare_or_bless("bindings/shared/constants.json", &text);
}

#[test]
fn every_name_in_the_header_has_the_prefix() {
    for line in generate_header().lines() {
        let Some(name) = line.strip_prefix("#define ") else {
            continue;
        };
        assert!(name.starts_with("DDTRACE_"), "{line}");
    }
}

#[test]
fn every_standard_accepts_the_header_alone() {
    for standard in ["c99", "c11", "c17", "c2x"] {
        compile("alone.c", standard, "#include <ddtrace.h>\nint unused_unit;\n");
    }
    for standard in ["c++11", "c++14", "c++17", "c++20"] {
        compile("alone.cpp", standard, "#include <ddtrace.h>\nint unused_unit;\n");
    }
}

#[test]
fn two_units_may_include_the_header_twice() {
    let once = "#include <ddtrace.h>\n#include <ddtrace.h>\n";
    let first = compile("first.c", "c99", &format!("{once}int second(void);\nint main(void) {{ return second(); }}\n"));
    let second = compile("second.c", "c99", &format!("{once}int second(void);\nint second(void) {{ return 0; }}\n"));
    let program = scratch("header").join("two_units");
    run(Command::new(native::compiler(Path::new("x.c"))).args([&first, &second]).arg("-o").arg(&program));
    run(&mut Command::new(program));
}

#[test]
fn every_type_of_the_source_is_declared() {
    let mut uses = String::from("#include <ddtrace.h>\n");
    let types = ffi_types();
    assert!(types.len() > 15, "{types:?}");
    for name in types {
        uses += &format!("struct uses_{name} {{ {name} *pointer; }};\n");
    }
    compile("types.c", "c99", &uses);
    compile("types.cpp", "c++17", &uses);
}

#[test]
fn structs_have_the_same_layout_on_both_sides() {
    let mut checks = String::from("#include <ddtrace.h>\n");
    for (name, size, alignment) in [
        layout::<ddtrace_str>("ddtrace_str"),
        layout::<ddtrace_tag>("ddtrace_tag"),
        layout::<ddtrace_span_ids>("ddtrace_span_ids"),
        layout::<ddtrace_link>("ddtrace_link"),
        layout::<ddtrace_span_options>("ddtrace_span_options"),
        layout::<ddtrace_span_end_options>("ddtrace_span_end_options"),
        layout::<ddtrace_counters>("ddtrace_counters"),
        layout::<ddtrace_statsd_options>("ddtrace_statsd_options"),
        layout::<ddtrace_metric>("ddtrace_metric"),
        layout::<ddtrace_statsd_event>("ddtrace_statsd_event"),
        layout::<ddtrace_statsd_check>("ddtrace_statsd_check"),
        layout::<ddtrace_statsd_counters>("ddtrace_statsd_counters"),
        layout::<ddtrace_processor_callbacks>("ddtrace_processor_callbacks"),
        layout::<ddtrace_exporter_callbacks>("ddtrace_exporter_callbacks"),
    ] {
        checks += &format!("_Static_assert(sizeof({name}) == {size}, \"size of {name}\");\n");
        checks += &format!("_Static_assert(_Alignof({name}) == {alignment}, \"alignment of {name}\");\n");
    }
    compile("layout.c", "c11", &checks);
}

#[test]
fn initialisers_name_every_field() {
    // -Wextra complains about fields that are left out.
    let uses = "#include <ddtrace.h>\n\
        ddtrace_link link_init = DDTRACE_LINK_INIT;\n\
        ddtrace_span_options start = DDTRACE_SPAN_OPTIONS_INIT;\n\
        ddtrace_span_end_options end = DDTRACE_SPAN_END_OPTIONS_INIT;\n\
        ddtrace_counters counters = DDTRACE_COUNTERS_INIT;\n\
        ddtrace_rc_callbacks remote = DDTRACE_RC_CALLBACKS_INIT;\n\
        ddtrace_statsd_options statsd = DDTRACE_STATSD_OPTIONS_INIT;\n\
        ddtrace_metric metric = DDTRACE_METRIC_INIT;\n\
        ddtrace_statsd_event event = DDTRACE_STATSD_EVENT_INIT;\n\
        ddtrace_statsd_check check = DDTRACE_STATSD_CHECK_INIT;\n\
        ddtrace_statsd_counters statsd_counters = DDTRACE_STATSD_COUNTERS_INIT;\n\
        ddtrace_str text = DDTRACE_STR(\"text\");\n\
        ddtrace_str none = DDTRACE_STR_NONE;\n";
    compile("initialisers.c", "c99", uses);
    compile("initialisers.cpp", "c++17", uses);
}

#[test]
fn text_can_be_assigned_in_c_and_in_cplusplus() {
    let uses = "#include <ddtrace.h>\n\
        ddtrace_str text(void);\n\
        ddtrace_str text(void) { ddtrace_str given = DDTRACE_STR_NONE; given = DDTRACE_TEXT(\"text\"); return given; }\n";
    for standard in ["c99", "c2x"] {
        compile("text.c", standard, uses);
    }
    for standard in ["c++11", "c++17", "c++20"] {
        compile("text.cpp", standard, uses);
    }
}

#[test]
fn version_macros_are_the_version_of_the_package() {
    let [major, minor, patch] = package_version();
    let number = major * 65_536 + minor * 256 + patch;
    let text = env!("CARGO_PKG_VERSION");
    // SAFETY: takes nothing.
    let abi = unsafe { ddtrace::ffi::library::ddtrace_abi_version() };
    let checks = format!(
        "#include <ddtrace.h>\n\
         _Static_assert(DDTRACE_VERSION_MAJOR == {major}, \"major\");\n\
         _Static_assert(DDTRACE_VERSION_MINOR == {minor}, \"minor\");\n\
         _Static_assert(DDTRACE_VERSION_PATCH == {patch}, \"patch\");\n\
         _Static_assert(DDTRACE_VERSION_NUM == {number}, \"number\");\n\
         _Static_assert(DDTRACE_ABI_VERSION == {abi}, \"ABI\");\n\
         _Static_assert(sizeof(DDTRACE_VERSION) == sizeof(\"{text}\"), \"text\");\n\
         #if DDTRACE_VERSION_NUM != {number}\n#error not usable in the preprocessor\n#endif\n"
    );
    compile("version.c", "c11", &checks);
    assert!(generate_header().contains(&format!("#define DDTRACE_VERSION \"{text}\"\n")));
}

/// Compares a committed file with what it should be, or rewrites it.
fn compare_or_bless(path: &str, expected: &str) {
    let file = project(path);
    if env::var_os("DDTRACE_BLESS").is_some() {
        write(&file, expected);
        return;
    }
    let committed = read(&file);
    let difference = committed.lines().zip(expected.lines()).position(|(committed, expected)| committed != expected);
    assert!(
        committed == expected,
        "{path} is not what the source says, first difference in line {}; \
         `DDTRACE_BLESS=1 cargo test --test header` rewrites it",
        difference.unwrap_or(committed.lines().count().min(expected.lines().count())) + 1
    );
}

fn generate_header() -> String {
    let [major, minor, patch] = package_version();
    let mut config = Config::from_file(project("cbindgen.toml")).unwrap();
    let with_version = |text: String| {
        text.replace("@MAJOR@", &major.to_string()).replace("@MINOR@", &minor.to_string()).replace("@PATCH@", &patch.to_string())
    };
    config.after_includes = config.after_includes.map(with_version);
    config.header = config.header.map(|text| text.trim().to_owned());
    // Those that no function names as well.
    config.export.include = ffi_types();
    let builder = Builder::new().with_config(config).with_src(project(FFI));
    let mut header = Vec::new();
    builder.generate().unwrap().write(&mut header);
    tidy(&String::from_utf8(header).unwrap())
}

/// Comments of one line take one line, and long declarations begin like short ones.
fn tidy(header: &str) -> String {
    let lines: Vec<_> = header.lines().collect();
    let mut tidied = String::new();
    let mut rest = lines.as_slice();
    while let [line, following @ ..] = rest {
        rest = following;
        let indent = line.strip_suffix("/**").filter(|indent| indent.trim().is_empty());
        match (indent, following) {
            (Some(indent), [text, end, after @ ..]) if end.trim() == "*/" => {
                tidied += &format!("{indent}/** {} */\n", text.trim().trim_start_matches("* "));
                rest = after;
            }
            _ if *line == "DDTRACE_API" => {
                let length = following.iter().position(|line| line.ends_with(';')).unwrap() + 1;
                let (declaration, after) = following.split_at(length);
                tidied += &format!("DDTRACE_API {}\n", one_parameter_per_line(declaration));
                rest = after;
            }
            _ => tidied += &format!("{line}\n"),
        }
    }
    tidied
}

/// The parameters of a callback stay on the line of the callback.
fn one_parameter_per_line(declaration: &[&str]) -> String {
    let mut text = String::new();
    for line in declaration {
        let depth = text.matches('(').count() - text.matches(')').count();
        text += match depth {
            0 => "",
            1 => "\n    ",
            _ => " ",
        };
        text += line.trim();
    }
    text
}

/// The sources of the C ABI.
fn ffi_sources() -> Vec<PathBuf> {
    let mut sources = Vec::new();
    add_module(&project(FFI), &mut sources);
    sources
}

fn add_module(source: &Path, sources: &mut Vec<PathBuf>) {
    sources.push(source.to_owned());
    let directory = match source.file_stem() {
        Some(stem) if stem == "mod" => source.parent().unwrap().to_owned(),
        _ => source.with_extension(""),
    };
    for line in read(source).lines() {
        let declaration = line.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
        let Some(name) = declaration.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) else {
            continue;
        };
        if name == "tests" {
            continue;
        }
        let file = directory.join(format!("{name}.rs"));
        let folder = directory.join(name).join("mod.rs");
        add_module(if file.exists() { &file } else { &folder }, sources);
    }
}

fn ffi_types() -> Vec<String> {
    ffi_sources().iter().flat_map(|source| public_types(&read(source))).collect()
}

fn public_types(source: &str) -> Vec<String> {
    let declared = source.lines().filter_map(|line| {
        let rest = ["pub struct ", "pub union ", "pub type "].iter().find_map(|start| line.strip_prefix(start))?;
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        rest.get(..end)
    });
    declared.filter(|name| name.starts_with("ddtrace_")).map(str::to_owned).collect()
}

/// The declarations alone, without comments, macros and includes, for parsers that know no preprocessor.
fn cdef(header: &str) -> String {
    let without_includes: Vec<_> = header.lines().filter(|line| !line.starts_with("#include ")).collect();
    let source = scratch("header").join("cdef.h");
    write(&source, &without_includes.join("\n"));
    let mut command = Command::new(native::compiler(Path::new("x.c")));
    command.args(["-E", "-P", "-x", "c", "-DDDTRACE_API=", "-DDDTRACE_NODISCARD=", "-DDDTRACE_DEPRECATED(x)="]);
    let output = run(command.arg(source));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines.join("\n") + "\n"
}

/// The constants with a value that is a number. `DDTRACE_NTS` and `DDTRACE_ABSENT` are the largest `size_t` and depend on the machine.
fn constants(header: &str) -> Map<String, Value> {
    let defined = header.lines().filter_map(|line| {
        let (name, value) = line.strip_prefix("#define ")?.split_once(' ')?;
        Some((name.to_owned(), value.parse::<i64>().ok()?))
    });
    defined.map(|(name, value)| (name, Value::from(value))).collect()
}

/// Compiles a unit against the committed header and returns the object.
fn compile(name: &str, standard: &str, code: &str) -> PathBuf {
    let directory = scratch("header");
    let source = directory.join(format!("{standard}_{name}"));
    write(&source, code);
    let object = source.with_extension("o");
    let mut command = Command::new(native::compiler(&source));
    command.arg(format!("-std={standard}")).args(WARNINGS).arg("-I").arg(project("include"));
    run(command.arg("-c").arg(&source).arg("-o").arg(&object));
    object
}

fn layout<T>(name: &'static str) -> (&'static str, usize, usize) {
    (name, size_of::<T>(), align_of::<T>())
}

fn package_version() -> [u32; 3] {
    let parts = [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH")];
    parts.map(|part| part.parse().unwrap())
}
