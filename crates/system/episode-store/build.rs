//! A new migration file must rebuild the crate: the files are embedded by a macro that cargo cannot see into.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
