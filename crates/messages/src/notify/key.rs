//! The key of a service, and the token that is signed with it (I-130, I-131).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use calendar::Instant;
use ring::hmac;

/// A key: a name, which may be shown, the service and the secret, which may not.
#[derive(Clone)]
pub struct Key {
    name: String,
    service: String,
    secret: String,
}

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is not a key of GOV.UK Notify: it has a name, a dash, 36 characters, a dash and 36 characters"
)]
pub struct KeyError;

impl Key {
    /// Reads `name-service-secret`, service and secret 36 characters each (I-130).
    ///
    /// Errors: another form.
    pub fn read(text: &str) -> Result<Key, KeyError> {
        let text = text.trim();
        let (rest, secret) = before_last(text).ok_or(KeyError)?;
        let (name, service) = before_last(rest).ok_or(KeyError)?;
        if name.is_empty() {
            return Err(KeyError);
        }
        Ok(Key {
            name: name.to_owned(),
            service: service.to_owned(),
            secret: secret.to_owned(),
        })
    }

    /// What the school called it: the only part that is shown.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The token of a call made at `now` (I-131).
    pub fn token(&self, now: Instant) -> String {
        let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"HS256"}"#);
        let seconds = now.micros().div_euclid(1_000_000);
        let claims = format!(r#"{{"iss":"{}","iat":{seconds}}}"#, self.service);
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

/// Parts a text before its last `-` and 36 characters of an identifier.
fn before_last(text: &str) -> Option<(&str, &str)> {
    let (rest, identifier) = text.split_at_checked(text.len().checked_sub(36)?)?;
    let right = identifier
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    Some((rest.strip_suffix('-')?, identifier)).filter(|_| right)
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_the_one_of_the_worked_example() {
        let example: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/notify/jwt_vector.json")).expect("JSON");
        let text = |name: &str| example[name].as_str().expect("text").to_owned();
        let key = Key::read(&text("api_key")).expect("a key");
        assert_eq!(key.name(), "example_key");
        let at = Instant::from_micros(1_568_818_578_000_000);
        assert_eq!(key.token(at), text("token"));
    }

    #[test]
    fn a_key_is_shown_by_its_name_alone() {
        let key =
            "hill school-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0";
        let key = Key::read(key).expect("a key");
        assert_eq!(format!("{key:?}"), "Key(hill school)");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0",
            "name-26785a09-ab16-4eb0-8407-a37497a57506",
            "name-26785a09-ab16-4eb0-8407-a37497a5750\u{e9}-3d844edf-8d35-48ac-975b-e847b4f122b0",
        ] {
            assert!(Key::read(text).is_err(), "{text}");
        }
    }
}
