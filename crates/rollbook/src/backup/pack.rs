//! A pack: every table of a store as CSV, with a description that proves it whole. A zip file (a backup) or a folder (an export).
//!
//! `manifest.json` names each table with its columns, how many rows it has and the SHA-256 of its file; it is written last, so that a
//! pack that was cut off has none. What a cell means is in [`cells`].

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, anyhow, bail, ensure};
use calendar::Instant;
use office::carry::FilePlace;
use office::people::Keyring;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::backup::{Schema, StoredTable};
use store::{Tx, VerifyReport};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::cells;
use super::heads::{self, Heads, Seen};

/// What the description says it is.
const FORMAT: &str = "rollbook pack";

/// Packs of a later form are refused.
const VERSION: u32 = 1;

const MANIFEST: &str = "manifest.json";

/// Tables that stay behind: devices that are signed in must not be so again after a restore, and whether a copy is held back and the
/// applied migrations are a matter of the database that is restored into.
const LEFT_OUT: &[&str] = &["sign_in", "restored"];

/// The description of a pack.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    format: String,
    version: u32,
    /// The version of the program that made it.
    program: String,
    made_at: String,
    migrations: Vec<AppliedMigration>,
    heads: Vec<SchoolHead>,
    tables: Vec<PackedTable>,
    /// Received files and evidence, opened; in an export only.
    #[serde(default)]
    files: Vec<PackedFile>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct PackedFile {
    path: String,
    sha256: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct AppliedMigration {
    name: String,
    checksum: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SchoolHead {
    school: i64,
    seq: i64,
    hash: String,
    at: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct PackedTable {
    name: String,
    rows: u64,
    sha256: String,
    columns: Vec<PackedColumn>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct PackedColumn {
    name: String,
    kind: String,
}

impl Manifest {
    /// When the snapshot was taken.
    pub fn made_at(&self) -> Option<Instant> {
        self.made_at.parse().ok()
    }

    /// How many rows there are in all.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// Where each school's record stood.
    pub fn heads(&self) -> Heads {
        self.heads
            .iter()
            .filter_map(|head| {
                let seen = Seen {
                    seq: head.seq,
                    hash: head.hash.clone(),
                    at: head.at.parse().ok()?,
                };
                Some((head.school, seen))
            })
            .collect()
    }

    /// Those of the program's migrations that the packed store had had.
    ///
    /// Errors: the store had one that this program does not know, or knows with another text.
    pub fn migrations(&self) -> Result<Vec<store::Migration>> {
        known_migrations(
            self.migrations
                .iter()
                .map(|applied| (applied.name.as_str(), applied.checksum.as_str())),
        )
    }
}

/// The program's migrations among those that were applied somewhere.
fn known_migrations<'a>(
    applied: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<store::Migration>> {
    let mut found = Vec::new();
    for (name, checksum) in applied {
        // The store's own come first wherever it migrates, so nobody names them to it.
        if name.starts_with("store_") {
            continue;
        }
        let known = office::MIGRATIONS
            .iter()
            .find(|migration| migration.name == name)
            .with_context(|| {
                format!("it comes from a newer Rollbook: this program does not know {name}; install the newer one first")
            })?;
        ensure!(
            known.checksum() == checksum,
            "it comes from another edition of Rollbook, whose {name} is not this program's"
        );
        found.push(*known);
    }
    Ok(found)
}

/// Somebody may ask long work to stop.
#[derive(Clone, Debug, Default)]
pub struct Brake(Arc<AtomicBool>);

impl Brake {
    /// Asks for an end.
    pub fn pull(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Errors: an end was asked for.
    fn check(&self) -> Result<()> {
        ensure!(!self.0.load(Ordering::Relaxed), "it was asked to stop");
        Ok(())
    }
}

/// A pack in the making.
pub enum PackWriter {
    /// One file.
    Zip(Box<ZipWriter<BufWriter<File>>>),
    /// Files in a folder that is there.
    Folder(PathBuf),
}

impl PackWriter {
    /// A zip file of this name.
    ///
    /// Errors: it cannot be made.
    pub fn zip(path: &Path) -> Result<PackWriter> {
        let file =
            File::create_new(path).with_context(|| format!("{} cannot be made", path.display()))?;
        Ok(PackWriter::Zip(Box::new(ZipWriter::new(BufWriter::new(
            file,
        )))))
    }

    /// Adds a file, written by `write`; answers the SHA-256 of what was written.
    fn add(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> Result<()>,
    ) -> Result<String> {
        match self {
            PackWriter::Zip(zip) => {
                let options = SimpleFileOptions::default()
                    .large_file(true)
                    .unix_permissions(0o600);
                zip.start_file(name, options)?;
                hashed(zip, write)
            }
            PackWriter::Folder(folder) => {
                let path = folder.join(name);
                if let Some(parent) = path.parent() {
                    std::fs::create_dir_all(parent)?;
                }
                let mut file = BufWriter::new(
                    File::create_new(&path)
                        .with_context(|| format!("{} cannot be made", path.display()))?,
                );
                let hash = hashed(&mut file, write)?;
                file.into_inner()?.sync_all()?;
                Ok(hash)
            }
        }
    }

    /// Ends it and flushes it to the disk.
    ///
    /// Errors: it cannot be written.
    pub fn finish(self) -> Result<()> {
        if let PackWriter::Zip(zip) = self {
            zip.finish()?.into_inner()?.sync_all()?;
        }
        Ok(())
    }
}

fn hashed(to: &mut dyn Write, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<String> {
    struct Hashing<'w> {
        to: &'w mut dyn Write,
        hash: Sha256,
    }
    impl Write for Hashing<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let written = self.to.write(bytes)?;
            self.hash.update(&bytes[..written]);
            Ok(written)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            self.to.flush()
        }
    }
    let mut hashing = Hashing {
        to,
        hash: Sha256::new(),
    };
    write(&mut hashing)?;
    hashing.flush()?;
    Ok(cells::hex(&hashing.hash.finalize()))
}

/// Writes every table of the store as this transaction sees it, and with the key the received files and the evidence, opened.
///
/// Errors: the store cannot be read, the pack cannot be written, or the brake was pulled.
pub fn pack(
    tx: &mut Tx,
    writer: &mut PackWriter,
    made_at: Instant,
    keyring: Option<&Keyring>,
    brake: &Brake,
) -> Result<Manifest> {
    tx.lift_time_limit()?;
    let applied = store::backup::applied(tx)?;
    let migrations = known_migrations(
        applied
            .iter()
            .map(|applied| (applied.name.as_str(), applied.checksum.as_str())),
    )
    .context("The records cannot be read by this program")?;
    let schema = Schema::of(&migrations);
    let heads = heads::of(&store::journal::heads(tx)?);
    let mut tables = Vec::new();
    for table in &schema.tables {
        if !LEFT_OUT.contains(&table.name.as_str()) {
            tables.push(pack_table(tx, table, writer, brake)?);
        }
    }
    let mut files = Vec::new();
    if let Some(keyring) = keyring {
        office::carry::each_file::<anyhow::Error>(tx, keyring, |place, plain| {
            let path = path_of(place);
            let sha256 = writer.add(&path, |to| Ok(to.write_all(plain)?))?;
            files.push(PackedFile { path, sha256 });
            brake.check()
        })?;
    }
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        version: VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: made_at.to_string(),
        migrations: applied
            .into_iter()
            .map(|applied| AppliedMigration {
                name: applied.name,
                checksum: applied.checksum,
            })
            .collect(),
        heads: heads
            .into_iter()
            .map(|(school, seen)| SchoolHead {
                school,
                seq: seen.seq,
                hash: seen.hash,
                at: seen.at.to_string(),
            })
            .collect(),
        tables,
        files,
    };
    writer.add("README.md", |to| {
        Ok(to.write_all(readme(&schema, &manifest).as_bytes())?)
    })?;
    writer.add(MANIFEST, |to| {
        Ok(serde_json::to_writer_pretty(to, &manifest)?)
    })?;
    Ok(manifest)
}

fn pack_table(
    tx: &mut Tx,
    table: &StoredTable,
    writer: &mut PackWriter,
    brake: &Brake,
) -> Result<PackedTable> {
    let mut rows = 0;
    let sha256 = writer
        .add(&file_of(&table.name), |to| {
            let mut csv = csv::Writer::from_writer(to);
            csv.write_record(table.columns.iter().map(|column| &column.name))?;
            rows = store::backup::each_row::<anyhow::Error>(tx, table, |values| {
                for value in values {
                    csv.write_field(cells::write(value).as_bytes())?;
                }
                csv.write_record(None::<&[u8]>)?;
                brake.check()
            })?;
            Ok(csv.flush()?)
        })
        .with_context(|| format!("the table {} could not be written", table.name))?;
    Ok(PackedTable {
        name: table.name.clone(),
        rows,
        sha256,
        columns: table
            .columns
            .iter()
            .map(|column| PackedColumn {
                name: column.name.clone(),
                kind: cells::word(column.kind).to_owned(),
            })
            .collect(),
    })
}

/// Where a sealed file lies open: a received one by school, import and part, with a name that any disk takes; evidence by its number.
fn path_of(place: &FilePlace) -> String {
    match place {
        FilePlace::Import {
            school,
            import,
            part,
            name,
        } => {
            let name: String = name
                .chars()
                .map(|letter| match letter {
                    letter if letter.is_ascii_alphanumeric() => letter,
                    '.' | '-' => letter,
                    _ => '_',
                })
                .collect();
            format!("files/{}/{}/{part}-{name}", school.0, import.0)
        }
        FilePlace::Evidence { school, id, kind } => {
            format!("files/{}/evidence/{id}.{kind}", school.0)
        }
    }
}

fn file_of(table: &str) -> String {
    format!("tables/{table}.csv")
}

/// What somebody who opens the pack by hand wants to know.
fn readme(schema: &Schema, manifest: &Manifest) -> String {
    let mut text = format!(
        "# Records of Rollbook\n\n\
         Taken at {} by Rollbook {}. One CSV file (UTF-8, comma, first line names the columns) for each table.\n\n\
         A cell `\\N` holds no value; a text that begins with a backslash has one more in front. Days are `yyyy-mm-dd`, moments are\n\
         UTC. Bytes are `text:` and the text that they are, or `hex:` and hexadecimal digits. `manifest.json` has the number of rows and\n\
         the SHA-256 of each file, and for each school the number and hash of the last act in its journal.\n\n\
         `seq` is the number of the act that recorded a row and `superseded_seq` that of the act that replaced it: a row without one\n\
         is current. `journal_entry` has every act, chained by `hash`; `journal_payload` has what each one changed.\n\n\
         To read it back: `rollbook restore`.\n",
        manifest.made_at, manifest.program
    );
    for table in &schema.tables {
        let Some(packed) = manifest
            .tables
            .iter()
            .find(|packed| packed.name == table.name)
        else {
            continue;
        };
        text += &format!("\n## {} ({} rows)\n\n", table.name, packed.rows);
        if !table.about.is_empty() {
            text += &format!("{}\n\n", table.about);
        }
        for column in &packed.columns {
            text += &format!("- `{}` {}\n", column.name, column.kind);
        }
    }
    text
}

/// A pack to read.
pub enum PackReader {
    /// One file.
    Zip(Box<ZipArchive<BufReader<File>>>),
    /// Files in a folder.
    Folder(PathBuf),
}

impl PackReader {
    /// Opens a zip file or a folder.
    ///
    /// Errors: it is neither, or it was cut off.
    pub fn open(path: &Path) -> Result<PackReader> {
        if path.is_dir() {
            return Ok(PackReader::Folder(path.to_owned()));
        }
        let file =
            File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let zip = ZipArchive::new(BufReader::new(file))
            .context("it was cut off or is no backup of Rollbook")?;
        Ok(PackReader::Zip(Box::new(zip)))
    }

    fn read<T>(&mut self, name: &str, read: impl FnOnce(&mut dyn Read) -> Result<T>) -> Result<T> {
        match self {
            PackReader::Zip(zip) => {
                let mut entry = zip.by_name(name).with_context(|| {
                    format!(
                        "it has no {name}: it was cut off, altered, or is no backup of Rollbook"
                    )
                })?;
                read(&mut entry)
            }
            PackReader::Folder(folder) => {
                let file = File::open(folder.join(name)).with_context(|| {
                    format!("it has no {name}: it is not whole, or no export of Rollbook")
                })?;
                read(&mut BufReader::new(file))
            }
        }
    }

    /// The description.
    ///
    /// Errors: there is none, or it is of a form that this program does not know.
    pub fn manifest(&mut self) -> Result<Manifest> {
        let manifest: Manifest = self.read(MANIFEST, |from| {
            serde_json::from_reader(from)
                .map_err(|error| anyhow!("its description is damaged: {error}"))
        })?;
        ensure!(
            manifest.format == FORMAT && manifest.version == VERSION,
            "it is of a form that this program does not know ({} {})",
            manifest.format,
            manifest.version
        );
        Ok(manifest)
    }

    /// A sealed file that lies open in the pack; none where it does not.
    ///
    /// Errors: it is named and is not there, or was altered.
    pub fn received_file(
        &mut self,
        manifest: &Manifest,
        place: &FilePlace,
    ) -> Result<Option<Vec<u8>>> {
        let path = path_of(place);
        let Some(packed) = manifest.files.iter().find(|packed| packed.path == path) else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        self.read(&path, |from| Ok(from.read_to_end(&mut bytes)?))?;
        ensure!(
            cells::hex(&Sha256::digest(&bytes)) == packed.sha256,
            "{path} was altered"
        );
        Ok(Some(bytes))
    }

    /// Puts every row into the store of this transaction, which has the schema of the packed one. The caller rolls back on an error,
    /// so nothing stays half restored.
    ///
    /// Errors: there are records already, the pack was altered or does not fit the schema, or the brake was pulled.
    pub fn unpack(&mut self, tx: &mut Tx, manifest: &Manifest, brake: &Brake) -> Result<()> {
        tx.lift_time_limit()?;
        ensure!(
            store::backup::is_fresh(tx)?,
            "there are records here already, and a restore overwrites nothing"
        );
        let schema = Schema::of(&manifest.migrations()?);
        store::backup::clear(tx, &schema)?;
        for packed in &manifest.tables {
            let table = schema.table(&packed.name).with_context(|| {
                format!("it has a table {} that is not known here", packed.name)
            })?;
            self.unpack_table(tx, table, packed, brake)
                .with_context(|| format!("the table {} cannot be restored", packed.name))?;
        }
        Ok(())
    }

    fn unpack_table(
        &mut self,
        tx: &mut Tx,
        table: &StoredTable,
        packed: &PackedTable,
        brake: &Brake,
    ) -> Result<()> {
        let columns = packed
            .columns
            .iter()
            .map(|wanted| {
                table
                    .columns
                    .iter()
                    .find(|column| {
                        column.name == wanted.name && cells::word(column.kind) == wanted.kind
                    })
                    .with_context(|| format!("its column {} is not known here", wanted.name))
            })
            .collect::<Result<Vec<_>>>()?;
        let mut filling = store::backup::fill(tx, table, &columns)?;
        let (rows, sha256) = self.read(&file_of(&packed.name), |from| {
            let mut hashing = HashingReader {
                from,
                hash: Sha256::new(),
            };
            let mut csv = csv::Reader::from_reader(&mut hashing);
            let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            ensure!(
                csv.headers()?.iter().eq(names),
                "its first line does not name the columns that the description does"
            );
            let (mut rows, mut record) = (0_u64, csv::StringRecord::new());
            while csv
                .read_record(&mut record)
                .with_context(|| format!("it cannot be read after row {rows}"))?
            {
                rows += 1;
                let values = columns
                    .iter()
                    .zip(record.iter())
                    .map(|(column, cell)| {
                        cells::read(column.kind, cell)
                            .with_context(|| format!("row {rows}, {}", column.name))
                    })
                    .collect::<Result<Vec<_>>>()?;
                filling.row(&values)?;
                brake.check()?;
            }
            Ok((rows, cells::hex(&hashing.hash.finalize())))
        })?;
        filling.finish()?;
        ensure!(
            rows == packed.rows && sha256 == packed.sha256,
            "it was altered: it is not what the description says of it"
        );
        Ok(())
    }
}

/// Proves what was unpacked, in a transaction whose schema is this program's.
///
/// Errors: it is not as its journal says.
pub fn proved(tx: &mut Tx, manifest: &Manifest) -> Result<VerifyReport> {
    let report = store::backup::prove(tx, office::TABLES)?;
    if let Some(difference) = report.differences.first() {
        bail!("the records in it are not as its journal says: {difference}");
    }
    ensure!(
        heads::of(&report.heads) == manifest.heads(),
        "its journals do not end where its description says"
    );
    Ok(report)
}

struct HashingReader<'r> {
    from: &'r mut dyn Read,
    hash: Sha256,
}

impl Read for HashingReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}
