//! Every file that the fuzzer once found worth keeping is read again. `fuzz/README.md` says how to look for more.

#[path = "../../../fuzz/src/lib.rs"]
mod fuzz;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use exchange::Kind;
use zip::ZipArchive;

/// The target whose files are of a kind that is to be found out.
const ANY: &str = "any-file";

#[test]
fn no_kept_file_makes_a_reader_panic_or_lose_count() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let targets = Kind::ALL.iter().map(|kind| kind.word()).chain([ANY]);
    for target in targets {
        let path = corpus.join(target).with_extension("zip");
        let archive =
            File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut kept = ZipArchive::new(archive).expect("an archive of kept files");
        assert!(!kept.is_empty(), "{target} keeps nothing");
        for index in 0..kept.len() {
            let mut file = kept.by_index(index).expect("a kept file");
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).expect("a kept file");
            // Told when a reader panics.
            println!("{target}: {:?}", file.name());
            fuzz::read_as(Kind::from_word(target), &bytes);
        }
    }
}
