//! Messages in a file, with one backup: what grows beyond the limit is renamed, and a new file begun.
//!
//! As everywhere in this room, nothing waits for a lock: where it cannot be had, the message goes to stderr.

use super::Level;
use super::date::date_text;
use crate::lock::{Mutex, RwLock};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Where messages are written, and how much of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// The file; what it had before is renamed to the same with `.1`.
    pub path: PathBuf,
    /// The least urgent level that it gets, of those that are let through; `None`: nothing.
    pub level: Option<Level>,
    /// The size in bytes that it does not exceed.
    pub max_bytes: u64,
}

/// The file in use, with what was asked for.
struct OpenFile {
    asked: LogFile,
    /// The file and its size.
    file: Mutex<(File, u64)>,
}

static CURRENT: RwLock<Option<Arc<OpenFile>>> = RwLock::new(None);

/// Writes messages to this file from now on; the same file as before goes on. On an error nothing has changed.
pub fn set_file(asked: Option<&LogFile>) -> io::Result<()> {
    let former = current();
    if former.as_ref().map(|open| &open.asked) == asked {
        return Ok(());
    }
    let next =
        asked.map(|asked| open(&asked.path).map(|file| Arc::new(OpenFile { asked: asked.clone(), file: Mutex::new(file) })));
    let next = next.transpose()?;
    if let Some(mut current) = CURRENT.write_soon() {
        *current = next;
    }
    Ok(())
}

/// Writes a line, if there is a file for it. `false`: it was not written, and should be seen elsewhere.
pub(super) fn write_line(level: Level, line: &str) -> bool {
    let Some(open) = current() else { return false };
    if open.asked.level.is_none_or(|least| level > least) {
        return true;
    }
    open.file.lock_soon().is_some_and(|mut file| open.append(&mut file, line).is_ok())
}

fn current() -> Option<Arc<OpenFile>> {
    CURRENT.read_soon()?.clone()
}

/// The file for writing at its end, and its size.
fn open(path: &Path) -> io::Result<(File, u64)> {
    // A pipe without a reader would block.
    let file = OpenOptions::new().append(true).create(true).mode(0o640).custom_flags(libc::O_NONBLOCK).open(path)?;
    let facts = file.metadata()?;
    match facts.is_file() {
        true => Ok((file, facts.len())),
        false => Err(io::Error::other("not a regular file")),
    }
}

impl OpenFile {
    fn append(&self, (file, size): &mut (File, u64), line: &str) -> io::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs() as i64);
        let line = format!("{} {line}", date_text(now));
        let added = line.len() as u64;
        if *size > 0 && *size + added > self.asked.max_bytes {
            let mut backup = self.asked.path.clone().into_os_string();
            backup.push(".1");
            fs::rename(&self.asked.path, backup)?;
            (*file, *size) = open(&self.asked.path)?;
        }
        file.write_all(line.as_bytes())?;
        *size += added;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("ddtrace-log-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        path
    }

    fn opened(asked: LogFile) -> OpenFile {
        let file = open(&asked.path).unwrap();
        OpenFile { asked, file: Mutex::new(file) }
    }

    #[test]
    fn a_full_file_becomes_the_one_backup() {
        let directory = directory("backup");
        let path = directory.join("library.log");
        let log = opened(LogFile { path: path.clone(), level: Some(Level::Debug), max_bytes: 100 });
        for number in 0..5 {
            log.append(&mut log.file.try_lock().unwrap(), &format!("line {number} {}\n", "x".repeat(20))).unwrap();
        }
        let (now, before) = (fs::read_to_string(&path).unwrap(), fs::read_to_string(directory.join("library.log.1")).unwrap());
        assert!(now.contains("line 4") && !now.contains("line 3"), "{now}");
        assert!(before.contains("line 2") && before.contains("line 3") && !before.contains("line 1"), "{before}");
        assert!(now.starts_with("20") && now.contains("Z line 4"), "{now}");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 2);
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn what_was_there_is_kept_and_counted() {
        let directory = directory("kept");
        let path = directory.join("library.log");
        fs::write(&path, "x".repeat(90)).unwrap();
        let log = opened(LogFile { path: path.clone(), level: Some(Level::Debug), max_bytes: 100 });
        log.append(&mut log.file.try_lock().unwrap(), "new\n").unwrap();
        assert!(fs::read_to_string(&path).unwrap().ends_with("Z new\n"));
        assert_eq!(fs::metadata(directory.join("library.log.1")).unwrap().len(), 90);
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn what_is_no_file_is_refused() {
        assert!(open(Path::new("/nowhere/at/all.log")).is_err());
        assert!(open(&std::env::temp_dir()).is_err());
        assert!(open(Path::new("/dev/null")).is_err());
    }
}
