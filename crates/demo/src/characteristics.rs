//! Dated facts about pupils, so that last year's report may use last year's status.

use calendar::Day;

use crate::cast::{Role, Story};
use crate::chance::{Chance, Purpose};
use crate::cohorts::Roll;
use crate::families::{FamilyKind, Homes};
use crate::year::SchoolYear;
use crate::{Request, year};

/// A kind of fact that decides who counts in which group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Characteristic {
    /// Ethnicity; the value is the census code.
    Ethnicity,
    /// First language; the value is the census code.
    FirstLanguage,
    /// English as an additional language.
    EnglishAsAdditionalLanguage,
    /// Eligible for free school meals.
    FreeSchoolMeals,
    /// Attracts the pupil premium.
    PupilPremium,
    /// Special educational needs; the value is `N`, `K` (support) or `E` (education, health and care plan).
    SpecialNeeds,
    /// Looked after by an authority.
    LookedAfter,
    /// Previously looked after.
    PreviouslyLookedAfter,
    /// Has a child protection plan.
    ChildProtection,
    /// A child in need.
    ChildInNeed,
    /// A parent serves in the armed forces.
    ServiceChild,
    /// Cares for somebody at home.
    YoungCarer,
}

/// One dated fact about one pupil.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Characteristics {
    /// Index into the pupils.
    pub pupil: usize,
    /// Which fact.
    pub kind: Characteristic,
    /// Its value; empty where the fact has none.
    pub value: &'static str,
    /// The first day it holds.
    pub from: Day,
    /// The last day it held; None while it holds.
    pub to: Option<Day>,
}

impl Characteristics {
    /// Whether it held on this day.
    pub fn covers(&self, day: Day) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }
}

/// The facts about all pupils, in their order, each pupil's by kind and time.
pub(crate) fn assign(
    request: &Request,
    years: &[SchoolYear],
    roll: &Roll,
    homes: &Homes,
    cast: &[Role],
) -> Vec<Characteristics> {
    let mut all = Vec::new();
    for (number, pupil) in roll.pupils.iter().enumerate() {
        let family = &homes.families[pupil.household];
        let mut file = File {
            pupil: number,
            entry: year::moving_up_day(pupil.year_seven_in),
            history: years[0].half_terms[0].first_day,
            today: request.today,
            chance: Chance::new(request.seed, Purpose::Characteristics, number),
            home: Chance::new(
                request.seed,
                Purpose::Characteristics,
                1_000_000 + pupil.household,
            ),
            facts: Vec::new(),
        };
        let plays = |story| {
            cast.iter()
                .any(|role| role.pupil == number && role.story == story)
        };
        file.background(family.ethnicity, family.language);
        file.money(family.poor);
        file.needs();
        file.care(family.kind == FamilyKind::Foster || plays(Story::LookedAfter));
        file.protection(plays(Story::ChildProtection));
        file.service_and_caring(plays(Story::ServiceChild), plays(Story::YoungCarer));
        file.facts.sort_by_key(|fact| (fact.kind, fact.from));
        all.append(&mut file.facts);
    }
    all
}

struct File {
    pupil: usize,
    /// The first day of Year 7.
    entry: Day,
    /// The first day of the three years.
    history: Day,
    today: Day,
    chance: Chance,
    /// The chance that brothers and sisters share.
    home: Chance,
    facts: Vec<Characteristics>,
}

impl File {
    fn state(&mut self, kind: Characteristic, value: &'static str, from: Day, to: Option<Day>) {
        self.facts.push(Characteristics {
            pupil: self.pupil,
            kind,
            value,
            from,
            to: to.filter(|to| from <= *to && *to < self.today),
        });
    }

    fn background(&mut self, ethnicity: &'static str, language: &'static str) {
        self.state(Characteristic::Ethnicity, ethnicity, self.entry, None);
        self.state(Characteristic::FirstLanguage, language, self.entry, None);
        if language != "ENG" {
            self.state(
                Characteristic::EnglishAsAdditionalLanguage,
                "",
                self.entry,
                None,
            );
        }
    }

    /// Free school meals for a time; the premium follows and outlasts them by six years, beyond what the school remembers.
    fn money(&mut self, poor: bool) {
        if !poor {
            return;
        }
        let before = self.entry.plus_days(-400);
        let (from, to) = match self.home.weighed(&[0.78, 0.12, 0.1]) {
            0 => (before, None),
            1 => (before, Some(self.day_in_history())),
            _ => (self.day_in_history(), None),
        };
        let from = from.min(self.today);
        self.state(Characteristic::FreeSchoolMeals, "", from, to);
        self.state(Characteristic::PupilPremium, "", from, None);
    }

    /// A day in the three years at which something changes, the same for brothers and sisters.
    fn day_in_history(&mut self) -> Day {
        let length = self.history.days_until(self.today).max(60);
        self.history.plus_days(self.home.between(30, length - 20))
    }

    fn own_day_in_history(&mut self) -> Day {
        let length = self.history.days_until(self.today).max(60);
        self.history.plus_days(self.chance.between(30, length - 20))
    }

    /// No need, support, or a plan; one in ten of those with a need has moved between them within the three years.
    fn needs(&mut self) {
        let steps: &[&'static str] = match self
            .chance
            .weighed(&[0.805, 0.115, 0.035, 0.02, 0.01, 0.015])
        {
            0 => &["N"],
            1 => &["K"],
            2 => &["E"],
            3 => &["N", "K"],
            4 => &["K", "E"],
            _ => &["K", "N"],
        };
        let change = self.own_day_in_history().max(self.entry.plus_days(30));
        if steps.len() == 1 || change >= self.today {
            self.state(Characteristic::SpecialNeeds, steps[0], self.entry, None);
        } else {
            self.state(
                Characteristic::SpecialNeeds,
                steps[0],
                self.entry,
                Some(change.previous()),
            );
            self.state(Characteristic::SpecialNeeds, steps[1], change, None);
        }
    }

    fn care(&mut self, looked_after: bool) {
        if looked_after {
            let from = self.own_day_in_history().min(self.today.plus_days(-40));
            self.state(Characteristic::LookedAfter, "", from, None);
            self.facts
                .retain(|fact| fact.kind != Characteristic::PupilPremium);
            self.state(Characteristic::PupilPremium, "", from, None);
        } else if self.chance.happens(0.008) {
            let until = self.own_day_in_history();
            self.state(
                Characteristic::LookedAfter,
                "",
                self.entry.plus_days(-800),
                Some(until),
            );
            self.state(
                Characteristic::PreviouslyLookedAfter,
                "",
                until.next().min(self.today),
                None,
            );
        }
    }

    /// A protection plan lasts months; before and after it a child is in need.
    fn protection(&mut self, cast: bool) {
        if cast || self.chance.happens(0.006) {
            let began = if cast {
                self.today.plus_days(-75)
            } else {
                self.own_day_in_history()
            };
            let ended = (!cast).then(|| began.plus_days(self.chance.between(120, 400)));
            self.state(
                Characteristic::ChildInNeed,
                "",
                began.plus_days(-60),
                Some(began.previous()),
            );
            self.state(Characteristic::ChildProtection, "", began, ended);
            if let Some(ended) = ended.filter(|ended| *ended < self.today) {
                self.state(
                    Characteristic::ChildInNeed,
                    "",
                    ended.next(),
                    Some(ended.plus_days(180)),
                );
            }
        } else if self.chance.happens(0.025) {
            let began = self.own_day_in_history();
            let ended = began.plus_days(self.chance.between(90, 500));
            self.state(Characteristic::ChildInNeed, "", began, Some(ended));
        }
    }

    fn service_and_caring(&mut self, service: bool, carer: bool) {
        if service || self.home.happens(0.006) {
            self.state(Characteristic::ServiceChild, "", self.entry, None);
        }
        if carer || self.chance.happens(0.012) {
            let from = self.own_day_in_history().min(self.today.plus_days(-30));
            let ended = self.chance.happens(0.25) && !carer;
            let to = ended.then(|| from.plus_days(200));
            self.state(Characteristic::YoungCarer, "", from, to);
        }
    }
}
