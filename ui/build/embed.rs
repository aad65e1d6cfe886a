//! Writes the list of embedded files.

use std::{env, fmt::Write, fs, path::Path};

use crate::Outcome;

/// What a build without npm serves.
const APOLOGY: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Fusebox</title>\
<h1>This build has no dashboard</h1><p>It was built without Node.js. The API is at <a href=\"api/v1/status\">api/v1/status</a>.</p></html>\n";

pub(crate) fn dashboard(dist: &Path, stamp: &str) -> Outcome<()> {
    let mut list = String::new();
    let mut paths: Vec<_> = fs::read_dir(dist.join("assets"))?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a file name that is no text")?;
        if name.ends_with(".br") || name.ends_with(".gz") {
            continue;
        }
        let form = |ending: &str| path.with_file_name(format!("{name}.{ending}"));
        writeln!(
            list,
            "    Embedded {{ name: {name:?}, plain: include_bytes!({path:?}), brotli: include_bytes!({:?}), gzip: include_bytes!({:?}) }},",
            form("br"),
            form("gz"),
        )?;
    }
    write(&format!("include_str!({:?})", dist.join("index.html")), &list, stamp)
}

pub(crate) fn apology() -> Outcome<()> {
    write(&format!("{APOLOGY:?}"), "", "none")
}

fn write(index: &str, list: &str, stamp: &str) -> Outcome<()> {
    let text = format!("const INDEX: &str = {index};\nconst STAMP: &str = {stamp:?};\nstatic ASSETS: &[Embedded] = &[\n{list}];\n");
    Ok(fs::write(Path::new(&env::var("OUT_DIR")?).join("assets.rs"), text)?)
}
