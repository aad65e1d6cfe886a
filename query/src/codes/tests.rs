use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use storage::io::{DiskSpace, Io, IoFile, RealIo};

use super::*;

/// The file system, until it is full.
struct Full(AtomicBool);

impl Io for Full {
    fn create(&self, path: &Path) -> io::Result<Box<dyn IoFile>> {
        if self.0.load(Ordering::Relaxed) { Err(io::ErrorKind::StorageFull.into()) } else { RealIo.create(path) }
    }
    fn open(&self, path: &Path) -> io::Result<Box<dyn IoFile>> {
        RealIo.open(path)
    }
    fn open_read(&self, path: &Path) -> io::Result<Box<dyn IoFile>> {
        RealIo.open_read(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealIo.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        RealIo.remove(path)
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        RealIo.create_dir(path)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        RealIo.sync_dir(dir)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        RealIo.list(dir)
    }
    fn disk_space(&self, path: &Path) -> io::Result<DiskSpace> {
        RealIo.disk_space(path)
    }
}

fn csv(text: &str) -> governance::codes::catalogue::CodesFile {
    Format::Csv.read(text).expect("valid")
}

fn opened(dir: &Path, files: &[&str]) -> Result<Codes, CodesError> {
    let files = files.iter().map(|name| dir.join(name)).collect();
    Codes::open(CodesConfig { files, ..CodesConfig::in_dir(dir) }, Arc::new(RealIo))
}

#[test]
fn what_is_wrong_in_a_file_is_named_with_its_line() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let check = |name: &str, text: &[u8], expected: &str| {
        std::fs::write(dir.path().join(name), text).expect("written");
        let error = opened(dir.path(), &[name]).err().expect("wrong").to_string();
        assert!(error.contains(name) && error.contains(expected), "{error}");
    };
    check("a.toml", b"[[code]]\ncode = 'a'\nclass = 'mine'\n", "a.toml:3: unknown variant `mine`");
    check("b.toml", b"\n\n[[layout]]\nid = 'x'\npattern = '('\n", "b.toml:3: layout \"x\": `pattern` is no regular expression");
    check("c.csv", b"code,colour\n", "c.csv:1: column \"colour\" is unknown");
    check("d.json", b"{}", ".toml, .csv, .proto and .java are read");
    check("e.csv", b"code\n\xff\n", "e.csv:2: the text is not UTF-8");
    std::fs::create_dir(dir.path().join("settings")).expect("a directory");
    std::fs::write(dir.path().join("settings/error-codes.toml"), "code = 1").expect("written");
    assert!(opened(dir.path(), &[]).err().expect("wrong").to_string().contains("settings/error-codes.toml:1"));
    assert!(matches!(opened(dir.path(), &["missing.toml"]), Err(CodesError::Read { .. })));
}

#[test]
fn the_first_file_wins_and_the_second_is_told() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("written");
    write("a.csv", "code,title\n1000,first\n");
    write("b.csv", "code,title,owner\n1000,second,team\n");
    let codes = opened(dir.path(), &["a.csv", "b.csv"]).expect("right");
    let warnings = codes.warnings();
    assert!(
        warnings.len() == 1 && warnings[0].ends_with("b.csv:2: `title.en` of 1000 is \"second\" here and \"first\" before, which holds"),
        "{warnings:?}"
    );
    let known = codes.known();
    let entry = known.catalogue.get("1000", "").expect("there");
    assert_eq!((entry.title.en.as_str(), entry.owner.as_str()), ("first", "team"));
    write("c.toml", "[[layout]]\nid = '1-3-3'\npattern = '^(?P<code>.{7})$'\n");
    write("d.toml", "[[layout]]\nid = '1-3-3'\npattern = '^(?P<code>.)$'\n");
    let known = opened(dir.path(), &["c.toml"]).expect("right").known();
    assert_eq!(known.layouts.entries().filter(|layout| layout.id == "1-3-3").count(), 1, "it takes the place of the built-in one");
    assert!(
        opened(dir.path(), &["c.toml", "d.toml"])
            .err()
            .expect("twice")
            .to_string()
            .contains("d.toml: layout \"1-3-3\": `id` is used twice")
    );
}

#[test]
fn a_changed_file_counts_and_one_with_a_mistake_does_not() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("written");
    write("a.csv", "code,title\n1000,first\n");
    let codes = opened(dir.path(), &["a.csv"]).expect("right");
    codes.import(csv("code,title\n2000,imported\n"), false, false).expect("there is room");
    let title = |code: &str| codes.known().catalogue.get(code, "").map(|entry| entry.title.en.clone());
    assert!(!codes.reload().expect("right"), "nothing changed");
    write("a.csv", "code,title\n1000,second\n3000,third\n");
    assert!(codes.reload().expect("right"));
    assert_eq!((title("1000").as_deref(), title("2000").as_deref()), (Some("second"), Some("imported")));
    for wrong in ["code,colour\n", "colour\n1\n"] {
        write("a.csv", wrong);
        let error = codes.reload().expect_err("wrong").to_string();
        assert!(error.contains("a.csv:"), "{error}");
        assert_eq!(title("3000").as_deref(), Some("third"), "what was known stays");
    }
    std::fs::remove_file(dir.path().join("a.csv")).expect("it was there");
    assert!(matches!(codes.reload(), Err(CodesError::Read { .. })));
    write("a.csv", "code,title\n3000,third\n");
    assert!(codes.reload().expect("right again"));
    assert_eq!((title("1000"), title("3000").as_deref()), (None, Some("third")));
    let imported = codes.import(csv("code,title\n3000,other\n"), false, false).expect("there is room");
    assert_eq!(imported.merged.conflicts.len(), 1, "imports are compared with the files as they are now");
}

#[test]
fn what_cannot_be_written_is_not_known() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let disk = Arc::new(Full(AtomicBool::new(false)));
    let open = || Codes::open(CodesConfig::in_dir(dir.path()), Arc::clone(&disk) as Arc<dyn Io>).expect("right");
    let codes = open();
    codes.import(csv("code,title\n1000,kept\n"), false, false).expect("there is room");
    disk.0.store(true, Ordering::Relaxed);
    let full = codes.import(csv("code,title\n2000,lost\n"), false, false).expect_err("there is none");
    assert!(matches!(full, ImportError::Codes(CodesError::Write { .. })), "{full}");
    for codes in [&codes, &open()] {
        let known = codes.known();
        assert_eq!(known.catalogue.entries().map(|entry| entry.code.as_str()).collect::<Vec<_>>(), ["1000"]);
    }
    disk.0.store(false, Ordering::Relaxed);
    codes.import(csv("code,title\n2000,found\n"), false, false).expect("there is room again");
    assert_eq!(open().counts().0, 2);
}

#[test]
fn an_import_gives_way_only_when_that_is_asked() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(dir.path().join("a.csv"), "code,title\n1000,of the file\n").expect("written");
    let codes = opened(dir.path(), &["a.csv"]).expect("right");
    let import = |text: &str, replace: bool, dry_run: bool| {
        let Imported { merged, replaced, codes_total, .. } = codes.import(csv(text), replace, dry_run).expect("right");
        (merged.added, merged.completed, merged.unchanged, merged.conflicts.len(), replaced, codes_total)
    };
    assert_eq!(import("code,title,owner\n1000,of the file,team\n2000,two,\n", false, false), (1, 1, 0, 0, 0, 2));
    assert_eq!(import("code,title\n1000,other\n2000,zwei\n", false, false), (0, 0, 0, 2, 0, 2));
    assert_eq!(import("code,title\n1000,other\n2000,zwei\n", true, true), (1, 0, 0, 1, 2, 2));
    let title = |code: &str| codes.known().catalogue.get(code, "").map(|entry| entry.title.en.clone());
    assert_eq!(title("2000").as_deref(), Some("two"), "it was only tried");
    import("code,title\n1000,other\n2000,zwei\n", true, false);
    assert_eq!((title("1000").as_deref(), title("2000").as_deref()), (Some("of the file"), Some("zwei")));
}
