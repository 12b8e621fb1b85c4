//! What a file is, by its bytes: its name and what the browser says of it count for nothing. Pure.

use std::fmt;

/// The largest file that is taken: a page photographed by a telephone is a fifth of it.
pub const MOST_BYTES: usize = 10 << 20;

/// So many files come with one report, or at once.
pub const MOST_FILES: usize = 5;

/// A kind of file that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A document to print.
    Pdf,
    /// A photograph.
    Jpeg,
    /// A picture of a screen.
    Png,
    /// A photograph of an iPhone.
    Heic,
    /// A document of a word processor, without macros.
    Docx,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 5] = [Kind::Pdf, Kind::Jpeg, Kind::Png, Kind::Heic, Kind::Docx];

    /// The word in the database, and the ending of the neutral name.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Pdf => "pdf",
            Kind::Jpeg => "jpeg",
            Kind::Png => "png",
            Kind::Heic => "heic",
            Kind::Docx => "docx",
        }
    }

    /// The kind of this word.
    pub fn from_word(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// As people call it.
    pub fn label(self) -> &'static str {
        match self {
            Kind::Pdf => "PDF",
            Kind::Jpeg => "photo (JPEG)",
            Kind::Png => "picture (PNG)",
            Kind::Heic => "photo (HEIC)",
            Kind::Docx => "Word document",
        }
    }

    /// The content type under which it is served, whatever it came with (I-029).
    pub fn content_type(self) -> &'static str {
        match self {
            Kind::Pdf => "application/pdf",
            Kind::Jpeg => "image/jpeg",
            Kind::Png => "image/png",
            Kind::Heic => "image/heic",
            Kind::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        }
    }

    /// The kind of these bytes; none for every other.
    ///
    /// A Word document is told from other archives by its parts; one with macros is none.
    pub fn of(bytes: &[u8]) -> Option<Kind> {
        const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
        const HEIC_BRANDS: [&[u8]; 6] = [b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"];
        if bytes.starts_with(b"%PDF-") {
            return Some(Kind::Pdf);
        }
        if bytes.starts_with(b"\xff\xd8\xff") {
            return Some(Kind::Jpeg);
        }
        if bytes.starts_with(PNG) {
            return Some(Kind::Png);
        }
        if bytes.get(4..8) == Some(b"ftyp")
            && HEIC_BRANDS
                .iter()
                .any(|brand| bytes.get(8..12) == Some(brand))
        {
            return Some(Kind::Heic);
        }
        exchange::is_word_document(bytes).then_some(Kind::Docx)
    }
}

/// A file that is taken: its kind is known and it is not too large.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    kind: Kind,
    bytes: Vec<u8>,
}

impl fmt::Debug for Received {
    /// Never what is in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Received({:?}, {} bytes)", self.kind, self.bytes.len())
    }
}

impl Received {
    /// A file as it came.
    ///
    /// Errors: why it is not taken, as whoever sent it is told.
    pub fn of(bytes: Vec<u8>) -> Result<Received, NotTaken> {
        if bytes.len() > MOST_BYTES {
            return Err(NotTaken::TooLarge);
        }
        match Kind::of(&bytes) {
            Some(kind) => Ok(Received { kind, bytes }),
            None => Err(NotTaken::AnotherKind),
        }
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It is larger than [`MOST_BYTES`].
    #[error("it is larger than 10 MB. Take a photo of it, or send fewer pages")]
    TooLarge,
    /// It is none of the kinds.
    #[error(
        "it is no PDF, photo (JPEG, PNG, HEIC) or Word document. Take a photo of it, or save it as PDF"
    )]
    AnotherKind,
    /// There are more than [`MOST_FILES`] at once.
    #[error("five files are taken at once. Send the others after these")]
    TooMany,
    /// It did not arrive whole.
    #[error("it did not arrive whole. Please send it again")]
    BrokenOff,
    /// More came by this link today than a family needs.
    #[error("a great deal came by this link today already. Please ring the school")]
    TooMuchToday,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        assert_eq!(Kind::of(b"%PDF-1.7\n"), Some(Kind::Pdf));
        assert_eq!(Kind::of(b"\xff\xd8\xff\xe0\x00\x10JFIF"), Some(Kind::Jpeg));
        assert_eq!(Kind::of(b"\x89PNG\r\n\x1a\n\0\0"), Some(Kind::Png));
        assert_eq!(Kind::of(b"\0\0\0\x18ftypheic\0\0\0\0"), Some(Kind::Heic));
        for other in [
            b"".as_slice(),
            b"MZ\x90\0",
            b"<html><script>alert(1)</script>",
            b" %PDF-1.7",
            b"GIF89a",
            b"\0\0\0\x18ftypisom\0\0\0\0",
            b"PK\x03\x04 and no archive",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        ] {
            assert_eq!(Kind::of(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_file_of_ten_megabytes_is_taken_and_one_byte_more_is_not() {
        let mut bytes = b"%PDF-1.7\n".to_vec();
        bytes.resize(MOST_BYTES, b' ');
        assert!(Received::of(bytes.clone()).is_ok());
        bytes.push(b' ');
        assert_eq!(Received::of(bytes), Err(NotTaken::TooLarge));
        assert_eq!(Received::of(b"hello".to_vec()), Err(NotTaken::AnotherKind));
    }

    #[test]
    fn every_kind_is_read_back_by_its_word() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.word()), Some(kind));
        }
    }
}
