//! Which container this process runs in, as the agent wants to know it to add the container's tags (Linux only).
//!
//! * `/proc/self/cgroup` has lines `<number>:<controllers>:<path>`. The last path segment of the first line that ends in a
//!   container id gives it; a `.scope` behind the id, and segments below it, do not matter.
//! * Ids are 64 hex digits (Docker, containerd, CRI-O), a UUID with `-` or `_`, five groups of 8-4-4-4-4 (Cloud Foundry),
//!   or 32 hex digits, `-`, and a number (ECS tasks).
//! * Without an id, and outside the host's cgroup namespace, the inode of the process's cgroup directory stands for it.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The inode of the cgroup namespace of the host, the same on all Linux kernels.
const HOST_CGROUP_NAMESPACE: u64 = 0xEFFF_FFFB;
/// As much of the cgroup file is read; a line per controller is a few kilobytes.
const MAX_CGROUP_BYTES: u64 = 64 * 1024;

/// What the headers `Datadog-Container-ID` and `Datadog-Entity-ID` say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The id of the container.
    pub container_id: Option<String>,
    /// `ci-<container id>`, or `in-<inode of the cgroup directory>`.
    pub entity_id: Option<String>,
}

impl Origin {
    /// Reads where this process runs. Nothing known is the answer wherever something cannot be read.
    pub fn detect() -> Origin {
        Origin::read(Path::new("/proc/self/cgroup"), Path::new("/proc/self/ns/cgroup"), Path::new("/sys/fs/cgroup"))
    }

    fn read(cgroup_file: &Path, namespace_file: &Path, cgroup_root: &Path) -> Origin {
        let in_host_namespace = inode(namespace_file).is_none_or(|inode| inode == HOST_CGROUP_NAMESPACE);
        Origin::of_cgroup(&read_start(cgroup_file), in_host_namespace, |directory| inode(&cgroup_root.join(directory)))
    }

    /// What a cgroup file says. `inode_of` tells the inode of a directory below the cgroup mount.
    pub fn of_cgroup(text: &str, in_host_namespace: bool, inode_of: impl FnMut(&str) -> Option<u64>) -> Origin {
        if let Some(id) = container_id(text) {
            return Origin { container_id: Some(id.to_owned()), entity_id: Some(format!("ci-{id}")) };
        }
        if in_host_namespace {
            return Origin::default();
        }
        let mut inode_of = inode_of;
        let inode = cgroup_directories(text).find_map(|directory| inode_of(&directory));
        Origin { container_id: None, entity_id: inode.map(|inode| format!("in-{inode}")) }
    }
}

/// The container id in the text of a cgroup file.
fn container_id(text: &str) -> Option<&str> {
    cgroup_lines(text).find_map(|line| line.path.rsplit('/').find_map(id_at_end))
}

struct CgroupLine<'a> {
    controllers: &'a str,
    path: &'a str,
}

fn cgroup_lines(text: &str) -> impl Iterator<Item = CgroupLine<'_>> {
    text.lines().filter_map(|line| {
        let mut parts = line.trim_end().splitn(3, ':');
        let number = parts.next()?;
        let line = CgroupLine { controllers: parts.next()?, path: parts.next()? };
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then_some(line)
    })
}

/// The directories of this process below the cgroup mount: that of the memory controller (v1) before the unified one (v2).
fn cgroup_directories(text: &str) -> impl Iterator<Item = String> {
    let of_controller = |wanted: &str, mount: &str| {
        let line = cgroup_lines(text).find(|line| line.controllers.split(',').any(|controller| controller == wanted))?;
        // A cgroup above the root of our namespace is shown with dots, and is not below the mount.
        let is_below = !line.path.split('/').any(|segment| segment == "..");
        is_below.then(|| format!("{mount}{}", line.path.trim_start_matches('/')))
    };
    [of_controller("memory", "memory/"), of_controller("", "")].into_iter().flatten()
}

/// The id that a path segment ends in, apart from a `.scope`.
fn id_at_end(segment: &str) -> Option<&str> {
    let name = segment.strip_suffix(".scope").unwrap_or(segment);
    let fixed = [64, 36, 28].into_iter().find_map(|length| id_of_length(name, length));
    fixed.or_else(|| ecs_task_id(name))
}

fn id_of_length(name: &str, length: usize) -> Option<&str> {
    let start = name.len().checked_sub(length)?;
    let candidate = name.get(start..)?;
    let groups: &[usize] = match length {
        64 => &[64],
        36 => &[8, 4, 4, 4, 12],
        _ => &[8, 4, 4, 4, 4],
    };
    (stands_alone(name, start) && has_hex_groups(candidate, groups)).then_some(candidate)
}

/// `<32 hex digits>-<number>`.
fn ecs_task_id(name: &str) -> Option<&str> {
    let (task, number) = name.rsplit_once('-')?;
    let start = task.len().checked_sub(32)?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_task = task.get(start..).is_some_and(|task| has_hex_groups(task, &[32]));
    if is_number && is_task && stands_alone(name, start) { name.get(start..) } else { None }
}

/// Whether what begins at `start` is not the rest of a longer word, such as the UUID of a pod in `pod<uuid>`.
fn stands_alone(name: &str, start: usize) -> bool {
    let before = start.checked_sub(1).and_then(|index| name.as_bytes().get(index));
    before.is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

fn has_hex_groups(candidate: &str, lengths: &[usize]) -> bool {
    let mut groups = candidate.split(['-', '_']);
    let all_match = lengths.iter().all(|length| {
        groups.next().is_some_and(|group| group.len() == *length && group.bytes().all(|byte| byte.is_ascii_hexdigit()))
    });
    all_match && groups.next().is_none()
}

fn inode(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|metadata| metadata.ino())
}

fn read_start(path: &Path) -> String {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(path) {
        // What was read before an error still counts.
        let _ = file.take(MAX_CGROUP_BYTES).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    const HEX: &str = "3726184226f5d3147c25fdeab5b60097e378e8a720503a5e19ecfdf29f869860";

    #[test]
    fn ids_of_all_known_runtimes_are_found() {
        let uuid = "34dc0b5e-626f-2c5c-4c51-70e34b10e765";
        let underscored = "34dc0b5e_626f_2c5c_4c51_70e34b10e765";
        let foundry = "6f265890-5165-7fab-6b52-18d1";
        let task = "34dc0b5e626f2c5c4c5170e34b10e765-1234567890";
        let cases = [
            (format!("13:name=systemd:/docker/{HEX}"), HEX),
            (format!("11:perf_event:/kubepods/test/pod3d274242-8ee0-11e9-a8a6-1e68d864ef1a/{HEX}"), HEX),
            (
                format!(
                    "1:name=systemd:/kubepods.slice/kubepods-pod2d3da189_6407_48e3_9ab6_78188d75e609.slice/docker-{HEX}.scope"
                ),
                HEX,
            ),
            (format!("9:perf_event:/ecs/test-ecs-classic/5a0d5ceddf6c44c1928d367a815d890f/{HEX}"), HEX),
            (format!("0::/system.slice/kubepods-besteffort.slice:cri-containerd:{HEX}"), HEX),
            (format!("0::/kubepods.slice/cri-containerd-{HEX}.scope/init.scope"), HEX),
            (format!("4:pids:/ecs/55091c13-b8cf-4801-b527-f4601742204d/{task}"), task),
            (format!("1:name=systemd:/uuid/{uuid}"), uuid),
            (format!("1:name=systemd:/uuid/{underscored}.scope"), underscored),
            (format!("10:freezer:/garden/{foundry}"), foundry),
            (format!("0::/docker/{}  ", HEX.to_uppercase()), &HEX.to_uppercase()),
        ];
        for (line, expected) in &cases {
            assert_eq!(container_id(line), Some(*expected), "{line}");
        }
    }

    #[test]
    fn what_only_looks_like_an_id_is_none() {
        let cases = [
            "".to_owned(),
            "0::/".to_owned(),
            "12:rdma:/".to_owned(),
            format!("no number:x:/docker/{HEX}"),
            format!("1:/docker/{HEX}"),
            format!("1:cpu:/docker/a{HEX}"),
            format!("1:cpu:/docker/{}", &HEX[1..]),
            format!("1:cpu:/docker/{HEX}.slice"),
            "11:hugetlb:/kubepods/pod3d274242-8ee0-11e9-a8a6-1e68d864ef1a".to_owned(),
            "1:cpu:/ecs/34dc0b5e626f2c5c4c5170e34b10e765-".to_owned(),
            "1:cpu:/ecs/34dc0b5e626f2c5c4c5170e34b10e765-12x".to_owned(),
            "1:cpu:/x/34dc0b5e-626f-2c5c-4c51-70e34b10e76g".to_owned(),
            "1:cpu:/é/ééééééééééééééééééééééééééééééééééééééé".to_owned(),
        ];
        for line in &cases {
            assert_eq!(container_id(line), None, "{line}");
        }
    }

    #[test]
    fn the_first_line_with_an_id_wins() {
        let other = HEX.replace('3', "4");
        let text = format!("3:cpu:/\n2:pids:/docker/{HEX}\n1:memory:/docker/{other}\n");
        assert_eq!(container_id(&text), Some(HEX));
    }

    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str, cgroup: &str) -> Tree {
            let root = std::env::temp_dir().join(format!("ddtrace-origin-{}-{name}", std::process::id()));
            fs::create_dir_all(root.join("mount/memory/app")).unwrap();
            fs::create_dir_all(root.join("mount/unified.slice")).unwrap();
            fs::write(root.join("cgroup"), cgroup).unwrap();
            fs::write(root.join("namespace"), "").unwrap();
            Tree(root)
        }

        fn read(&self) -> Origin {
            Origin::read(&self.0.join("cgroup"), &self.0.join("namespace"), &self.0.join("mount"))
        }

        fn entity(&self, directory: &str) -> Option<String> {
            inode(&self.0.join("mount").join(directory)).map(|inode| format!("in-{inode}"))
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn an_id_gives_both_headers() {
        let tree = Tree::new("id", &format!("0::/docker/{HEX}\n"));
        let expected = Origin { container_id: Some(HEX.to_owned()), entity_id: Some(format!("ci-{HEX}")) };
        assert_eq!(tree.read(), expected);
    }

    #[test]
    fn without_an_id_the_inode_of_the_cgroup_directory_stands_for_it() {
        let first = Tree::new("v1", "5:cpu,cpuacct:/app\n4:memory:/app\n0::/unified.slice\n");
        assert_eq!(first.read().entity_id, first.entity("memory/app"));
        let second = Tree::new("v2", "0::/unified.slice\n");
        assert_eq!(second.read().entity_id, second.entity("unified.slice"));
        assert!(second.read().entity_id.is_some() && second.read().container_id.is_none());
        let root = Tree::new("root", "0::/\n");
        assert_eq!(root.read().entity_id, root.entity(""));
        assert_eq!(Tree::new("above", "0::/../other\n").read(), Origin::default());
    }

    #[test]
    fn in_the_namespace_of_the_host_a_directory_says_nothing() {
        let origin = |in_host| Origin::of_cgroup("0::/unified.slice\n", in_host, |_| Some(7));
        assert_eq!(origin(true), Origin::default());
        assert_eq!(origin(false).entity_id.as_deref(), Some("in-7"));
        // An id counts wherever the process runs.
        assert!(Origin::of_cgroup(&format!("0::/docker/{HEX}"), true, |_| None).container_id.is_some());
    }

    #[test]
    fn nothing_readable_is_nothing_known() {
        let missing = Path::new("/nonexistent");
        assert_eq!(Origin::read(missing, missing, missing), Origin::default());
    }
}
