use super::*;
use crate::export::sample_chunk::{shop, span};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::thread;

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ddtrace-file-exporter-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("makes a folder");
        Folder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("UTF-8").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn lines(path: &str) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(path).expect("reads");
    assert!(text.is_empty() || text.ends_with('\n'), "whole lines only");
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

#[test]
fn spans_are_appended_line_by_line() {
    let folder = Folder::new();
    let path = folder.path("spans");
    for _ in 0..2 {
        let exporter = FileExporter::open(&path).expect("opens");
        assert_eq!(exporter.path(), path);
        exporter.export(&[]).expect("nothing is fine");
        exporter.export(&[shop()]).expect("writes");
    }
    let lines = lines(&path);
    assert_eq!(lines.len(), 10);
    assert_eq!(lines[9]["name"], "db.query");
    assert_eq!(lines[9]["sampled"], true);
}

#[test]
fn the_file_is_its_owners_alone() {
    let folder = Folder::new();
    let path = folder.path("spans");
    FileExporter::open(&path).expect("opens");
    let mode = fs::metadata(&path).expect("is there").permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
    assert_eq!(mode & 0o600, 0o600, "{mode:o}");
}

#[test]
fn a_symbolic_link_is_refused_and_its_target_left_alone() {
    let folder = Folder::new();
    let (target, link) = (folder.path("target"), folder.path("link"));
    fs::write(&target, "precious").expect("writes");
    symlink(&target, &link).expect("links");
    let error = FileExporter::open(&link).expect_err("refuses");
    assert_eq!(error.to_string(), format!("file exporter: {link:?} is a symbolic link, expected a regular file"));
    assert_eq!(fs::read_to_string(&target).expect("reads"), "precious");
    symlink(folder.path("nowhere"), folder.path("dangling")).expect("links");
    FileExporter::open(&folder.path("dangling")).expect_err("refuses");
    assert!(!Path::new(&folder.path("nowhere")).exists());
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = Folder::new();
    let error = FileExporter::open(folder.0.to_str().expect("UTF-8")).expect_err("a folder");
    assert!(error.to_string().ends_with("is a directory, expected a regular file"), "{error}");
    FileExporter::open("/dev/null").expect_err("a device");
    let missing = folder.path("no/such/folder");
    let error = FileExporter::open(&missing).expect_err("nowhere to make it");
    assert!(error.to_string().contains(&format!("cannot open {missing:?}")), "{error}");
    FileExporter::open("").expect_err("no path");
    FileExporter::open("a\0b").expect_err("no path either");
}

#[test]
fn a_named_pipe_is_refused_without_waiting_for_a_reader() {
    let folder = Folder::new();
    let path = folder.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("runs mkfifo");
    assert!(made.success());
    FileExporter::open(&path).expect_err("refuses");
}

#[test]
fn after_shutdown_nothing_is_written() {
    let folder = Folder::new();
    let path = folder.path("spans");
    let exporter = FileExporter::open(&path).expect("opens");
    exporter.shutdown();
    let error = exporter.export(&[shop()]).expect_err("is shut down");
    assert_eq!(error.to_string(), "file exporter: spans arrived after its shutdown");
    assert_eq!(fs::metadata(&path).expect("is there").size(), 0);
}

#[test]
fn writers_of_one_file_do_not_interleave() {
    let folder = Folder::new();
    let path = folder.path("spans");
    let exporters = [(); 2].map(|()| FileExporter::open(&path).expect("opens"));
    thread::scope(|scope| {
        for writer in 0..4_u64 {
            let exporter = &exporters[writer as usize % 2];
            scope.spawn(move || {
                // Longer than what is written at a time, so that an export takes several writes.
                let name = writer.to_string().repeat(9_000);
                let spans = (1..=20).map(|id| span((id, 0), &name, "s", (0, 1))).collect();
                let chunks = [ChunkData { spans, priority: None }];
                for _ in 0..5 {
                    exporter.export(&chunks).expect("writes");
                }
            });
        }
    });
    let lines = lines(&path);
    assert_eq!(lines.len(), 4 * 5 * 20);
    for line in lines {
        let name = line["name"].as_str().expect("text");
        assert!(name.len() == 9_000 && name.bytes().all(|byte| byte == name.as_bytes()[0]));
    }
}
