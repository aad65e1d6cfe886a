//! Makes the dashboard when its sources have changed, and embeds what was made.
//!
//! 1. A stamp is the hash of every source. `dist/.stamp` says which sources `dist` was made from; when it is this one, nothing is made.
//! 2. Else npm makes it: `npm ci` when the lock file changed, then `npm run build`.
//! 3. Without npm a debug build embeds a page that says so, and warns; a release build fails. `FUSEBOX_UI=skip` asks for that page.
//! 4. `assets.rs` in `OUT_DIR` lists every file with its compressed forms.

#![expect(clippy::print_stdout, reason = "a build script speaks to cargo this way")]

mod embed;
mod make;
mod stamp;

use std::{env, error::Error, fs, path::Path};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let room = env::var("CARGO_MANIFEST_DIR")?;
    let room = Path::new(&room);
    println!("cargo::rerun-if-env-changed=FUSEBOX_UI");
    let sources = stamp::sources(room)?;
    // Directories too: a file that is added or goes.
    for path in stamp::watched(room, &sources) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    let stamp = stamp::of(&sources)?;
    let dist = room.join("dist");
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let page = if env::var("FUSEBOX_UI").is_ok_and(|wish| wish == "skip") {
        Err("FUSEBOX_UI=skip".to_owned())
    } else if fs::read_to_string(dist.join(".stamp")).is_ok_and(|made| made == stamp) {
        Ok(())
    } else {
        make::dashboard(room, &stamp)
    };
    // Sources that are built from elsewhere again have to be looked at again.
    println!("cargo::rerun-if-changed={}", dist.join(".stamp").display());
    match page {
        Ok(()) => embed::dashboard(&dist, &stamp),
        Err(reason) if release => Err(format!(
            "the dashboard is not built: {reason}\n\
             Any of these helps: install Node.js 20.19 or newer with npm and build again; \
             run `npm ci && npm run build` in {room} and keep its dist; or take a source archive that has ui/dist in it",
            room = room.display()
        )
        .into()),
        Err(reason) => {
            println!("cargo::warning=this build has no dashboard: {reason}");
            embed::apology()
        }
    }
}
