"""Builds what is missing: the library (release), the C programs, the sink, the allocation counter, the peers."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCHES = ROOT / "benches"
CFLAGS = ["-O2", "-g", "-std=gnu11", "-Wall", "-Wextra"]


class Programs:
    """Where the programs are once they are built."""

    def __init__(self, target):
        self.target = target
        self.out = target / "bench"
        self.library = target / "release" / "libddtrace.so"
        self.bench = self.out / "libddtrace"
        self.sink = self.out / "sink"
        self.alloc_count = self.out / "alloc_count.so"
        self.peers = self.out / "peers" / "release" / "peers"


def programs():
    metadata = run(["cargo", "metadata", "--format-version", "1", "--no-deps"], stdout=subprocess.PIPE)
    return Programs(pathlib.Path(json.loads(metadata.stdout)["target_directory"]))


def build(built, library, peers):
    """`library`, `peers`: whether those subjects were asked for."""
    built.out.mkdir(parents=True, exist_ok=True)
    compile_c(built.sink, sorted((BENCHES / "sink").glob("*.c")), [])
    compile_c(built.alloc_count, [BENCHES / "c" / "alloc_count.c"], ["-shared", "-fPIC"])
    if library:
        # As it is shipped.
        run(["make", "--no-print-directory", "shared"])
        sources = [path for path in sorted((BENCHES / "c").glob("*.c")) if path.name != "alloc_count.c"]
        folder = linkable(built)
        link = ["-I", str(ROOT / "include"), "-L", folder, f"-Wl,-rpath,{folder}", "-lddtrace", "-lpthread", "-ldl"]
        compile_c(built.bench, sources, link)
    if peers:
        environment = dict(os.environ, CARGO_TARGET_DIR=str(built.out / "peers"))
        run(["cargo", "build", "--release", "--locked"], cwd=BENCHES / "peers", env=environment)


def linkable(built):
    """A folder with the library under the name that programs link and the one that they look for when they start."""
    folder = built.out / "lib"
    folder.mkdir(exist_ok=True)
    for name in ("libddtrace.so", "libddtrace.so.0"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(built.library)
    return str(folder)


def compile_c(program, sources, options):
    run([os.environ.get("CC", "cc"), *CFLAGS, *map(str, sources), "-o", str(program), *options])


def compile_cpp(program, sources, options):
    run([os.environ.get("CXX", "c++"), "-O2", "-g", "-std=c++17", "-Wall", "-Wextra", *map(str, sources), "-o", str(program), *options])


def run(command, cwd=ROOT, **options):
    done = subprocess.run(command, cwd=cwd, check=False, text=True, **options)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}")
    return done
