//! The bytes of a copy's files as they are kept: packed small, and given back as they were sealed.
//!
//! Most of a register's PDF is the tags by which a screen reader finds its way through the grid; packed it takes a fifth or a sixth of the room. The digest in
//! the journal is of the file itself, so whoever proves a kept file unpacks it first.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

/// A file as it is kept.
pub(super) fn packed(file: &[u8]) -> Vec<u8> {
    let mut packer = ZlibEncoder::new(Vec::with_capacity(file.len() / 4), Compression::default());
    packer
        .write_all(file)
        .and_then(|()| packer.finish())
        .expect("memory takes what is written to it")
}

/// The file that was kept, of so many bytes; none where these are not its bytes. Never more than that is unpacked, whatever the bytes say.
pub(super) fn unpacked(kept: &[u8], byte_count: i64) -> Option<Vec<u8>> {
    let most = u64::try_from(byte_count).ok()?;
    let mut file = Vec::with_capacity(usize::try_from(most).ok()?.min(1 << 26));
    let mut unpacker = ZlibDecoder::new(kept).take(most.saturating_add(1));
    unpacker.read_to_end(&mut file).ok()?;
    (file.len() as u64 == most).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_back_to_the_byte_and_takes_less_room_meanwhile() {
        let grid = "<< /Type /StructElem /S /TD /P 7 0 R >>\n".repeat(10_000);
        let kept = packed(grid.as_bytes());
        assert!(kept.len() * 10 < grid.len(), "{} bytes", kept.len());
        let count = grid.len() as i64;
        assert_eq!(unpacked(&kept, count).as_deref(), Some(grid.as_bytes()));
        assert_eq!(unpacked(&packed(b""), 0).as_deref(), Some(&b""[..]));
    }

    #[test]
    fn what_is_longer_shorter_or_altered_is_not_the_file() {
        let kept = packed(b"a register of one line");
        assert_eq!(unpacked(&kept, 21), None);
        assert_eq!(unpacked(&kept, 23), None);
        assert_eq!(unpacked(&kept, -1), None);
        assert_eq!(unpacked(b"forged", 22), None);
        let mut altered = kept.clone();
        let last = altered.len() - 1;
        altered[last] ^= 1;
        assert_eq!(unpacked(&altered, 22), None, "its check sum");
    }
}
