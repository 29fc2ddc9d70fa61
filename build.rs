//! Lists the files of `presets/` as a table of names and texts, which `src/presets` includes.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "Cargo and build scripts talk through the environment and standard output"
)]

use std::{
    env,
    error::Error,
    fs, io,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=presets");
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("presets");
    let mut table = String::from("&[\n");
    for preset in sorted(&folder)?.into_iter().filter(|path| path.is_dir()) {
        for file in sorted(&preset)? {
            let names = [&preset, &file].map(|path| path.file_name().unwrap_or_default());
            let [preset, name] = names.map(|name| name.to_string_lossy());
            let path = file.to_string_lossy();
            table.push_str(&format!(
                "({preset:?}, {name:?}, include_str!({path:?})),\n"
            ));
        }
    }
    table.push_str("]\n");
    let out = Path::new(&env::var("OUT_DIR")?).join("presets.rs");
    Ok(fs::write(out, table)?)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
