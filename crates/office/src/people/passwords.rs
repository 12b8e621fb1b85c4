//! Passwords: what makes one good enough, and the only form in which one is kept.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

/// The shortest password, in characters.
pub const SHORTEST: usize = 12;

/// The longest, in bytes: beyond it, hashing would be a way to keep the machine busy.
const LONGEST: usize = 1_000;

/// Passwords and words in them that are tried first by whoever guesses, one a line, in lower case.
const COMMON: &str = include_str!("common-passwords.txt");

/// Memory in kibibytes, passes and lanes: the OWASP Password Storage Cheat Sheet's first choice for argon2id.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// How many passwords are hashed at one time: each takes 19 MiB and a core for some tens of milliseconds.
const AT_ONCE: usize = 2;

/// How many may wait for that; more are sent away, so that guessing cannot fill the memory.
const MAY_WAIT: usize = 200;

static HASHING: Semaphore = Semaphore::const_new(AT_ONCE);
static WAITING: Semaphore = Semaphore::const_new(MAY_WAIT);

/// Why a password cannot be hashed or tried at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many people are signing in.
    #[error("Very many people are signing in at this moment. Please try again in a few seconds.")]
    Busy,
    /// The memory for it could not be had, or the system gives no random numbers.
    #[error("The password could not be worked on. Please tell whoever looks after Rollbook.")]
    Failed,
}

/// What is wrong with a new password, in words for the person who chose it; nothing when it is good enough.
///
/// Length, and not being among the first that are guessed; no rules on what characters it must hold, since those make
/// passwords worse (NCSC, *Password policy: updating your approach*).
pub fn fault_of(password: &str, sign_in_name: &str, school: &str) -> Option<String> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Some(format!(
            "A password has at least {SHORTEST} characters; this has {length}. Three random words do well."
        ));
    }
    if password.len() > LONGEST {
        return Some("This password is too long to be worked on.".to_owned());
    }
    let bare: String = letters_and_digits(password);
    let names = [letters_and_digits(sign_in_name), letters_and_digits(school)];
    let told_by_a_name = names
        .iter()
        .any(|name| name.len() >= 4 && bare.replace(name.as_str(), "").len() < 6);
    if told_by_a_name {
        return Some("This password is little more than a name that others know.".to_owned());
    }
    let of_one_kind = {
        let mut kinds: Vec<char> = bare.chars().collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds.len() < 5
    };
    if of_one_kind || is_common(&bare) {
        return Some(
            "This password is among the first that are guessed. Three random words do well."
                .to_owned(),
        );
    }
    None
}

/// One or two of the common words with hardly anything else: `Welcome2026`. Three different words are a good password even
/// when each of them is common.
fn is_common(bare: &str) -> bool {
    static LONGEST_FIRST: LazyLock<Vec<&str>> = LazyLock::new(|| {
        let mut common: Vec<&str> = COMMON.lines().filter(|line| !line.is_empty()).collect();
        common.sort_by_key(|word| std::cmp::Reverse(word.len()));
        common
    });
    let mut rest = bare;
    let mut words = BTreeSet::new();
    while let Some((word, after)) = LONGEST_FIRST
        .iter()
        .find_map(|word| Some((*word, rest.strip_prefix(word)?)))
    {
        rest = after;
        if word.starts_with(char::is_alphabetic) {
            words.insert(word);
        }
    }
    rest.len() <= 3 && words.len() <= 2
}

fn letters_and_digits(text: &str) -> String {
    text.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn argon2() -> Argon2<'static> {
    let (memory, passes, lanes) = COST;
    let params =
        Params::new(memory, passes, lanes, None).expect("the cost is within argon2's limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The hash that is kept of a password, with its salt and cost in it. Takes some tens of milliseconds of this thread:
/// from a request, call `hash`.
pub fn hash_now(password: &str) -> Result<String, PasswordError> {
    argon2()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|_| PasswordError::Failed)
}

/// [`hash_now`] in its turn on a thread of its own.
pub async fn hash(password: String) -> Result<String, PasswordError> {
    in_turn(move || hash_now(&password)).await?
}

/// Whether this password is the one that was hashed. Without a hash the same work is done, and the answer is no.
pub async fn is_right(password: String, hash: Option<String>) -> Result<bool, PasswordError> {
    in_turn(move || {
        let known = hash.as_deref().unwrap_or(&DECOY);
        let matches = PasswordHash::new(known)
            .is_ok_and(|kept| argon2().verify_password(password.as_bytes(), &kept).is_ok());
        matches && hash.is_some()
    })
    .await
}

/// A hash of nothing that anybody can type, to be tried where there is no account, so that the answer takes as long.
static DECOY: LazyLock<String> =
    LazyLock::new(|| hash_now("\u{0}no account\u{0}").unwrap_or_default());

/// Makes ready what the first failed sign-in would otherwise wait for, which would tell it from others.
pub fn prepare() {
    LazyLock::force(&DECOY);
}

async fn in_turn<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PasswordError> {
    let _waiting = WAITING.try_acquire().map_err(|_| PasswordError::Busy)?;
    let turn = HASHING.acquire().await.map_err(|_| PasswordError::Busy)?;
    tokio::task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    })
    .await
    .map_err(|_| PasswordError::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_of_twelve_characters_is_long_enough_and_of_eleven_is_not() {
        assert_eq!(
            fault_of("maroon teapo", "o.staff", "Sample Green School"),
            None
        );
        let short = fault_of("maroon teap", "o.staff", "Sample Green School").unwrap();
        assert!(short.contains("this has 11"), "{short}");
    }

    #[test]
    fn what_is_guessed_first_is_refused_however_it_is_dressed_up() {
        for guessed in [
            "Password1234",
            "passwordpassword",
            "Welcome-2026!!",
            "QWERTYuiop123",
            "aaaaaaaaaaaa",
            "1111 2222 1111",
            "Letmein123456",
            "SampleGreenSchool1",
            "o.staff o.staff",
        ] {
            assert!(
                fault_of(guessed, "o.staff", "Sample Green School").is_some(),
                "{guessed}"
            );
        }
    }

    #[test]
    fn no_kind_of_character_is_asked_for() {
        for good in [
            "blue apple cheese",
            "correct battery horse",
            "žluťoučký kůň úpěl",
            "8316 5520 7741 9",
        ] {
            assert_eq!(
                fault_of(good, "o.staff", "Sample Green School"),
                None,
                "{good}"
            );
        }
    }

    #[tokio::test]
    async fn only_the_right_password_is_right_and_no_account_has_none() {
        let hash = hash("plum ladder frost".to_owned()).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        let tried = |word: &str, hash: Option<String>| is_right(word.to_owned(), hash);
        assert!(
            tried("plum ladder frost", Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(!tried("plum ladder frosT", Some(hash)).await.unwrap());
        assert!(!tried("\u{0}no account\u{0}", None).await.unwrap());
        assert!(
            !tried("anything", Some("not a hash".to_owned()))
                .await
                .unwrap()
        );
    }
}
