use std::borrow::Cow;

use super::look::Look;

/// What stands around a page: title, header, notice. Every page template extends `shell/frame.html` and has a field
/// named `frame` of this type.
///
/// Build it with [`Frame::signed_in`] or [`Frame::signed_out`] and set what differs.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The kind of page, such as "Pupil" or "Register 10B". **Never a pupil's name**: titles show in task bars, in
    /// window lists and on projectors.
    pub title: Cow<'static, str>,
    /// The school's name, or the product's before there is a school.
    pub school: String,
    /// Who is signed in; nobody on the pages before signing in, which then stand in a narrow column without navigation.
    pub person: Option<SignedIn>,
    /// Where this person may go, in the order of their day. The caller decides by role.
    pub nav: Vec<NavItem>,
    /// Whether the find box is shown: to people who may look up pupils.
    pub find: bool,
    /// Today as people say it: `Tue 24 Nov`.
    pub today: String,
    /// This page's path and query, where the look form goes back to.
    pub path: String,
    /// What has just happened, with Undo where there is one.
    pub notice: Option<Notice>,
    /// Colours and row height on this device.
    pub look: Look,
    /// What the page is as known of, where it is not of the present.
    pub known: Option<KnownThen>,
    /// Where to choose an earlier moment for this page, where it can be shown as known then.
    pub look_back: Option<String>,
}

/// That a page shows what was known at an earlier moment.
#[derive(Clone, Debug)]
pub struct KnownThen {
    /// `09:40 on 12 October 2026, number 12,345`.
    pub said: String,
    /// The same page in the present.
    pub present: String,
    /// The page on which another moment is chosen.
    pub choose: String,
    /// The page that tells what changed since, where there is one.
    pub since: Option<String>,
}

/// The person a page is shown to.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Whose page it is, and at which school. The browser's outbox belongs to it: marks typed by one person, or at one school,
    /// are never sent by another or at another.
    pub page_of: String,
    /// Whether they have a place at other schools too, so that the bar leads to the choice.
    pub several_schools: bool,
    /// The name as they use it.
    pub name: String,
    /// The job title that acts are recorded under.
    pub job_title: String,
}

/// One entry of the header's navigation.
#[derive(Clone, Debug, Default)]
pub struct NavItem {
    /// What it says.
    pub label: &'static str,
    /// Where it goes.
    pub href: Cow<'static, str>,
    /// Whether this page is it, or inside it.
    pub current: bool,
    /// A letter or digit that reaches it with Alt (the browser's access key), shown in the keys panel.
    pub key: Option<char>,
    /// Things there that need this person now; shown loudly, so leave it out when there are none.
    pub count: Option<u32>,
}

impl NavItem {
    /// An entry without key and count.
    pub fn new(label: &'static str, href: impl Into<Cow<'static, str>>) -> NavItem {
        NavItem {
            label,
            href: href.into(),
            ..NavItem::default()
        }
    }
}

/// A line above the page that says what happened or what to heed.
#[derive(Clone, Debug)]
pub struct Notice {
    /// How loud.
    pub kind: NoticeKind,
    /// What happened, in the past tense: "Saved 12 marks of 10B, Tue 24 Nov AM."
    pub text: String,
    /// The path to post to for undoing it.
    pub undo: Option<String>,
}

impl Notice {
    /// Something was done.
    pub fn done(text: impl Into<String>) -> Notice {
        Notice {
            kind: NoticeKind::Done,
            text: text.into(),
            undo: None,
        }
    }

    /// Something was done, and a post to this path undoes it.
    pub fn undoable(text: impl Into<String>, undo: impl Into<String>) -> Notice {
        Notice {
            undo: Some(undo.into()),
            ..Notice::done(text)
        }
    }

    /// Something to heed before going on.
    pub fn heed(text: impl Into<String>) -> Notice {
        Notice {
            kind: NoticeKind::Heed,
            text: text.into(),
            undo: None,
        }
    }

    /// Something was not done.
    pub fn grave(text: impl Into<String>) -> Notice {
        Notice {
            kind: NoticeKind::Grave,
            text: text.into(),
            undo: None,
        }
    }
}

/// How loud a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// For information.
    Plain,
    /// Done.
    Done,
    /// Heed this.
    Heed,
    /// Not done, or wrong.
    Grave,
}

impl NoticeKind {
    /// The class in the stylesheet.
    pub fn class(self) -> &'static str {
        match self {
            NoticeKind::Plain => "",
            NoticeKind::Done => "done",
            NoticeKind::Heed => "heed",
            NoticeKind::Grave => "grave",
        }
    }
}

impl Frame {
    /// The frame of a page for somebody who is signed in. Title is the kind of page, never a name.
    pub fn signed_in(
        title: impl Into<Cow<'static, str>>,
        school: impl Into<String>,
        person: SignedIn,
        nav: Vec<NavItem>,
        today: calendar::Day,
    ) -> Frame {
        Frame {
            title: title.into(),
            school: school.into(),
            person: Some(person),
            nav,
            find: true,
            today: today.short(),
            path: "/".to_owned(),
            notice: None,
            look: Look::default(),
            known: None,
            look_back: None,
        }
    }

    /// The frame of a page before signing in: sign-in, set-up, a link from a letter.
    pub fn signed_out(title: impl Into<Cow<'static, str>>, school: impl Into<String>) -> Frame {
        Frame {
            title: title.into(),
            school: school.into(),
            person: None,
            nav: Vec::new(),
            find: false,
            today: String::new(),
            path: "/".to_owned(),
            notice: None,
            look: Look::default(),
            known: None,
            look_back: None,
        }
    }

    /// The same frame in this look.
    pub fn with_look(self, look: Look) -> Frame {
        Frame { look, ..self }
    }

    /// The same frame, knowing its own path and query.
    pub fn at(self, path: impl Into<String>) -> Frame {
        Frame {
            path: path.into(),
            ..self
        }
    }

    /// The same frame with a notice.
    pub fn with_notice(self, notice: Option<Notice>) -> Frame {
        Frame { notice, ..self }
    }
}
