//! ZIP archives, opened with care (I-027).

use std::io::{Cursor, Read};

use zip::ZipArchive;

use crate::refused::{Limit, RefusedFile};

/// A file out of an archive; the name has lost its folder.
#[derive(Debug)]
pub(crate) struct Unpacked {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

const ENTRIES: usize = 2_000;
const BYTES: u64 = 256 << 20;
const RATIO: u64 = 100;
const RATIO_ABOVE: u64 = 1 << 20;

/// Whether these bytes begin like a ZIP archive.
pub(crate) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

fn open<'a>(file: &str, bytes: &'a [u8]) -> Result<Archive<'a>, RefusedFile> {
    let archive = ZipArchive::new(Cursor::new(bytes))
        .map_err(|_| broken(file, "its list of contents cannot be read"))?;
    if archive.len() > ENTRIES {
        return Err(over(file, Limit::ArchiveEntries));
    }
    Ok(archive)
}

fn broken(file: &str, reason: &str) -> RefusedFile {
    RefusedFile::ArchiveBroken {
        file: file.to_owned(),
        reason: reason.to_owned(),
    }
}

fn over(file: &str, limit: Limit) -> RefusedFile {
    RefusedFile::OverLimit {
        file: file.to_owned(),
        limit,
    }
}

/// Whether an archive is a workbook of the format since 2007.
pub(crate) fn is_workbook(file: &str, bytes: &[u8]) -> Result<bool, RefusedFile> {
    let archive = open(file, bytes)?;
    Ok(archive
        .file_names()
        .flatten()
        .any(|name| name == "xl/workbook.xml" || name == "[Content_Types].xml"))
}

/// Whether these bytes are a document of a word processor since 2007, without macros and not encrypted. It is not unpacked.
pub fn is_word_document(bytes: &[u8]) -> bool {
    if !is_zip(bytes) {
        return false;
    }
    let Ok(archive) = open("", bytes) else {
        return false;
    };
    let has = |part: &str| archive.file_names().flatten().any(|name| name == part);
    has("[Content_Types].xml") && has("word/document.xml") && !has("word/vbaProject.bin")
}

/// Unpacks every file of an archive, within the limits.
pub(crate) fn unpack(file: &str, bytes: &[u8]) -> Result<Vec<Unpacked>, RefusedFile> {
    let mut archive = open(file, bytes)?;
    let mut total = 0;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let Some(name) = entry_name(file, &mut archive, index)? else {
            continue;
        };
        let mut unpacked = Vec::new();
        read_entry(file, &mut archive, index, bytes.len(), &mut total, |part| {
            unpacked.extend_from_slice(part)
        })?;
        if is_zip(&unpacked) || name.to_ascii_lowercase().ends_with(".zip") {
            return Err(RefusedFile::ArchiveNested {
                file: file.to_owned(),
                entry: name,
            });
        }
        files.push(Unpacked {
            name,
            bytes: unpacked,
        });
    }
    Ok(files)
}

/// Unpacks a workbook to nowhere, to know that it keeps the limits before anything reads it.
pub(crate) fn check_workbook(file: &str, bytes: &[u8]) -> Result<(), RefusedFile> {
    let mut archive = open(file, bytes)?;
    let mut total = 0;
    for index in 0..archive.len() {
        entry_name(file, &mut archive, index)?;
        read_entry(file, &mut archive, index, bytes.len(), &mut total, |_| {})?;
    }
    Ok(())
}

/// One part of a workbook that has been checked.
pub(crate) fn part(bytes: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let entry = archive.by_name(name).ok()?;
    let mut unpacked = Vec::new();
    entry.take(BYTES).read_to_end(&mut unpacked).ok()?;
    Some(unpacked)
}

/// The name of a file without its folder; `None` for folders and what packers leave behind.
fn entry_name(
    file: &str,
    archive: &mut Archive<'_>,
    index: usize,
) -> Result<Option<String>, RefusedFile> {
    let entry = archive
        .by_index_raw(index)
        .map_err(|_| broken(file, "an entry cannot be found"))?;
    if entry.encrypted() {
        return Err(RefusedFile::ArchiveEncrypted {
            file: file.to_owned(),
        });
    }
    let name = entry
        .name()
        .map_err(|_| broken(file, "an entry has no readable name"))?;
    let name = name.as_ref();
    let unsafe_name = name.starts_with(['/', '\\'])
        || name.contains('\0')
        || name.as_bytes().get(1) == Some(&b':')
        || name.split(['/', '\\']).any(|part| part == "..");
    if unsafe_name {
        return Err(RefusedFile::ArchiveUnsafeName {
            file: file.to_owned(),
            entry: name.chars().take(80).collect(),
        });
    }
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let left_behind = name.starts_with("__MACOSX/") || base.starts_with('.');
    Ok((!entry.is_dir() && !left_behind && !base.is_empty()).then(|| base.to_owned()))
}

/// Reads an entry in pieces, stopping at the first limit it passes.
fn read_entry(
    file: &str,
    archive: &mut Archive<'_>,
    index: usize,
    archive_bytes: usize,
    total: &mut u64,
    mut take: impl FnMut(&[u8]),
) -> Result<(), RefusedFile> {
    let damaged = |_| broken(file, "an entry cannot be unpacked");
    let mut entry = archive
        .by_index(index)
        .map_err(|_| broken(file, "an entry is packed in a way that is not known"))?;
    let packed = entry.compressed_size().clamp(1, archive_bytes as u64);
    let mut piece = vec![0; 64 << 10];
    let mut unpacked = 0u64;
    loop {
        let read = entry.read(&mut piece).map_err(damaged)?;
        if read == 0 {
            return Ok(());
        }
        unpacked += read as u64;
        *total += read as u64;
        if *total > BYTES {
            return Err(over(file, Limit::ArchiveBytes));
        }
        if unpacked > RATIO_ABOVE && unpacked > packed * RATIO {
            return Err(over(file, Limit::ArchiveRatio));
        }
        take(&piece[..read]);
    }
}
