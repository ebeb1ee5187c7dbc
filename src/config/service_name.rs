//! The service name where the user gave none: of a serverless function, of the program or script, or a stopgap.

use super::process::{Environment, Surroundings};
use super::process_tags::last_part;
use std::path::Path;

/// Variables in which serverless platforms name the function or app.
const SERVERLESS: &[&str] = &["AWS_LAMBDA_FUNCTION_NAME", "K_SERVICE", "FUNCTION_NAME", "WEBSITE_SITE_NAME"];

/// An interpreter, and its options that take the next argument as their value.
struct Interpreter {
    program: &'static str,
    valued: &'static [&'static str],
}

const INTERPRETERS: &[Interpreter] = &[
    Interpreter { program: "python", valued: &["-W", "-X", "--check-hash-based-pycs"] },
    Interpreter { program: "pypy", valued: &["-W", "-X"] },
    Interpreter { program: "ruby", valued: &["-r", "-I", "-C", "-E"] },
    Interpreter {
        program: "node",
        valued: &["-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions"],
    },
];

/// Options after which there is code rather than a script.
const INLINE_CODE: &[&str] = &["-c", "-e", "-p", "--eval", "--print", "-"];

/// The name to use.
pub(super) fn infer(surroundings: &Surroundings, language: &str) -> String {
    let name = serverless(&surroundings.environment).or_else(|| of_command_line(&surroundings.arguments));
    name.unwrap_or_else(|| format!("unnamed-{language}-service"))
}

fn serverless(environment: &Environment) -> Option<String> {
    SERVERLESS.iter().find_map(|name| environment.get_non_empty(name)).map(|name| name.trim().to_owned())
}

fn of_command_line(arguments: &[String]) -> Option<String> {
    match started(arguments)? {
        Started::Program(program) => file_name(program),
        Started::Module(module) => Some(module.to_owned()).filter(|module| !module.is_empty()),
        Started::Script(script) => file_stem(script),
    }
}

/// What a command line starts.
enum Started<'a> {
    Program(&'a str),
    Module(&'a str),
    Script(&'a str),
}

fn started(arguments: &[String]) -> Option<Started<'_>> {
    let (program, rest) = arguments.split_first()?;
    let name = file_name(program)?;
    match INTERPRETERS.iter().find(|interpreter| interpreter.is(&name)) {
        Some(interpreter) => script(interpreter, rest),
        None => Some(Started::Program(program)),
    }
}

/// What a process is started from, for its tags.
pub(super) struct Entry {
    /// `executable`, `script` or `module`.
    pub(super) kind: &'static str,
    /// The name of the program, script or module.
    pub(super) name: Option<String>,
    /// The name of the directory in which it is.
    pub(super) directory: Option<String>,
}

/// Reads the command line.
pub(super) fn entry(surroundings: &Surroundings) -> Entry {
    let directory = |path: &str| last_part(Path::new(path.trim()).parent()?);
    match started(&surroundings.arguments) {
        Some(Started::Module(module)) => Entry { kind: "module", name: Some(module.to_owned()), directory: None },
        Some(Started::Script(path)) => Entry { kind: "script", name: file_stem(path), directory: directory(path) },
        Some(Started::Program(path)) => Entry { kind: "executable", name: file_name(path), directory: directory(path) },
        None => {
            let program = surroundings.arguments.first();
            Entry {
                kind: "executable",
                name: program.and_then(|path| file_name(path)),
                directory: program.and_then(|path| directory(path)),
            }
        }
    }
}

impl Interpreter {
    /// Whether a program is this one, with or without a version: `python`, `python3.12`, `nodejs`.
    fn is(&self, program: &str) -> bool {
        let version = program.strip_prefix(self.program).map(|rest| rest.strip_prefix("js").unwrap_or(rest));
        version.is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-'))
    }
}

fn script<'a>(interpreter: &Interpreter, arguments: &'a [String]) -> Option<Started<'a>> {
    let mut arguments = arguments.iter().map(String::as_str);
    while let Some(argument) = arguments.next() {
        if INLINE_CODE.contains(&argument) {
            return None;
        }
        if argument == "-m" {
            return arguments.next().map(Started::Module);
        }
        if !argument.starts_with('-') {
            return Some(Started::Script(argument));
        }
        if interpreter.valued.contains(&argument) {
            arguments.next();
        }
    }
    None
}

fn file_name(path: &str) -> Option<String> {
    Path::new(path.trim()).file_name().map(|name| name.to_string_lossy().into_owned())
}

fn file_stem(path: &str) -> Option<String> {
    Path::new(path.trim()).file_stem().map(|name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(command_line: &str) -> String {
        let mut surroundings = Surroundings::with_variables(&[]);
        surroundings.arguments = command_line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        infer(&surroundings, "python")
    }

    #[test]
    fn a_program_names_its_service() {
        assert_eq!(of("/usr/sbin/shop --port 80"), "shop");
        assert_eq!(of("./shop.v2"), "shop.v2");
        assert_eq!(of("pythonic"), "pythonic");
    }

    #[test]
    fn a_script_names_its_service() {
        for (command_line, name) in [
            ("/usr/bin/python3.12 -W ignore -u /srv/shop/app.py --debug", "app"),
            ("python -m flask run", "flask"),
            ("python3 /usr/bin/gunicorn app:app", "gunicorn"),
            ("ruby -r bundler/setup bin/rails server", "rails"),
            ("node --require ./tracer.js server.js", "server"),
            ("nodejs server.js", "server"),
        ] {
            assert_eq!(of(command_line), name, "{command_line}");
        }
    }

    #[test]
    fn without_a_name_there_is_a_stopgap() {
        for command_line in ["python3", "python3 -c pass", "node -e 1", "python -m", ""] {
            assert_eq!(of(command_line), "unnamed-python-service", "{command_line}");
        }
    }

    #[test]
    fn a_serverless_platform_names_the_service() {
        let surroundings =
            Surroundings::with_variables(&[("FUNCTION_NAME", "fn"), ("WEBSITE_SITE_NAME", "site"), ("K_SERVICE", " ")]);
        assert_eq!(infer(&surroundings, "go"), "fn");
    }
}
