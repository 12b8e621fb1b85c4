use std::borrow::Cow;

use rusqlite::types::ValueRef;

use crate::{Arg, FromColumn, StoreError};

/// A row of an answer, valid while it is looked at.
pub struct Row<'r>(pub(crate) RowOf<'r>);

/// The engine's own row.
pub(crate) enum RowOf<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl<'r> Row<'r> {
    /// The value in the column at this position, counted from 0.
    ///
    /// Errors: [`StoreError::Column`] when the column holds something else, or is not there.
    pub fn get<T: FromColumn<'r>>(&self, index: usize) -> Result<T, StoreError> {
        let value = self.value(index)?;
        let found = value.in_words();
        T::from_column(value).map_err(|wanted| StoreError::Column {
            index,
            wanted,
            found,
        })
    }

    fn value(&self, index: usize) -> Result<Arg<'r>, StoreError> {
        let absent = |found| StoreError::Column {
            index,
            wanted: "a value",
            found,
        };
        match self.0 {
            RowOf::Sqlite(row) => match row.get_ref(index) {
                Ok(ValueRef::Null) => Ok(Arg::Null),
                Ok(ValueRef::Integer(number)) => Ok(Arg::Int(number)),
                Ok(ValueRef::Text(text)) => std::str::from_utf8(text)
                    .map(|text| Arg::Text(Cow::Borrowed(text)))
                    .map_err(|_| absent("text that is not UTF-8")),
                Ok(ValueRef::Blob(bytes)) => Ok(Arg::Bytes(Cow::Borrowed(bytes))),
                Ok(ValueRef::Real(_)) => Err(absent("a fraction")),
                Err(_) => Err(absent("no such column")),
            },
            RowOf::Postgres(row) => match row.try_get::<_, Arg<'r>>(index) {
                Ok(value) => Ok(value),
                Err(_) if index >= row.len() => Err(absent("no such column")),
                Err(_) => Err(absent("a kind of value that the store does not read")),
            },
        }
    }
}
