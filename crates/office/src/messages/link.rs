//! The family's own form in a message, `((link))`: shown without its secret wherever the words are kept, and put in at the moment of handing over.
//!
//! So neither the record nor a log holds an address by which somebody could tell the school something in a family's name.

use std::sync::Arc;

use calendar::Day;
use store::{Act, SchoolId, StoreError, Tx};

use super::carry::by_itself;
use super::rules::MessageRules;
use crate::absence_line::{link_by_message, may_have_link};
use crate::desk::Office;
use crate::ids::ContactId;

/// Stands for the secret, and is as long: a text that is charged for by its length is measured right.
const SECRET: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// What stands for the link where there can be none.
const BY_TELEPHONE: &str = "by telephone";

/// What stands for `((link))` in the words of a message to a contact: the form's address without its secret, or `by telephone` for somebody who may have
/// no link (no parental responsibility, a court order, a wish not to be contacted).
///
/// Errors: the database did not answer.
pub(super) fn shown(
    tx: &mut Tx,
    school: SchoolId,
    contact: ContactId,
    day: Day,
    rules: &MessageRules,
) -> Result<String, StoreError> {
    let Some(address) = &rules.address else {
        return Ok(BY_TELEPHONE.to_owned());
    };
    Ok(match may_have_link(tx, school, contact, day)? {
        true => format!("{address}/from-home/{}-{SECRET}", school.0),
        false => BY_TELEPHONE.to_owned(),
    })
}

/// The words as they leave: with a link of this family's own, made now. Words without one are as they were.
///
/// Errors: the database did not answer.
pub(super) async fn put_in(
    office: &Arc<Office>,
    school: SchoolId,
    contact: ContactId,
    words: String,
) -> Result<String, StoreError> {
    let place = format!("{}-{SECRET}", school.0);
    if !words.contains(&place) {
        return Ok(words);
    }
    let made = office
        .store
        .act(school, move |act: &mut Act| {
            let token = link_by_message(act, contact)?;
            if token.is_some() {
                let whose = format!("contact {contact}");
                act.describe(by_itself(school).entry("make a link for a family", whose));
            }
            Ok::<_, StoreError>(token)
        })
        .await?;
    // Since the words were made an order may have come, or a wish: the address then leads nowhere.
    Ok(match made {
        Some(token) => words.replace(&place, &token),
        None => words,
    })
}
