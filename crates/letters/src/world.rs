//! What the typesetter may see: one form, two fonts, the values of one document. No folder, no network, no clock.

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Dict, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Feature, Library, LibraryExt, World};

const FORM: &str = include_str!("paper.typ");

static FILES: [&[u8]; 2] = [
    include_bytes!("../fonts/NotoSans-Regular.ttf"),
    include_bytes!("../fonts/NotoSans-Bold.ttf"),
];

/// The fonts, read once.
pub(crate) struct Fonts {
    fonts: Vec<Font>,
    book: LazyHash<FontBook>,
}

impl Fonts {
    pub(crate) fn own() -> Fonts {
        let fonts: Vec<Font> = FILES
            .into_iter()
            .flat_map(|file| Font::iter(Bytes::new(file)))
            .collect();
        Fonts {
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
        }
    }

    /// Whether every font has this character.
    pub(crate) fn have(&self, character: char) -> bool {
        let number = u32::from(character);
        let mut all = self.fonts.iter();
        all.all(|font| font.info().coverage.contains(number))
    }
}

/// One document's world.
pub(crate) struct Setting<'f> {
    fonts: &'f Fonts,
    definitions: LazyHash<Library>,
    form: Source,
}

impl Setting<'_> {
    pub(crate) fn new(fonts: &Fonts, values: Dict) -> Setting<'_> {
        let path = VirtualPath::new("paper.typ").expect("the form's own name is a path");
        let place = FileId::new(RootedPath::new(VirtualRoot::Project, path));
        // Headings of rows and summaries of tables are what makes a table readable to who hears it.
        let library = Library::builder()
            .with_inputs(values)
            .with_features([Feature::A11yExtras].into_iter().collect())
            .build();
        Setting {
            fonts,
            definitions: LazyHash::new(library),
            form: Source::new(place, FORM.to_owned()),
        }
    }
}

impl World for Setting<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.definitions
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.fonts.book
    }

    fn main(&self) -> FileId {
        self.form.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.form.id() {
            Ok(self.form.clone())
        } else {
            Err(FileError::AccessDenied)
        }
    }

    fn file(&self, _: FileId) -> FileResult<Bytes> {
        Err(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
