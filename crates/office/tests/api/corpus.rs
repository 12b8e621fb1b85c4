//! Every request that the fuzzer once found worth keeping is read again. `fuzz/README.md` says how to look for more.

#[path = "../../../../fuzz/src/api.rs"]
mod api;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use zip::ZipArchive;

#[test]
fn no_kept_request_makes_the_interface_panic_or_answer_without_a_ground() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/api.zip");
    let archive = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut kept = ZipArchive::new(archive).expect("an archive of kept requests");
    assert!(!kept.is_empty(), "nothing is kept");
    for index in 0..kept.len() {
        let mut file = kept.by_index(index).expect("a kept request");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("a kept request");
        // Told when a reader panics.
        println!("{:?}", file.name());
        api::read_request(&bytes);
    }
}
