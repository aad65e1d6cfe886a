//! Which sources the dashboard is made from, and their hash.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Files and folders of the room that the dashboard is made from, and the description of the API, which its types come from.
const ROOTS: [&str; 8] =
    ["src", "scripts", "index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "../query/openapi.json"];

/// Sorted. Rust sources and tests are not part of the dashboard; nor is the file of types, which is made itself.
pub(crate) fn sources(room: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for root in ROOTS {
        collect(&room.join(root), &mut found)?;
    }
    found.retain(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        !name.ends_with(".rs") && !name.contains(".test.") && name != "schema.ts"
    });
    found.sort();
    Ok(found)
}

fn collect(path: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        if path.exists() {
            found.push(path.to_owned());
        }
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        collect(&entry?.path(), found)?;
    }
    Ok(())
}

/// The files, and the folders they are in.
pub(crate) fn watched(room: &Path, sources: &[PathBuf]) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = sources.to_vec();
    paths.extend(sources.iter().filter_map(|path| path.parent()).filter(|folder| *folder != room).map(Path::to_owned));
    paths.sort();
    paths.dedup();
    // The folder of the types is written to while building; its files are watched one by one.
    paths.retain(|path| !path.ends_with("src/base"));
    paths
}

/// FNV-1a over names and contents: the same on every machine, and no secret is kept by it.
pub(crate) fn of(sources: &[PathBuf]) -> io::Result<String> {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for path in sources {
        add(path.file_name().unwrap_or_default().as_encoded_bytes());
        add(&[0]);
        add(&fs::read(path)?);
        add(&[0]);
    }
    Ok(format!("{hash:016x}"))
}
