//! Codes, session marks, registers and plans for other programs: the same acts as the screens.

mod codes;
mod marks;
mod one_register;
mod plans;

use store::{Act, Tx};

use crate::api::shape::Shape;
use crate::api::{ApiProblem, Asked, Given, Method, Operation, Run};
use crate::people::{Access, RecordKind};

/// The statements of this folder.
pub(super) const STATEMENTS: &[&str] = &[marks::MARKS_OF, marks::MARK_AT, plans::PLANS];

/// What can be asked, in the order of the reader's page.
pub(crate) fn operations() -> Vec<Operation> {
    [
        codes::operations(),
        marks::operations(),
        one_register::operations(),
        plans::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A question that a client who reads marks may ask. It takes nothing and is answered with nothing until somebody says otherwise.
fn reading(
    id: &'static str,
    section: &'static str,
    path: &'static str,
    words: (&'static str, &'static str),
    run: fn(&mut Tx, &Asked<'_>) -> Result<Given, ApiProblem>,
) -> Operation {
    of_marks(id, section, (Method::Get, path), words, Run::Read(run))
}

/// An act of a client who writes marks, as [`reading`].
fn acting(
    id: &'static str,
    section: &'static str,
    path: &'static str,
    words: (&'static str, &'static str),
    run: fn(&mut Act, &Asked<'_>) -> Result<Given, ApiProblem>,
) -> Operation {
    of_marks(id, section, (Method::Post, path), words, Run::Act(run))
}

fn of_marks(
    id: &'static str,
    section: &'static str,
    (method, path): (Method, &'static str),
    (title, about): (&'static str, &'static str),
    run: Run,
) -> Operation {
    let access = match run {
        Run::Read(_) => Access::Read,
        Run::Act(_) => Access::Write,
    };
    Operation {
        id,
        section,
        method,
        path,
        title,
        about,
        needs: Some((access, RecordKind::AttendanceMarks)),
        parameters: vec![],
        body: None,
        answer: (200, Shape::Object(vec![])),
        current: None,
        run,
    }
}
