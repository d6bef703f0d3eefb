//! What must come from the operating system: git, the sandbox program, and OpenGL with a software renderer.

use std::path::{Path, PathBuf};

use toolbox::SlotLock;
use toolbox::search_path::executables;

use super::{packages, python_interpreter};
use crate::command::Logged;
use crate::component::{Component, Failure, Finding, Name, Site, Usable};

/// The packages of the operating system that are not tools of their own.
pub struct SystemPackages;

/// How a package shows that it is installed.
enum Sign {
    /// This program is on `PATH`.
    Program(&'static str),
    /// A shared library of this name.
    Library(&'static str),
    /// One of these file name beginnings in one of the directories of OpenGL drivers.
    Driver(&'static [&'static str]),
    /// A Python that can make environments.
    PythonEnvironments,
}

/// One package, by Debian's name.
struct Package {
    debian_name: &'static str,
    sign: Sign,
    purpose: &'static str,
    optional: bool,
}

const PACKAGES: [Package; 8] = [
    Package {
        debian_name: "git",
        sign: Sign::Program("git"),
        purpose: "version control in agent sessions",
        optional: false,
    },
    Package {
        debian_name: "bubblewrap",
        sign: Sign::Program("bwrap"),
        purpose: "an additional wall around agent scripts",
        optional: true,
    },
    Package { debian_name: "libgl1", sign: Sign::Library("libGL.so.1"), purpose: "loading build123d", optional: false },
    Package {
        debian_name: "libx11-6",
        sign: Sign::Library("libX11.so.6"),
        purpose: "loading build123d",
        optional: false,
    },
    Package {
        debian_name: "libexpat1",
        sign: Sign::Library("libexpat.so.1"),
        purpose: "loading build123d",
        optional: false,
    },
    Package {
        debian_name: "libegl1",
        sign: Sign::Library("libEGL.so.1"),
        purpose: "rendering without a display",
        optional: false,
    },
    Package {
        debian_name: "libgl1-mesa-dri",
        sign: Sign::Driver(&["swrast_dri.so", "libgallium", "libdril_dri.so"]),
        purpose: "rendering without a graphics card",
        optional: false,
    },
    Package {
        debian_name: "python3-venv",
        sign: Sign::PythonEnvironments,
        purpose: "making the Python environment",
        optional: false,
    },
];

impl Component for SystemPackages {
    fn name(&self) -> Name {
        Name::System
    }

    fn slot_name(&self, _site: &Site) -> String {
        "system".to_owned()
    }

    fn find(&self, site: &Site) -> Finding {
        let missing = missing_packages(site);
        let (optional, required): (Vec<&Package>, Vec<&Package>) =
            missing.into_iter().partition(|package| package.optional);
        if !required.is_empty() || !optional.is_empty() && packages::can_install(site) {
            let names: Vec<_> = required.iter().chain(&optional).map(|package| described(package)).collect();
            return Finding::missing(format!("missing: {}", names.join(", ")));
        }
        let remarks = optional.iter().map(|package| {
            let command = packages::command_for_people(&[package.debian_name]);
            format!("optional and not there: {}; to have it: {command}", described(package))
        });
        Finding::Usable(Usable {
            what: "git, OpenGL libraries, software renderer".to_owned(),
            place: PathBuf::from("the operating system"),
            link: None,
            remarks: remarks.collect(),
        })
    }

    fn install(&self, site: &Site, _lock: &SlotLock, logged: &Logged<'_>) -> Result<(), Failure> {
        let missing: Vec<&str> = missing_packages(site).iter().map(|package| package.debian_name).collect();
        let by_hand = packages::command_for_people(&missing);
        if !packages::can_install(site) {
            let (cause, remedy) = if packages::has_apt(site) {
                ("only root may install packages, and this is another user", by_hand)
            } else {
                let remedy =
                    format!("install your system's counterparts of these Debian packages: {}", missing.join(" "));
                ("this machine has no apt-get, the only package manager that the setup knows", remedy)
            };
            return Err(Failure::because("the package manager", &remedy, &cause));
        }
        packages::install(site, logged, &missing).map_err(Failure::of(
            "apt-get install",
            &format!("check the network and the package sources, then run: make setup (or by hand: {by_hand})"),
        ))
    }
}

fn described(package: &Package) -> String {
    format!("{} ({})", package.debian_name, package.purpose)
}

fn missing_packages(site: &Site) -> Vec<&'static Package> {
    PACKAGES.iter().filter(|package| !is_there(&package.sign, site)).collect()
}

fn is_there(sign: &Sign, site: &Site) -> bool {
    match sign {
        Sign::Program(name) => !executables(name, &site.search_path).is_empty(),
        Sign::Library(name) => library_directories().iter().any(|directory| directory.join(name).exists()),
        Sign::Driver(beginnings) => library_directories()
            .into_iter()
            .flat_map(|directory| [directory.join("dri"), directory])
            .any(|directory| holds_file_beginning_with(&directory, beginnings)),
        // Once the environment exists it no longer matters how it was made.
        Sign::PythonEnvironments => {
            super::python::environment(site).is_some_and(|slot| slot.is_complete())
                || python_interpreter::any_makes_environments(site)
        }
    }
}

fn holds_file_beginning_with(directory: &Path, beginnings: &[&str]) -> bool {
    std::fs::read_dir(directory).into_iter().flatten().flatten().any(|entry| {
        let name = entry.file_name();
        beginnings.iter().any(|beginning| name.to_string_lossy().starts_with(beginning))
    })
}

/// The directories in which distributions keep shared libraries, and those of `LD_LIBRARY_PATH`.
fn library_directories() -> Vec<PathBuf> {
    let architecture = std::env::consts::ARCH;
    let configured = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let standard = [
        format!("/usr/lib/{architecture}-linux-gnu"),
        format!("/lib/{architecture}-linux-gnu"),
        "/usr/lib64".to_owned(),
        "/lib64".to_owned(),
        "/usr/lib".to_owned(),
        "/usr/local/lib".to_owned(),
    ];
    std::env::split_paths(&configured)
        .filter(|path| !path.as_os_str().is_empty())
        .chain(standard.map(PathBuf::from))
        .collect()
}
