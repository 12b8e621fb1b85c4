use std::borrow::Cow;

use askama::Template;
use askama::filters::HtmlSafe;
use calendar::{Day, Instant, Session, Slot};
use register::{Class, CodeRow};

/// Text of a page: fixed words cost nothing, made ones are owned.
pub type Text = Cow<'static, str>;

// Their templates escape everything they are given, so a page writes them as they are.
impl HtmlSafe for MarkCell {}
impl HtmlSafe for Legend {}
impl HtmlSafe for Figure {}
impl HtmlSafe for Columns {}
impl HtmlSafe for Under {}
impl HtmlSafe for Exports {}
impl HtmlSafe for Field {}
impl HtmlSafe for Errors {}
impl HtmlSafe for State {}
impl HtmlSafe for Progress {}
impl HtmlSafe for Tabs {}
impl HtmlSafe for Facts {}
impl HtmlSafe for Confirm {}
impl HtmlSafe for Flag {}
impl HtmlSafe for YearGrid {}

/// The face of a mark: one colour and one shape for each statistical class, the same on every screen and on paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Present, or at an approved educational activity: quiet.
    Attended,
    /// Late before the register closed: a bar below.
    Late,
    /// Authorised absence: a ring.
    Authorised,
    /// Unauthorised absence, late after closing included: a solid block.
    Unauthorised,
    /// Absent and not yet explained (code N): the loudest, a bordered block.
    NotYetExplained,
    /// Not a possible session, or no session (planned closure): hatched.
    NotPossible,
    /// A session that should have a mark and has none: a dashed outline.
    NoMark,
    /// A session still to come: an outline without a letter.
    ToCome,
}

impl Face {
    /// The faces that have a meaning to explain, in the order of a legend.
    pub const SHOWN: [Face; 7] = [
        Face::Attended,
        Face::Late,
        Face::Authorised,
        Face::Unauthorised,
        Face::NotYetExplained,
        Face::NotPossible,
        Face::NoMark,
    ];

    /// The face of a code as the register means it that day; no code is [`Face::NoMark`].
    pub fn of(row: Option<&CodeRow>) -> Face {
        let Some(row) = row else { return Face::NoMark };
        match row.class {
            _ if row.code.as_str() == "N" => Face::NotYetExplained,
            _ if row.is_late_before_close() => Face::Late,
            Class::Present | Class::ApprovedEducationalActivity => Face::Attended,
            Class::Authorised => Face::Authorised,
            Class::Unauthorised => Face::Unauthorised,
            Class::NotPossible | Class::Administrative => Face::NotPossible,
        }
    }

    /// The class in the stylesheet, one letter since a year has four hundred of them.
    pub fn class(self) -> &'static str {
        match self {
            Face::Attended => "a",
            Face::Late => "l",
            Face::Authorised => "h",
            Face::Unauthorised => "u",
            Face::NotYetExplained => "n",
            Face::NotPossible => "x",
            Face::NoMark => "m",
            Face::ToCome => "f",
        }
    }

    /// In words, as a legend and a screen reader say it.
    pub fn words(self) -> &'static str {
        match self {
            Face::Attended => "attended",
            Face::Late => "late",
            Face::Authorised => "authorised absence",
            Face::Unauthorised => "unauthorised absence",
            Face::NotYetExplained => "not yet explained",
            Face::NotPossible => "not a possible session",
            Face::NoMark => "no mark",
            Face::ToCome => "to come",
        }
    }

    /// A letter that stands for the class in a legend.
    pub fn sample(self) -> &'static str {
        match self {
            Face::Attended => "/",
            Face::Late => "L",
            Face::Authorised => "I",
            Face::Unauthorised => "O",
            Face::NotYetExplained => "N",
            Face::NotPossible => "Y",
            Face::NoMark => "·",
            Face::ToCome => "",
        }
    }
}

/// One mark on its own: the letter in its face. `label` is read with it ("Tue 24 Nov AM, illness"); with `href` it opens.
#[derive(Template, Clone, Debug)]
#[template(path = "shell/components.html", block = "mark")]
pub struct MarkCell {
    /// The code as text; `·` where there is none.
    pub code: Text,
    /// Its face.
    pub face: Face,
    /// What it is, for pointer and screen reader; may be empty where row and column say it.
    pub label: Text,
    /// Where it opens.
    pub href: Option<Text>,
    /// Whether it is a plan's and no mark's.
    pub planned: bool,
}

impl MarkCell {
    /// A mark that opens nothing.
    pub fn new(code: impl Into<Text>, face: Face, label: impl Into<Text>) -> MarkCell {
        MarkCell {
            code: code.into(),
            face,
            label: label.into(),
            href: None,
            planned: false,
        }
    }

    /// The empty place of a session without a mark.
    pub fn none(label: impl Into<Text>) -> MarkCell {
        MarkCell::new("·", Face::NoMark, label)
    }
}

/// A moment by London clocks, as every page says it: `Tue 24 Nov 2026, 08:44`.
pub fn moment(at: Instant) -> String {
    let (day, time) = at.in_london();
    format!("{} {}, {time}", day.short(), day.year())
}

/// The key to the faces of marks. Put it under every year grid.
#[derive(Template, Clone, Copy, Debug)]
#[template(path = "shell/components.html", block = "legend")]
pub struct Legend;

/// A percentage with its ground: `91.4%  130 of 142 sessions since 3 Sep  why`. It never stands alone.
#[derive(Template, Clone, Debug)]
#[template(path = "shell/components.html", block = "figure")]
pub struct Figure {
    /// What it is a figure of, for screen readers: `attendance`.
    pub name: Text,
    /// The figure as it is to be shown (`91.4%`), rounded by the engine; nothing when there was nothing to count.
    pub value: Option<Text>,
    /// Of how many: `130 of 142 sessions`; or why there is no figure: `no sessions yet`.
    pub of: Text,
    /// Since when: `3 Sep`. May be empty.
    pub since: Text,
    /// The page that lists the sessions and the rule; opens in the drawer.
    pub why: Option<Text>,
    /// Larger, at the head of a page.
    pub big: bool,
}

/// The heading row of a list, with links to sort by.
///
/// ```html
/// <div class="scroll"><table class="list"><caption>…</caption>{{ columns }}<tbody>…</tbody></table></div>{{ under }}
/// ```
#[derive(Template, Clone, Debug)]
#[template(path = "shell/components.html", block = "columns")]
pub struct Columns {
    /// From left to right.
    pub columns: Vec<Column>,
}

/// One column's heading.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// What it says; empty for a column of buttons.
    pub label: Text,
    /// The unit, once, here: `%`, `sessions`. May be empty.
    pub unit: Text,
    /// Right-aligned figures. Give its cells `class="num"` too.
    pub numeric: bool,
    /// Sorting by it.
    pub sort: Option<Sort>,
}

/// A way to sort a list.
#[derive(Clone, Debug)]
pub struct Sort {
    /// The page sorted by this column (the other way round if it is now).
    pub href: Text,
    /// Which way the list is sorted by this column now, if it is.
    pub now: Option<Direction>,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest, earliest or A first.
    Up,
    /// Largest, latest or Z first.
    Down,
}

impl Direction {
    /// The arrow beside the heading.
    pub fn arrow(self) -> &'static str {
        match self {
            Direction::Up => "↑",
            Direction::Down => "↓",
        }
    }
}

impl Column {
    /// A column of words.
    pub fn text(label: impl Into<Text>) -> Column {
        Column {
            label: label.into(),
            ..Column::default()
        }
    }

    /// A column of figures, with the unit said once.
    pub fn number(label: impl Into<Text>, unit: impl Into<Text>) -> Column {
        Column {
            label: label.into(),
            unit: unit.into(),
            numeric: true,
            sort: None,
        }
    }

    /// The same column, sorted by this link.
    pub fn sorted_by(self, href: impl Into<Text>, now: Option<Direction>) -> Column {
        Column {
            sort: Some(Sort {
                href: href.into(),
                now,
            }),
            ..self
        }
    }

    fn aria_sort(&self) -> Option<&'static str> {
        match self.sort.as_ref()?.now? {
            Direction::Up => Some("ascending"),
            Direction::Down => Some("descending"),
        }
    }
}

/// What stands under a list: how many are shown, other pages, and ways to take it away.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "shell/components.html", block = "under")]
pub struct Under {
    /// `1 to 50 of 1,502 pupils`.
    pub shown: Text,
    /// The page before.
    pub previous: Option<Text>,
    /// The page after.
    pub next: Option<Text>,
    /// As a file, and on paper.
    pub exports: Option<Exports>,
}

/// Ways to take a list away: as files, which are asked for by a form since it is written down what leaves (I-038), and on paper.
#[derive(Template, Clone, Debug)]
#[template(path = "shell/components.html", block = "exports")]
pub struct Exports {
    /// What stands before the ways. May be empty.
    pub label: Text,
    /// The path of the list with its filters and its order: `/lists/pa?year=9`.
    pub list: Text,
    /// The files that it comes as: word and label.
    pub files: Vec<(&'static str, Text)>,
    /// The page as it is printed; opens the print dialog where script runs.
    pub print: Option<Text>,
}

impl Exports {
    /// The usual three, for the same question as the screen answers: `list` is this list's path with its filters
    /// (`/lists/pa?year=9`), to which `print=yes` is added for paper.
    pub fn usual(list: &str) -> Option<Exports> {
        let joint = if list.contains('?') { '&' } else { '?' };
        let print = format!("{list}{joint}print=yes");
        Some(Exports {
            label: "Take it with you:".into(),
            list: list.to_owned().into(),
            files: vec![("csv", "CSV".into()), ("xlsx", "Excel".into())],
            print: Some(print.into()),
        })
    }

    /// Files alone, each under a label that says what it is.
    pub fn files(list: impl Into<Text>, files: Vec<(&'static str, Text)>) -> Exports {
        Exports {
            label: "".into(),
            list: list.into(),
            files,
            print: None,
        }
    }
}

/// One question of a form, with its label, hint and error in the right places.
///
/// Every field's error is shown at once, and [`Errors::of`] lists them above the form.
#[derive(Template, Clone, Debug)]
#[template(path = "shell/components.html", block = "field")]
pub struct Field {
    /// The name it is sent under; also its id on the page.
    pub name: Text,
    /// The question.
    pub label: Text,
    /// Help, under the label. May be empty.
    pub hint: Text,
    /// The present answer. A tick box is ticked by `yes`.
    pub value: Text,
    /// What is wrong with it, in plain English.
    pub error: Option<Text>,
    /// How it is asked.
    pub kind: FieldKind,
    /// Fields that may stay empty say "(optional)".
    pub required: bool,
    /// `short`, `tiny` or empty.
    pub width: &'static str,
    /// The browser's autocomplete word: `username`, `current-password`, `new-password`, `one-time-code`, `off`.
    pub autocomplete: &'static str,
    /// For files: the kinds to offer, such as `.csv,.xlsx`.
    pub accept: &'static str,
    /// Whether typing begins here.
    pub focused: bool,
}

/// How a question is asked.
#[derive(Clone, Debug)]
pub enum FieldKind {
    /// One line.
    Line,
    /// Several lines.
    Lines,
    /// A whole number.
    Number,
    /// A day.
    Day,
    /// A clock time.
    Time,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Telephone,
    /// A password: never sent back into the page.
    Password,
    /// A file.
    File,
    /// One file or several.
    Files,
    /// Carried along, not shown.
    Hidden,
    /// Yes or no.
    Tick,
    /// One of many, in a list.
    Select(Vec<Choice>),
    /// One of a few, all in sight.
    Radios(Vec<Choice>),
}

impl FieldKind {
    fn input_type(&self) -> &'static str {
        match self {
            FieldKind::Day => "date",
            FieldKind::Time => "time",
            FieldKind::Email => "email",
            FieldKind::Telephone => "tel",
            FieldKind::Password => "password",
            FieldKind::File | FieldKind::Files => "file",
            _ => "text",
        }
    }

    fn input_mode(&self) -> Option<&'static str> {
        matches!(self, FieldKind::Number).then_some("numeric")
    }

    fn keeps_value(&self) -> bool {
        !matches!(
            self,
            FieldKind::Password | FieldKind::File | FieldKind::Files
        )
    }

    fn takes_several(&self) -> bool {
        matches!(self, FieldKind::Files)
    }
}

/// One answer to choose.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What is sent.
    pub value: Text,
    /// What it says.
    pub label: Text,
    /// A line of help; shown with radio buttons. May be empty.
    pub hint: Text,
}

impl Choice {
    /// A choice without a hint.
    pub fn new(value: impl Into<Text>, label: impl Into<Text>) -> Choice {
        Choice {
            value: value.into(),
            label: label.into(),
            hint: "".into(),
        }
    }
}

impl Field {
    /// A required question of this kind.
    pub fn new(kind: FieldKind, name: impl Into<Text>, label: impl Into<Text>) -> Field {
        Field {
            name: name.into(),
            label: label.into(),
            hint: "".into(),
            value: "".into(),
            error: None,
            kind,
            required: true,
            width: "",
            autocomplete: "",
            accept: "",
            focused: false,
        }
    }

    /// One line of text.
    pub fn line(name: impl Into<Text>, label: impl Into<Text>) -> Field {
        Field::new(FieldKind::Line, name, label)
    }

    /// A day; asked as `yyyy-mm-dd` where the browser has no calendar of its own.
    pub fn day(name: impl Into<Text>, label: impl Into<Text>) -> Field {
        Field {
            width: "short",
            ..Field::new(FieldKind::Day, name, label)
        }
    }

    /// One of many.
    pub fn select(name: impl Into<Text>, label: impl Into<Text>, choices: Vec<Choice>) -> Field {
        Field::new(FieldKind::Select(choices), name, label)
    }

    /// One of a few.
    pub fn radios(name: impl Into<Text>, label: impl Into<Text>, choices: Vec<Choice>) -> Field {
        Field::new(FieldKind::Radios(choices), name, label)
    }

    /// With this answer filled in.
    pub fn value(self, value: impl Into<Text>) -> Field {
        Field {
            value: value.into(),
            ..self
        }
    }

    /// With help under the label.
    pub fn hint(self, hint: impl Into<Text>) -> Field {
        Field {
            hint: hint.into(),
            ..self
        }
    }

    /// With what is wrong, if something is.
    pub fn error(self, error: Option<impl Into<Text>>) -> Field {
        Field {
            error: error.map(Into::into),
            ..self
        }
    }

    /// May stay empty.
    pub fn optional(self) -> Field {
        Field {
            required: false,
            ..self
        }
    }

    /// A narrow box: a date, a telephone number.
    pub fn short(self) -> Field {
        Field {
            width: "short",
            ..self
        }
    }

    /// A very narrow box: minutes, a count.
    pub fn tiny(self) -> Field {
        Field {
            width: "tiny",
            ..self
        }
    }

    fn is_described(&self) -> bool {
        !self.hint.is_empty() || self.error.is_some()
    }

    fn described_by(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.name));
        let wrong = self.error.as_ref().map(|_| format!("{}-wrong", self.name));
        [hint, wrong]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn notes(&self) -> FieldNotes<'_> {
        FieldNotes {
            name: &self.name,
            hint: &self.hint,
            error: self.error.as_deref(),
        }
    }
}

/// Hint and error of a field.
#[derive(Template)]
#[template(path = "shell/components.html", block = "notes")]
struct FieldNotes<'a> {
    name: &'a str,
    hint: &'a str,
    error: Option<&'a str>,
}

/// The summary above a form that came back: all problems at once, each leading to its field. Writes nothing when there are none.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "shell/components.html", block = "errors")]
pub struct Errors {
    /// In the order of the form.
    pub problems: Vec<Problem>,
}

/// One problem of a form.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The field's name.
    pub field: Text,
    /// What is wrong and what to do.
    pub text: Text,
}

impl Errors {
    /// The problems of these fields.
    pub fn of<'a>(fields: impl IntoIterator<Item = &'a Field>) -> Errors {
        let problems = fields
            .into_iter()
            .filter_map(|field| {
                let text = field.error.clone()?;
                Some(Problem {
                    field: field.name.clone(),
                    text,
                })
            })
            .collect();
        Errors { problems }
    }

    fn heading(&self) -> String {
        match self.problems.len() {
            1 => "One thing to put right. Nothing has been saved yet.".to_owned(),
            many => format!("{many} things to put right. Nothing has been saved yet."),
        }
    }
}

/// A screen, or a part of one, that has nothing to show: why, and the next step.
#[derive(Template, Clone, Debug)]
#[template(path = "shell/components.html", block = "state")]
pub struct State {
    /// How loud.
    pub kind: StateKind,
    /// What is the case: `No registers are overdue`.
    pub heading: Text,
    /// Why, and what to do.
    pub text: Text,
    /// Address and words of the next step.
    pub next: Option<(Text, Text)>,
}

/// What kind of nothing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateKind {
    /// There is nothing, and that is well, or a beginning.
    Empty,
    /// Being made.
    Loading,
    /// It could not be shown.
    Error,
    /// The network is away.
    Offline,
}

impl StateKind {
    fn class(self) -> &'static str {
        match self {
            StateKind::Empty | StateKind::Loading => "",
            StateKind::Error => "grave",
            StateKind::Offline => "heed",
        }
    }

    fn is_urgent(self) -> bool {
        self == StateKind::Error
    }
}

impl State {
    /// Nothing to show.
    pub fn empty(heading: impl Into<Text>, text: impl Into<Text>) -> State {
        State {
            kind: StateKind::Empty,
            heading: heading.into(),
            text: text.into(),
            next: None,
        }
    }

    /// Could not be shown.
    pub fn error(heading: impl Into<Text>, text: impl Into<Text>) -> State {
        State {
            kind: StateKind::Error,
            ..State::empty(heading, text)
        }
    }

    /// With the next step.
    pub fn then(self, href: impl Into<Text>, words: impl Into<Text>) -> State {
        State {
            next: Some((href.into(), words.into())),
            ..self
        }
    }
}

/// A long job under way: a bar, a sentence, and a way to stop it. The page asks again by itself while it runs; without
/// script, give the page [`Progress::refresh`] in its `head` block.
#[derive(Template, Clone, Debug)]
#[template(path = "shell/components.html", block = "progress")]
pub struct Progress {
    /// What is being done: `Importing pupils.csv`.
    pub heading: Text,
    /// Steps done.
    pub done: u64,
    /// Steps in all; at least 1.
    pub whole: u64,
    /// In words: `12,400 of 57,000 rows checked, 3 refused so far`.
    pub sentence: Text,
    /// Whether it still runs.
    pub running: bool,
    /// Where a post stops it.
    pub cancel: Option<Text>,
}

impl Progress {
    /// The element that reloads the page every two seconds where no script runs; empty once the job has ended.
    /// Fixed markup: write it with `|safe` in the `head` block.
    pub fn refresh(&self) -> &'static str {
        if self.running {
            r#"<noscript><meta http-equiv="refresh" content="2"></noscript>"#
        } else {
            ""
        }
    }
}

/// The parts of one thing, each at its own address.
#[derive(Template, Clone, Debug)]
#[template(path = "shell/components.html", block = "tabs")]
pub struct Tabs {
    /// What they are parts of, for screen readers: `Pupil`.
    pub name: Text,
    /// From left to right.
    pub tabs: Vec<Tab>,
}

/// One part.
#[derive(Clone, Debug)]
pub struct Tab {
    /// What it says.
    pub label: Text,
    /// Where it is.
    pub href: Text,
    /// Whether it is this page.
    pub current: bool,
    /// How many things are in it.
    pub count: Option<u32>,
}

/// Terms and facts, such as a pupil's admission entry. An empty fact reads "not recorded".
#[derive(Template, Clone, Debug, Default)]
#[template(path = "shell/components.html", block = "facts")]
pub struct Facts {
    /// Term, fact.
    pub facts: Vec<(Text, Text)>,
}

/// The step before an act with consequences: says what will happen, then does it or goes back.
#[derive(Template, Clone, Debug)]
#[template(path = "shell/components.html", block = "confirm")]
pub struct Confirm {
    /// What is about to be done: `Close the register of 10B`.
    pub heading: Text,
    /// What follows, with its numbers: `2 blanks stay blank and go to the office as not located.`
    pub consequence: Text,
    /// Where it is posted.
    pub action: Text,
    /// The verb on the button: `Close the register`.
    pub verb: Text,
    /// The page to go back to.
    pub back: Text,
    /// Cannot be undone.
    pub grave: bool,
    /// Answers carried along: name, value.
    pub carried: Vec<(Text, Text)>,
    /// Questions asked before it is done, such as the reason for an amendment.
    pub fields: Vec<Field>,
}

/// A word in a box: a plan, a status, something that needs a person. At most one loud flag in a row of a list.
#[derive(Template, Clone, Debug)]
#[template(path = "shell/components.html", block = "flag")]
pub struct Flag {
    /// A word or two.
    pub text: Text,
    /// How loud.
    pub tone: Tone,
}

impl Flag {
    /// A quiet flag.
    pub fn plain(text: impl Into<Text>) -> Flag {
        Flag {
            text: text.into(),
            tone: Tone::Plain,
        }
    }

    /// Needs a person now.
    pub fn loud(text: impl Into<Text>) -> Flag {
        Flag {
            text: text.into(),
            tone: Tone::Loud,
        }
    }

    /// Worth heeding.
    pub fn heed(text: impl Into<Text>) -> Flag {
        Flag {
            text: text.into(),
            tone: Tone::Heed,
        }
    }

    /// In order.
    pub fn good(text: impl Into<Text>) -> Flag {
        Flag {
            text: text.into(),
            tone: Tone::Good,
        }
    }
}

/// How loud a flag is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// For information.
    Plain,
    /// Needs a person now.
    Loud,
    /// Worth heeding.
    Heed,
    /// In order.
    Good,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Tone::Plain => "",
            Tone::Loud => "loud",
            Tone::Heed => "heed",
            Tone::Good => "good",
        }
    }
}

/// A whole year at a glance: weeks across, sessions down, every cell opens. The emblem of the product.
///
/// Weeks without a session (holidays) are left out; a gap shows where they were. Follow it with [`Legend`].
#[derive(Template, Clone, Debug)]
#[template(path = "shell/components.html", block = "year")]
pub struct YearGrid {
    caption: Text,
    href: Option<Text>,
    months: Vec<YearMonth>,
    weeks: Vec<YearWeek>,
    rows: Vec<YearRow>,
}

/// What a cell of the year grid shows.
#[derive(Clone, Debug)]
pub struct YearMark {
    /// The code as text; `·` where a mark is missing, empty where the session is still to come (which opens nothing).
    pub code: Text,
    /// Its face.
    pub face: Face,
    /// Whether it is a plan's and no mark's.
    pub planned: bool,
}

impl YearMark {
    /// A session still to come.
    pub fn to_come() -> YearMark {
        YearMark {
            code: "".into(),
            face: Face::ToCome,
            planned: false,
        }
    }

    /// A session that should have a mark and has none.
    pub fn missing() -> YearMark {
        YearMark {
            code: "·".into(),
            face: Face::NoMark,
            planned: false,
        }
    }
}

#[derive(Clone, Debug)]
struct YearMonth {
    name: &'static str,
    /// Columns: weeks, and the gaps between them.
    columns: usize,
    /// Whether a gap stands before it.
    gap: bool,
}

#[derive(Clone, Debug)]
struct YearWeek {
    monday: Day,
    month: &'static str,
    /// Whether weeks without a session were left out before it.
    gap: bool,
}

#[derive(Clone, Debug)]
struct YearRow {
    label: String,
    pm: bool,
    cells: Vec<YearCell>,
}

#[derive(Clone, Debug)]
struct YearCell {
    slot: Slot,
    day: String,
    gap: bool,
    mark: Option<YearMark>,
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

fn month_name(day: Day) -> &'static str {
    MONTHS[day.month() as usize - 1]
}

impl YearGrid {
    /// The grid of the sessions from `first` to `last`.
    ///
    /// `mark_at` answers for every session of every day what stands there; nothing where there is no session or the pupil
    /// is not on roll. `href` begins the address of a cell: `12/marks/` opens `12/marks/2026-09-03/AM`; without it
    /// cells open nothing. Keep it short and relative, since it is written four hundred times.
    pub fn new(
        caption: impl Into<Text>,
        first: Day,
        last: Day,
        href: Option<Text>,
        mut mark_at: impl FnMut(Slot) -> Option<YearMark>,
    ) -> YearGrid {
        let mut weeks: Vec<YearWeek> = Vec::new();
        let mut marks: Vec<Vec<(Slot, Option<YearMark>)>> = Vec::new();
        let mut monday = first.monday();
        while monday <= last {
            let slots = (0..7).flat_map(|day| {
                Session::BOTH.map(|session| Slot::new(monday.plus_days(day), session))
            });
            let week: Vec<(Slot, Option<YearMark>)> = slots
                .map(|slot| {
                    let within = slot.day >= first && slot.day <= last;
                    (slot, if within { mark_at(slot) } else { None })
                })
                .collect();
            if week.iter().any(|(_, mark)| mark.is_some()) {
                let gap = weeks
                    .last()
                    .is_some_and(|before| before.monday.plus_days(7) != monday);
                weeks.push(YearWeek {
                    monday,
                    month: month_name(monday),
                    gap,
                });
                marks.push(week);
            }
            monday = monday.plus_days(7);
        }
        // Saturday and Sunday only where a school has held a session on one.
        let in_use = |row: usize| row < 10 || marks.iter().any(|week| week[row].1.is_some());
        let shown: Vec<usize> = (0..14).filter(|row| in_use(*row)).collect();
        let rows = shown
            .into_iter()
            .map(|row| year_row(row, &weeks, &mut marks))
            .collect();
        YearGrid {
            caption: caption.into(),
            href,
            months: months_of(&weeks),
            weeks,
            rows,
        }
    }

    /// Whether it has no session to show.
    pub fn is_empty(&self) -> bool {
        self.weeks.is_empty()
    }
}

fn year_row(
    row: usize,
    weeks: &[YearWeek],
    marks: &mut [Vec<(Slot, Option<YearMark>)>],
) -> YearRow {
    let cells: Vec<YearCell> = weeks
        .iter()
        .zip(marks)
        .map(|(week, marks)| {
            let (slot, mark) = &mut marks[row];
            YearCell {
                slot: *slot,
                day: slot.day.short(),
                gap: week.gap,
                mark: mark.take(),
            }
        })
        .collect();
    let label = cells
        .first()
        .map(|cell| format!("{} {}", cell.slot.day.weekday().short(), cell.slot.session))
        .unwrap_or_default();
    YearRow {
        label,
        pm: row % 2 == 1,
        cells,
    }
}

fn months_of(weeks: &[YearWeek]) -> Vec<YearMonth> {
    let mut months: Vec<YearMonth> = Vec::new();
    for week in weeks {
        match months.last_mut() {
            Some(month) if month.name == week.month => month.columns += 1 + usize::from(week.gap),
            _ => months.push(YearMonth {
                name: week.month,
                columns: 1,
                gap: week.gap,
            }),
        }
    }
    months
}
