//! Link arguments of the shared library, so that a plain `cargo build` makes one that can be installed as it is.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
        return;
    }
    // Programs record this name. The number changes when they have to be compiled again, and only then.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libddtrace.so.0");
    // Threads and exit handlers of the library may outlive a `dlclose`.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
