use std::borrow::Cow;

use calendar::{Day, Instant};

use crate::SchoolId;

/// A value on its way to or from the database.
#[derive(Debug, Clone, PartialEq)]
pub enum Arg<'a> {
    /// No value.
    Null,
    /// A whole number.
    Int(i64),
    /// Yes or no. Comes back from SQLite as a whole number, 1 or 0.
    Bool(bool),
    /// Text.
    Text(Cow<'a, str>),
    /// A day. Comes back from SQLite as text, `yyyy-mm-dd`.
    Day(Day),
    /// A moment. Comes back from SQLite as a whole number of microseconds.
    Instant(Instant),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
}

impl<'a> Arg<'a> {
    /// The same value, borrowed from this one.
    pub fn borrowed(&self) -> Arg<'_> {
        match self {
            Arg::Null => Arg::Null,
            Arg::Int(number) => Arg::Int(*number),
            Arg::Bool(yes) => Arg::Bool(*yes),
            Arg::Text(text) => Arg::Text(Cow::Borrowed(text)),
            Arg::Day(day) => Arg::Day(*day),
            Arg::Instant(instant) => Arg::Instant(*instant),
            Arg::Bytes(bytes) => Arg::Bytes(Cow::Borrowed(bytes)),
        }
    }

    /// The same value, owning its text or bytes.
    pub fn into_owned(self) -> Arg<'static> {
        match self {
            Arg::Null => Arg::Null,
            Arg::Int(number) => Arg::Int(number),
            Arg::Bool(yes) => Arg::Bool(yes),
            Arg::Text(text) => Arg::Text(Cow::Owned(text.into_owned())),
            Arg::Day(day) => Arg::Day(day),
            Arg::Instant(instant) => Arg::Instant(instant),
            Arg::Bytes(bytes) => Arg::Bytes(Cow::Owned(bytes.into_owned())),
        }
    }

    /// The value as `T`, as [`Row::get`](crate::Row::get) would give it.
    ///
    /// Errors: the words for what was wanted.
    pub fn get<T: FromColumn<'a>>(self) -> Result<T, &'static str> {
        T::from_column(self)
    }

    /// What kind of value this is, in words.
    pub(crate) fn in_words(&self) -> &'static str {
        match self {
            Arg::Null => "nothing",
            Arg::Int(_) => "a whole number",
            Arg::Bool(_) => "yes or no",
            Arg::Text(_) => "text",
            Arg::Day(_) => "a day",
            Arg::Instant(_) => "a moment",
            Arg::Bytes(_) => "bytes",
        }
    }
}

macro_rules! from_whole_number {
    ($($number:ty),*) => {
        $(
            impl From<$number> for Arg<'_> {
                fn from(number: $number) -> Self {
                    Arg::Int(i64::from(number))
                }
            }
        )*
    };
}
from_whole_number!(i64, i32, i16, i8, u32, u16, u8);

impl From<SchoolId> for Arg<'_> {
    fn from(school: SchoolId) -> Self {
        Arg::Int(school.0)
    }
}

impl From<bool> for Arg<'_> {
    fn from(yes: bool) -> Self {
        Arg::Bool(yes)
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Arg::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Self {
        Arg::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Arg<'_> {
    fn from(text: String) -> Self {
        Arg::Text(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Arg<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Arg::Text(text)
    }
}

impl From<Day> for Arg<'_> {
    fn from(day: Day) -> Self {
        Arg::Day(day)
    }
}

impl From<Instant> for Arg<'_> {
    fn from(instant: Instant) -> Self {
        Arg::Instant(instant)
    }
}

impl<'a> From<&'a [u8]> for Arg<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Arg::Bytes(Cow::Borrowed(bytes))
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Arg<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Arg::Bytes(Cow::Borrowed(bytes))
    }
}

impl<'a> From<&'a Vec<u8>> for Arg<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Arg::Bytes(Cow::Borrowed(bytes))
    }
}

impl From<Vec<u8>> for Arg<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Arg::Bytes(Cow::Owned(bytes))
    }
}

impl<'a, T> From<Option<T>> for Arg<'a>
where
    Arg<'a>: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Arg::Null, Arg::from)
    }
}

impl<'a> From<&'a Arg<'_>> for Arg<'a> {
    fn from(value: &'a Arg<'_>) -> Self {
        value.borrowed()
    }
}

/// The arguments of a statement, in the order of its `$1`, `$2`, …
///
/// `args![school, day, "AM"]` is an array of [`Arg`]; give it by reference.
#[macro_export]
macro_rules! args {
    () => {{
        let none: [$crate::Arg<'static>; 0] = [];
        none
    }};
    ($($value:expr),+ $(,)?) => {
        [$($crate::Arg::from($value)),+]
    };
}

/// What can be read from a column.
///
/// To read a type of one's own, read what it is stored as and wrap it:
///
/// ```
/// # use store::{Arg, FromColumn};
/// struct PupilId(i64);
/// impl FromColumn<'_> for PupilId {
///     fn from_column(value: Arg<'_>) -> Result<Self, &'static str> {
///         i64::from_column(value).map(PupilId)
///     }
/// }
/// ```
pub trait FromColumn<'r>: Sized {
    /// The value as this type, whichever engine it comes from.
    ///
    /// Errors: the words for what was wanted.
    fn from_column(value: Arg<'r>) -> Result<Self, &'static str>;
}

impl<'r> FromColumn<'r> for Arg<'r> {
    fn from_column(value: Arg<'r>) -> Result<Self, &'static str> {
        Ok(value)
    }
}

impl FromColumn<'_> for i64 {
    fn from_column(value: Arg<'_>) -> Result<Self, &'static str> {
        match value {
            Arg::Int(number) => Ok(number),
            _ => Err("a whole number"),
        }
    }
}

macro_rules! narrower_number {
    ($($number:ty: $words:literal),*) => {
        $(
            impl FromColumn<'_> for $number {
                fn from_column(value: Arg<'_>) -> Result<Self, &'static str> {
                    match value {
                        Arg::Int(number) => <$number>::try_from(number).map_err(|_| $words),
                        _ => Err($words),
                    }
                }
            }
        )*
    };
}
narrower_number!(
    i32: "a whole number of 32 bits",
    i16: "a whole number of 16 bits",
    u64: "a whole number that is not negative",
    u32: "a whole number of 32 bits that is not negative",
    u16: "a whole number of 16 bits that is not negative",
    u8: "a whole number from 0 to 255"
);

impl FromColumn<'_> for SchoolId {
    fn from_column(value: Arg<'_>) -> Result<Self, &'static str> {
        i64::from_column(value).map(SchoolId)
    }
}

impl FromColumn<'_> for bool {
    fn from_column(value: Arg<'_>) -> Result<Self, &'static str> {
        match value {
            Arg::Bool(yes) => Ok(yes),
            Arg::Int(0) => Ok(false),
            Arg::Int(1) => Ok(true),
            _ => Err("yes or no"),
        }
    }
}

impl FromColumn<'_> for String {
    fn from_column(value: Arg<'_>) -> Result<Self, &'static str> {
        match value {
            Arg::Text(text) => Ok(text.into_owned()),
            _ => Err("text"),
        }
    }
}

impl<'r> FromColumn<'r> for &'r str {
    fn from_column(value: Arg<'r>) -> Result<Self, &'static str> {
        match value {
            Arg::Text(Cow::Borrowed(text)) => Ok(text),
            _ => Err("text"),
        }
    }
}

impl FromColumn<'_> for Day {
    fn from_column(value: Arg<'_>) -> Result<Self, &'static str> {
        match value {
            Arg::Day(day) => Ok(day),
            Arg::Text(text) => text.parse().map_err(|_| "a day"),
            _ => Err("a day"),
        }
    }
}

impl FromColumn<'_> for Instant {
    fn from_column(value: Arg<'_>) -> Result<Self, &'static str> {
        match value {
            Arg::Instant(instant) => Ok(instant),
            Arg::Int(micros) => Ok(Instant::from_micros(micros)),
            _ => Err("a moment"),
        }
    }
}

impl FromColumn<'_> for Vec<u8> {
    fn from_column(value: Arg<'_>) -> Result<Self, &'static str> {
        match value {
            Arg::Bytes(bytes) => Ok(bytes.into_owned()),
            _ => Err("bytes"),
        }
    }
}

impl<'r> FromColumn<'r> for &'r [u8] {
    fn from_column(value: Arg<'r>) -> Result<Self, &'static str> {
        match value {
            Arg::Bytes(Cow::Borrowed(bytes)) => Ok(bytes),
            _ => Err("bytes"),
        }
    }
}

impl<const N: usize> FromColumn<'_> for [u8; N] {
    fn from_column(value: Arg<'_>) -> Result<Self, &'static str> {
        match value {
            Arg::Bytes(bytes) => bytes[..].try_into().map_err(|_| "bytes of a fixed length"),
            _ => Err("bytes of a fixed length"),
        }
    }
}

impl<'r, T: FromColumn<'r>> FromColumn<'r> for Option<T> {
    fn from_column(value: Arg<'r>) -> Result<Self, &'static str> {
        match value {
            Arg::Null => Ok(None),
            value => T::from_column(value).map(Some),
        }
    }
}
