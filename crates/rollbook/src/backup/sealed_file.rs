//! A file sealed with a passphrase, in the form of age (age-encryption.org/v1, recipient `scrypt`), so that the program `age` opens
//! it too: `age -d backup.zip.age > backup.zip`.
//!
//! The passphrase opens a key made for this file alone; the file is sealed by it in pieces of 64 KiB, each bound to its place and
//! the last one marked, so that nothing can be altered, moved, cut off or added unseen.

use std::io::{BufRead, ErrorKind, Read, Write};

use anyhow::{Context, Result, anyhow, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{hkdf, hmac};

/// The first line of every such file.
pub const INTRODUCTION: &[u8] = b"age-encryption.org/v1\n";

/// How much work it is to try a passphrase: 2 to this power, 128 MB of memory for a moment.
const WORK: u8 = 17;

/// More work than this is not begun for a file that asks for it.
const MOST_WORK: u8 = 20;

const PIECE: usize = 64 * 1024;
const TAG: usize = 16;
const FILE_KEY: usize = 16;

/// Seals everything that `plain` holds.
///
/// Errors: reading or writing failed, or the system gives no random numbers.
pub fn seal(passphrase: &str, plain: &mut impl Read, sealed: &mut impl Write) -> Result<()> {
    seal_with_work(passphrase, WORK, plain, sealed)
}

fn seal_with_work(
    passphrase: &str,
    work: u8,
    plain: &mut impl Read,
    sealed: &mut impl Write,
) -> Result<()> {
    let file_key = random::<FILE_KEY>()?;
    let salt = random::<16>()?;
    let mut wrapped = file_key.to_vec();
    wrapping_key(passphrase, &salt, work)?
        .seal_in_place_append_tag(nonce_of(0, false), Aad::empty(), &mut wrapped)
        .map_err(|_| anyhow!("the key of the file cannot be sealed"))?;
    let mut header = INTRODUCTION.to_vec();
    header.extend(
        format!(
            "-> scrypt {} {work}\n{}\n---",
            STANDARD_NO_PAD.encode(salt),
            STANDARD_NO_PAD.encode(&wrapped)
        )
        .bytes(),
    );
    let mark = hmac::sign(&header_key(&file_key), &header);
    header.extend(format!(" {}\n", STANDARD_NO_PAD.encode(mark.as_ref())).bytes());
    sealed.write_all(&header)?;
    let nonce = random::<16>()?;
    sealed.write_all(&nonce)?;
    let key = payload_key(&file_key, &nonce);
    let mut number = 0;
    let mut piece = read_piece(plain, PIECE)?;
    loop {
        let next = read_piece(plain, PIECE)?;
        let is_last = next.is_empty();
        key.seal_in_place_append_tag(nonce_of(number, is_last), Aad::empty(), &mut piece)
            .map_err(|_| anyhow!("a piece of the file cannot be sealed"))?;
        sealed.write_all(&piece)?;
        if is_last {
            return Ok(());
        }
        (piece, number) = (next, number + 1);
    }
}

/// Opens what was sealed with this passphrase. What was written before an error is worth nothing and is to be thrown away.
///
/// Errors: another passphrase, a file that was cut off or altered, or one sealed in another way.
pub fn open(passphrase: &str, sealed: &mut impl BufRead, plain: &mut impl Write) -> Result<()> {
    let file_key = read_header(passphrase, sealed)?;
    let mut nonce = [0; 16];
    sealed.read_exact(&mut nonce).context(CUT_OFF)?;
    let key = payload_key(&file_key, &nonce);
    let mut number = 0;
    let mut piece = read_piece(sealed, PIECE + TAG)?;
    loop {
        let next = read_piece(sealed, PIECE + TAG)?;
        let is_last = next.is_empty();
        let opened = key
            .open_in_place(nonce_of(number, is_last), Aad::empty(), &mut piece)
            .map_err(|_| anyhow!("it was cut off or altered after piece {number}"))?;
        ensure!(
            !opened.is_empty() || number == 0,
            "it was altered at its end"
        );
        plain.write_all(opened)?;
        if is_last {
            return Ok(());
        }
        (piece, number) = (next, number + 1);
    }
}

const CUT_OFF: &str = "it was cut off";

/// The key of the file, from its header.
fn read_header(passphrase: &str, sealed: &mut impl BufRead) -> Result<[u8; FILE_KEY]> {
    let mut header = Vec::new();
    let mut line = |header: &mut Vec<u8>| -> Result<String> {
        let start = header.len();
        (&mut *sealed).take(1_000).read_until(b'\n', header)?;
        ensure!(header.ends_with(b"\n"), CUT_OFF);
        Ok(String::from_utf8_lossy(&header[start..header.len() - 1]).into_owned())
    };
    line(&mut header)?;
    ensure!(
        header == INTRODUCTION,
        "it is not sealed in a form that is known here"
    );
    let recipient = line(&mut header)?;
    let ["->", "scrypt", salt, work] = recipient.split(' ').collect::<Vec<_>>()[..] else {
        bail!("it is not sealed with a passphrase: open it with the program age first");
    };
    let altered = || anyhow!("its beginning was altered");
    let salt = STANDARD_NO_PAD.decode(salt).map_err(|_| altered())?;
    let work: u8 = work.parse().map_err(|_| altered())?;
    ensure!(
        (1..=MOST_WORK).contains(&work),
        "it asks for more work than this program does: open it with the program age first"
    );
    let mut wrapped = STANDARD_NO_PAD
        .decode(line(&mut header)?)
        .map_err(|_| altered())?;
    let last = line(&mut header)?;
    let mark = last.strip_prefix("--- ").ok_or_else(altered)?;
    let mark = STANDARD_NO_PAD.decode(mark).map_err(|_| altered())?;
    let file_key: [u8; FILE_KEY] = wrapping_key(passphrase, &salt, work)?
        .open_in_place(nonce_of(0, false), Aad::empty(), &mut wrapped)
        .ok()
        .and_then(|key| (&*key).try_into().ok())
        .context("the passphrase is not the one that it was sealed with")?;
    let marked = header.len() - last.len() - 1 + "---".len();
    hmac::verify(&header_key(&file_key), &header[..marked], &mark).map_err(|_| altered())?;
    Ok(file_key)
}

/// The key that opens the key of the file.
fn wrapping_key(passphrase: &str, salt: &[u8], work: u8) -> Result<LessSafeKey> {
    let salt = [b"age-encryption.org/v1/scrypt", salt].concat();
    let mut key = [0; 32];
    let cost = scrypt::Params::new(work, 8, 1).context("the work is out of range")?;
    scrypt::scrypt(passphrase.as_bytes(), &salt, &cost, &mut key)
        .context("a key cannot be made from the passphrase")?;
    Ok(aead_key(&key))
}

fn aead_key(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).expect("the key has 32 bytes"))
}

fn header_key(file_key: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &derived(&[], file_key, b"header"))
}

fn payload_key(file_key: &[u8], nonce: &[u8]) -> LessSafeKey {
    aead_key(&derived(nonce, file_key, b"payload"))
}

fn derived(salt: &[u8], secret: &[u8], purpose: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[purpose], hkdf::HKDF_SHA256)
        .and_then(|made| made.fill(&mut key))
        .expect("one block is within what HKDF gives");
    key
}

/// Eleven bytes of the piece's number, and whether it is the last.
fn nonce_of(number: u64, is_last: bool) -> Nonce {
    let mut nonce = [0; 12];
    nonce[3..11].copy_from_slice(&number.to_be_bytes());
    nonce[11] = u8::from(is_last);
    Nonce::assume_unique_for_key(nonce)
}

/// As much as there is, up to `most`.
fn read_piece(from: &mut impl Read, most: usize) -> std::io::Result<Vec<u8>> {
    let mut piece = vec![0; most];
    let mut filled = 0;
    while filled < most {
        match from.read(&mut piece[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    piece.truncate(filled);
    Ok(piece)
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| anyhow!("the system gives no random numbers"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So little work that a test can try many passphrases.
    const LITTLE_WORK: u8 = 2;

    fn sealed(plain: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::new();
        seal_with_work("correct horse", LITTLE_WORK, &mut &plain[..], &mut sealed).unwrap();
        sealed
    }

    fn opened(passphrase: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let mut plain = Vec::new();
        open(passphrase, &mut &sealed[..], &mut plain).map(|()| plain)
    }

    #[test]
    fn what_was_sealed_opens_with_its_passphrase_at_every_length_around_a_piece() {
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let plain: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            assert_eq!(opened("correct horse", &sealed(&plain)).unwrap(), plain);
        }
    }

    #[test]
    fn another_passphrase_is_told_apart_from_a_damaged_file() {
        let refused = opened("correct house", &sealed(b"marks")).unwrap_err();
        assert!(refused.to_string().contains("passphrase"), "{refused}");
    }

    #[test]
    fn no_byte_can_be_altered_or_cut_off_unseen() {
        let whole = sealed(&vec![7; PIECE + 10]);
        for at in (0..300).chain(whole.len() - 40..whole.len()) {
            let mut altered = whole.clone();
            altered[at] ^= 1;
            assert!(opened("correct horse", &altered).is_err(), "byte {at}");
        }
        for length in [0, 10, 100, 200, PIECE, whole.len() - 26, whole.len() - 1] {
            assert!(
                opened("correct horse", &whole[..length]).is_err(),
                "{length} bytes"
            );
        }
        let longer = [&whole[..], b"x"].concat();
        assert!(opened("correct horse", &longer).is_err());
    }

    /// The case `scrypt` of age's own test kit (c2sp.org/CCTV/age): its passphrase, and the SHA-256 of what it holds.
    #[test]
    fn a_file_that_age_sealed_is_opened() {
        let header = "age-encryption.org/v1\n\
            -> scrypt rF0/NwblUHHTpgQgRpe5CQ 10\n\
            gUjEymFKMVXQEKdMMHL24oYexjE3TIC0O0zGSqJ2aUY\n\
            --- IOXiQYStkoT1mvZW2tFOqZdhRVvj58egABx/sWfZQbc\n";
        let payload = STANDARD_NO_PAD
            .decode("GzXG5ofdANo6w3msn3QsIf0YWhuePe1znRSsappQEk24Ztg")
            .unwrap();
        let sealed = [header.as_bytes(), &payload].concat();
        let plain = opened("password", &sealed).unwrap();
        assert_eq!(
            super::super::cells::hex(ring::digest::digest(&ring::digest::SHA256, &plain).as_ref()),
            "013f54400c82da08037759ada907a8b864e97de81c088a182062c4b5622fd2ab"
        );
    }

    #[test]
    fn a_file_sealed_to_a_key_is_sent_to_the_program_that_opens_it() {
        let text = b"age-encryption.org/v1\n-> X25519 abc\ndef\n--- ghi\n";
        let refused = opened("correct horse", text).unwrap_err();
        assert!(refused.to_string().contains("program age"), "{refused}");
    }
}
