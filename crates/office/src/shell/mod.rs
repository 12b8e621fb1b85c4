//! What every page shares: frame, look, components, assets, and the pages that say why there is no page.
//!
//! # How to add a page
//!
//! 1. A template beside the code, and a struct with a field named `frame`:
//!
//!    ```text
//!    use crate::shell::{Column, Columns, Exports, Frame, Page, Under};
//!
//!    #[derive(askama::Template)]
//!    #[template(path = "roll/pupils.html")]
//!    struct Pupils { frame: Frame, columns: Columns, rows: Vec<PupilRow>, under: Under }
//!
//!    async fn pupils(…) -> impl IntoResponse { Page(Pupils { frame, columns, rows, under }) }
//!    ```
//!
//!    ```html
//!    {% extends "shell/frame.html" %}
//!    {% block content %}
//!    <div class="head"><h1>Pupils <small>1,502 on roll</small></h1><p class="acts"><a class="button" href="/pupils/new">Add a pupil</a></p></div>
//!    <div class="scroll"><table class="list"><caption class="sr">Pupils on roll</caption>{{ columns }}<tbody>
//!    {%- for row in rows -%}
//!    <tr><th scope="row"><a href="/pupils/{{ row.id }}">{{ row.name }}</a></th><td class="num">{{ row.percent }}</td></tr>
//!    {%- endfor -%}
//!    </tbody></table></div>{{ under }}
//!    {% endblock %}
//!    ```
//!
//! 2. Blocks of the frame: `head` (more head elements), `width` (class of the page: empty, `wide`, `reading` or `doorway`),
//!    `content`, `keys` (`<dt><kbd>R</kbd></dt><dd>remind all</dd>` lines for the keys panel), `scripts`
//!    (`<script type="module" src="{{ crate::shell::asset("grid.js") }}"></script>`).
//! 3. Components are Rust types that a template writes with their name: [`Figure`], [`MarkCell`], [`YearGrid`] with [`Legend`],
//!    [`Columns`] and [`Under`] around a list, [`Field`] and [`Errors`] in a form, [`State`] for nothing to show,
//!    [`Progress`], [`Tabs`], [`Facts`], [`Confirm`] before an act with consequences, [`Flag`]. They escape what they are given.
//! 4. The window title (`Frame::title`) is the *kind* of page and never a name. The person's name stands in the page's `h1`.
//! 5. No `style` attribute, no inline script, nothing from another host: the browser will refuse it. What a page needs is in
//!    `assets/rollbook.css`; a new look of a thing is a class there, used by all.
//! 6. A link with `data-drawer` opens its page's `main` in the panel at the right; without script it is a page like any other.
//!    `data-print` prints; `data-confirm` is not there on purpose: ask with [`Confirm`] on a page of its own.
//! 7. Colour is spent on what needs a person now: at most one loud [`Flag`] in a row, none on a screen where all is well.
//!
//! The binary wraps everything in [`security_headers`] and merges [`routes`].
//!
//! It deliberately does not know: who may see what (the caller gives the navigation and hides what is not allowed), any row of
//! any table, and the law.

mod assets;
mod components;
mod frame;
mod look;
mod page;
mod register_view;
#[cfg(test)]
mod samples;

pub use assets::{CONTENT_SECURITY_POLICY, asset, routes, security_headers};
pub use components::{
    Choice, Column, Columns, Confirm, Direction, Errors, Exports, Face, Facts, Field, FieldKind,
    Figure, Flag, Legend, MarkCell, Problem, Progress, Sort, State, StateKind, Tab, Tabs, Text,
    Tone, Under, YearGrid, YearMark, moment,
};
pub use frame::{Frame, KnownThen, NavItem, Notice, NoticeKind, SignedIn};
pub use look::{Density, Look, Theme, own_path};
pub use page::{Page, failure, not_found, page, refused, unreachable};
pub use register_view::{
    CodeChoice, LessonWords, RegisterOf, RegisterPage, RegisterRow, RegisterState, TallyKind,
};
