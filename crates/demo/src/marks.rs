//! Every mark of every pupil: who is ill, away, late or simply there.
//!
//! A pupil's year has a temper: how much is missed, in how long spells, how much of it is illness, how often late. It follows from
//! lasting chance, from need and poverty, from the year group. Days then go by one after another, with Mondays and Fridays, winter and
//! what is going round, and every session gets one mark.

use calendar::{Day, Instant, Session, Slot, Weekday};

use crate::Request;
use crate::cast::{Drawn, Story};
use crate::chance::{Chance, Purpose};
use crate::characteristics::{Characteristic, Characteristics};
use crate::cohorts::Roll;
use crate::events::{self, Outing, SchoolDay};
use crate::families::Family;
use crate::groups::Groups;
use crate::people::{Plan, Weekly};
use crate::staff::AttendanceOffice;
use crate::year::{SchoolYear, SessionTimes, date};

/// A mark in one byte, or no mark. Its code is the statutory one of its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(u8);

/// The codes that the demo school uses; the place is the mark's number. The first is "no mark".
const CODES: [&str; 31] = [
    "", "/", "\\", "L", "U", "I", "M", "O", "N", "G", "C", "C1", "C2", "D", "E", "B", "K", "V",
    "P", "W", "R", "S", "T", "X", "J1", "Y1", "Y4", "Y7", "J", "Y", "H",
];

impl Mark {
    /// The register was not taken, or the pupil was passed over.
    pub const MISSING: Mark = Mark(0);
    pub(crate) const MORNING: Mark = Mark(1);
    pub(crate) const AFTERNOON: Mark = Mark(2);
    pub(crate) const LATE: Mark = Mark(3);
    pub(crate) const AFTER_CLOSE: Mark = Mark(4);
    pub(crate) const ILL: Mark = Mark(5);
    pub(crate) const APPOINTMENT: Mark = Mark(6);
    pub(crate) const OTHER: Mark = Mark(7);
    pub(crate) const NO_REASON: Mark = Mark(8);
    pub(crate) const HOLIDAY: Mark = Mark(9);
    pub(crate) const LEAVE: Mark = Mark(10);
    pub(crate) const PERFORMANCE: Mark = Mark(11);
    pub(crate) const PART_TIME: Mark = Mark(12);
    pub(crate) const DUAL: Mark = Mark(13);
    pub(crate) const SUSPENDED: Mark = Mark(14);
    pub(crate) const OFF_SITE: Mark = Mark(15);
    pub(crate) const BY_AUTHORITY: Mark = Mark(16);
    pub(crate) const VISIT: Mark = Mark(17);
    pub(crate) const SPORT: Mark = Mark(18);
    pub(crate) const WORK_EXPERIENCE: Mark = Mark(19);
    pub(crate) const RELIGIOUS: Mark = Mark(20);
    pub(crate) const STUDY: Mark = Mark(21);
    pub(crate) const MOBILE: Mark = Mark(22);
    pub(crate) const UNTIMETABLED: Mark = Mark(23);
    pub(crate) const INTERVIEW: Mark = Mark(24);
    pub(crate) const NO_TRANSPORT: Mark = Mark(25);
    pub(crate) const CLOSED: Mark = Mark(26);
    const OLD_INTERVIEW: Mark = Mark(28);
    const OLD_UNABLE: Mark = Mark(29);

    /// The code as it is written, `/` or `C2`; None where there is no mark.
    pub fn code(self) -> Option<&'static str> {
        Some(CODES[usize::from(self.0)]).filter(|code| !code.is_empty())
    }

    /// A small number for tables: 0 for no mark, below [`Mark::KINDS`] always.
    pub fn number(self) -> usize {
        usize::from(self.0)
    }

    /// How many different marks there are, "no mark" among them.
    pub const KINDS: usize = CODES.len();

    /// Every mark with a code, for tables.
    pub fn all() -> impl Iterator<Item = Mark> {
        (1..CODES.len()).map(|number| Mark(number as u8))
    }

    /// Known before the day: an arrangement rather than something seen at the register.
    pub(crate) fn is_planned(self) -> bool {
        !matches!(
            self,
            Mark::MISSING
                | Mark::MORNING
                | Mark::AFTERNOON
                | Mark::LATE
                | Mark::AFTER_CLOSE
                | Mark::ILL
                | Mark::OTHER
                | Mark::NO_REASON
        )
    }

    /// The same fact in the codes of its day: those of before 19 August 2024 were fewer.
    pub(crate) fn on(self, day: Day) -> Mark {
        if day >= date(2024, 8, 19) {
            return self;
        }
        match self {
            Mark::BY_AUTHORITY => Mark::OFF_SITE,
            Mark::PERFORMANCE | Mark::PART_TIME => Mark::LEAVE,
            Mark::INTERVIEW => Mark::OLD_INTERVIEW,
            Mark::NO_TRANSPORT | Mark::CLOSED => Mark::OLD_UNABLE,
            other => other,
        }
    }
}

/// The marks of one enrolment, one for each slot of the axis from `first_slot` on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Marks {
    /// The slot of the first mark.
    pub first_slot: usize,
    /// The marks as they now stand. Shorter than the axis where the pupil has left.
    pub marks: Vec<Mark>,
    /// What a few marks carry beside their code, in the order of slots.
    pub details: Vec<MarkDetail>,
    /// Which tutor group's register each mark was taken in, as runs in order.
    pub registers: Vec<RegisterRun>,
}

/// From this slot on the marks were taken in this group's register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RegisterRun {
    /// The first slot.
    pub from_slot: usize,
    /// Index into the groups.
    pub tutor_group: usize,
}

/// What a mark carries beside its code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MarkDetail {
    /// The slot of the mark.
    pub slot: usize,
    /// Minutes after the register opened, for `L` and `U`.
    pub minutes_late: Option<u16>,
    /// What the code rests on.
    pub note: Option<&'static str>,
    /// The earlier version, if the mark was changed.
    pub amendment: Option<Amendment>,
}

/// A change of a mark after the register. The present mark is the later version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Amendment {
    /// What the register said first; may be no mark at all.
    pub was: Mark,
    /// When it was changed.
    pub at: Instant,
    /// Index into the staff: who changed it.
    pub by: usize,
    /// Why.
    pub reason: &'static str,
}

impl Marks {
    /// Each mark with its slot, "no mark" included.
    pub fn each(&self) -> impl Iterator<Item = (usize, Mark)> + '_ {
        self.marks
            .iter()
            .enumerate()
            .map(|(index, mark)| (self.first_slot + index, *mark))
    }

    /// What the mark of this slot carries beside its code.
    pub fn detail(&self, slot: usize) -> Option<&MarkDetail> {
        self.details
            .binary_search_by_key(&slot, |detail| detail.slot)
            .ok()
            .map(|index| &self.details[index])
    }

    /// The tutor group, as an index into the groups, whose register holds the mark of this slot.
    pub fn tutor_group_at(&self, slot: usize) -> usize {
        let run = self.registers.partition_point(|run| run.from_slot <= slot);
        self.registers[run.saturating_sub(1)].tutor_group
    }
}

/// All that the simulation looks at.
pub(crate) struct Setting<'a> {
    pub(crate) request: &'a Request,
    pub(crate) years: &'a [SchoolYear],
    pub(crate) days: &'a [SchoolDay],
    pub(crate) roll: &'a Roll,
    pub(crate) families: &'a [Family],
    pub(crate) characteristics: &'a [Characteristics],
    pub(crate) groups: &'a Groups,
    pub(crate) drawn: &'a Drawn,
    pub(crate) office: AttendanceOffice,
    pub(crate) session_times: &'a SessionTimes,
}

impl Setting<'_> {
    /// The place of today among the school days, or the one it would have.
    pub(crate) fn today_index(&self) -> usize {
        self.days
            .partition_point(|day| day.day < self.request.today)
    }
}

/// The marks of every enrolment, today's included as the day will go.
pub(crate) fn simulate(setting: &Setting) -> Vec<Marks> {
    let seed = setting.request.seed;
    let waves = events::waves(seed, setting.years);
    let weather = setting
        .days
        .iter()
        .map(|day| {
            std::array::from_fn(|index| {
                day.season() * events::going_round(&waves, day.day, 7 + index as u8)
            })
        })
        .collect();
    let outings = events::outings(seed, setting.years);
    let outings_of = setting
        .days
        .iter()
        .map(|day| std::array::from_fn(|index| outings_on(&outings, day.day, 7 + index as u8)))
        .collect();
    let calendar = Whole {
        weather,
        outings,
        outings_of,
        work_experience: setting
            .years
            .iter()
            .map(events::work_experience_week)
            .collect(),
    };
    let mut facts_from = 0;
    let facts: Vec<&[Characteristics]> = (0..setting.roll.pupils.len())
        .map(|pupil| {
            let rest = &setting.characteristics[facts_from..];
            let count = rest.partition_point(|fact| fact.pupil == pupil);
            facts_from += count;
            &rest[..count]
        })
        .collect();
    (0..setting.roll.enrolments.len())
        .map(|enrolment| {
            let pupil = setting.roll.enrolments[enrolment].pupil;
            Stay::new(setting, &calendar, enrolment, facts[pupil]).go_through()
        })
        .collect()
}

fn outings_on(outings: &[Outing], day: Day, year_group: u8) -> Vec<usize> {
    (0..outings.len())
        .filter(|number| outings[*number].year_group == year_group)
        .filter(|number| outings[*number].covers(day, Session::Pm))
        .collect()
}

/// What is the same for everybody.
struct Whole {
    /// For each school day and year group, the pull of season and illness.
    weather: Vec<[f64; 7]>,
    outings: Vec<Outing>,
    /// For each school day and year group, the outings of that day by number.
    outings_of: Vec<[Vec<usize>; 7]>,
    work_experience: Vec<(Day, Day)>,
}

/// How one pupil's school year goes.
#[derive(Clone, Copy)]
struct Temper {
    /// The share of school days that will be missed, 0 to 0.93.
    absence: f64,
    /// Calendar days of a spell, on average.
    spell: f64,
    /// The share of spells that are not explained to the school's satisfaction.
    unexplained: f64,
    /// The chance of being late on a morning.
    late: f64,
    /// How much Mondays pull beyond what they do for all.
    mondays: f64,
}

/// An absence under way.
#[derive(Clone, Copy)]
struct Spell {
    mark: Mark,
    /// The last calendar day.
    until: Day,
    /// The register first said `N`.
    first_unknown: bool,
    /// Only the afternoon of the first day.
    from_afternoon_of: Option<Day>,
}

/// One enrolment on its way through the years.
struct Stay<'a> {
    setting: &'a Setting<'a>,
    whole: &'a Whole,
    enrolment: usize,
    pupil: usize,
    facts: &'a [Characteristics],
    chance: Chance,
    /// Lasting leaning towards absence, and towards lateness.
    leaning: (f64, f64),
    plans: Vec<Plan>,
    /// The stories this pupil plays.
    stories: Vec<Story>,
    today_index: usize,
    marks: Marks,
}

impl<'a> Stay<'a> {
    fn new(
        setting: &'a Setting<'a>,
        whole: &'a Whole,
        enrolment: usize,
        facts: &'a [Characteristics],
    ) -> Stay<'a> {
        let pupil = setting.roll.enrolments[enrolment].pupil;
        let mut lasting = Chance::new(setting.request.seed, Purpose::Marks, pupil);
        let leaning = (lasting.bell(), lasting.unit());
        let stories = setting
            .drawn
            .cast
            .iter()
            .filter(|role| role.pupil == pupil)
            .map(|role| role.story)
            .collect();
        let plans = setting
            .drawn
            .plans
            .iter()
            .filter(|plan| plan.enrolment == enrolment)
            .cloned()
            .collect();
        Stay {
            setting,
            whole,
            enrolment,
            pupil,
            facts,
            chance: Chance::new(setting.request.seed, Purpose::Marks, 1_000_000 + enrolment),
            leaning,
            plans,
            stories,
            today_index: setting.today_index(),
            marks: Marks {
                first_slot: 0,
                marks: Vec::new(),
                details: Vec::new(),
                registers: Vec::new(),
            },
        }
    }

    fn plays(&self, story: Story) -> bool {
        self.stories.contains(&story)
    }

    fn go_through(mut self) -> Marks {
        let stay = &self.setting.roll.enrolments[self.enrolment];
        let days = self.setting.days;
        let first = days.partition_point(|day| day.day < stay.start);
        let end = stay
            .end
            .map_or(days.len(), |end| days.partition_point(|day| day.day <= end));
        self.marks.first_slot = first * 2;
        self.marks
            .marks
            .reserve_exact(end.saturating_sub(first) * 2);
        let mut year = usize::MAX;
        let mut temper = None;
        let mut spell = None;
        for (index, day) in days.iter().enumerate().take(end).skip(first) {
            if day.year != year {
                year = day.year;
                temper = Some(self.begin_year(year, index));
            }
            if let Some(temper) = &temper {
                self.go_through_day(index, temper, &mut spell);
            }
        }
        self.marks
    }

    fn year_group(&self, year: usize) -> u8 {
        let first_year = self.setting.years[year].first_year;
        self.setting.roll.pupils[self.pupil]
            .year_group_in(first_year)
            .clamp(7, 13)
    }

    fn begin_year(&mut self, year: usize, index: usize) -> Temper {
        if let Some(tutor_group) = self.setting.groups.tutor_groups[self.enrolment][year] {
            self.marks.registers.push(RegisterRun {
                from_slot: index * 2,
                tutor_group,
            });
        }
        let temper = self.temper(year);
        self.suspensions(year, &temper);
        self.holidays(year);
        self.interviews(year);
        self.performances(year);
        temper
    }

    /// Secondary schools of the published figures: about 7% absence, a fifth of pupils persistent, two or three in a hundred severe.
    fn temper(&mut self, year: usize) -> Temper {
        let from = self.setting.years[year].half_terms[0].first_day;
        let held = |kind: Characteristic, value: &str| {
            self.facts.iter().any(|fact| {
                fact.kind == kind
                    && fact.value == value
                    && fact.covers(from.max(fact.from.min(from.plus_days(120))))
            })
        };
        let mut pull =
            [-0.42, -0.1, 0.06, 0.14, 0.14, -0.15, -0.1][usize::from(self.year_group(year)) - 7];
        pull += if held(Characteristic::FreeSchoolMeals, "") {
            0.5
        } else {
            -0.08
        };
        pull += if held(Characteristic::SpecialNeeds, "K") {
            0.38
        } else {
            0.0
        };
        pull += if held(Characteristic::SpecialNeeds, "E") {
            0.45
        } else {
            0.0
        };
        pull += if held(Characteristic::ChildInNeed, "") {
            0.6
        } else {
            0.0
        };
        pull += if held(Characteristic::ChildProtection, "") {
            0.7
        } else {
            0.0
        };
        let lean = 0.82 * self.leaning.0 + 0.5 * self.chance.bell() + pull;
        let mut absence = (-3.95 + 1.3 * lean).exp().min(0.93);
        let mut spell = 1.5 + 13.0 * absence;
        let mut mondays = 1.0;
        let mut late = match self.leaning.1 {
            part if part < 0.6 => 0.004,
            part if part < 0.92 => 0.02,
            _ => 0.05 + 0.12 * self.chance.unit(),
        } + 0.08 * absence;
        if self.plays(Story::SeverelyAbsent) {
            absence = self.chance.within(0.55, 0.8);
            spell = 6.0;
        } else if self.plays(Story::ShortSpells) {
            (absence, spell, mondays) = (0.12, 1.0, 3.5);
        } else if self.plays(Story::OftenLate) {
            (absence, late) = (absence.min(0.08), 0.42);
        } else if self.plays(Story::NeverAbsent) {
            (absence, late) = (0.0, 0.0);
        } else if [
            Story::NearPenaltyNotice,
            Story::LongIllness,
            Story::TermTimeHoliday,
        ]
        .iter()
        .any(|story| self.plays(*story))
        {
            absence = absence.min(0.05);
        }
        Temper {
            absence,
            spell,
            unexplained: (0.13 + 0.8 * absence).min(0.68),
            late,
            mondays,
        }
    }

    fn plan(&mut self, from: Day, to: Day, weekly: Weekly, mark: Mark, note: &'static str) {
        self.plans.push(Plan {
            enrolment: self.enrolment,
            from,
            to: Some(to),
            weekly,
            mark,
            note,
        });
    }

    fn is_spared(&self) -> bool {
        self.plays(Story::NeverAbsent)
    }

    fn some_day(&mut self, year: usize) -> Day {
        let year = &self.setting.years[year];
        let length = year.first_pupil_day().days_until(year.last_day());
        let day = year
            .first_pupil_day()
            .plus_days(self.chance.between(0, length - 8));
        year.first_pupil_day_from(day)
    }

    fn suspensions(&mut self, year: usize, temper: &Temper) {
        let likely = if temper.absence > 0.1 { 0.12 } else { 0.02 };
        if (8..=11).contains(&self.year_group(year))
            && !self.is_spared()
            && self.chance.happens(likely)
        {
            let from = self.some_day(year);
            let to = from.plus_days(self.chance.between(0, 3));
            self.plan(
                from,
                to,
                Weekly::ALL,
                Mark::SUSPENDED,
                "Suspended for a fixed period; work set",
            );
        }
    }

    /// A holiday in term, up against one of the school's own.
    fn holidays(&mut self, year: usize) {
        if self.year_group(year) > 11 || self.is_spared() || !self.chance.happens(0.065) {
            return;
        }
        let half = &self.setting.years[year].half_terms[self.chance.below(6)];
        let length = self.chance.between(2, 7);
        let (from, to) = if self.chance.happens(0.6) {
            (half.last_day.plus_days(-length), half.last_day)
        } else {
            (half.first_day, half.first_day.plus_days(length))
        };
        if self.chance.happens(0.88) {
            self.plan(
                from,
                to,
                Weekly::ALL,
                Mark::HOLIDAY,
                "Holiday without leave",
            );
        } else {
            self.plan(
                from,
                to,
                Weekly::ALL,
                Mark::LEAVE,
                "Leave granted: family wedding abroad",
            );
        }
    }

    fn interviews(&mut self, year: usize) {
        if self.year_group(year) >= 11 && !self.is_spared() && self.chance.happens(0.15) {
            let day = self.some_day(year);
            let weekly = Weekly::of(&[(day.weekday(), Session::Am)]);
            self.plan(day, day, weekly, Mark::INTERVIEW, "College interview");
        }
    }

    fn performances(&mut self, year: usize) {
        if !self.is_spared() && self.chance.happens(0.002) {
            let day = self.some_day(year);
            let to = day.plus_days(3);
            self.plan(
                day,
                to,
                Weekly::ALL,
                Mark::PERFORMANCE,
                "Licensed performance with the county youth theatre",
            );
        }
    }

    fn go_through_day(&mut self, index: usize, temper: &Temper, spell: &mut Option<Spell>) {
        let day = &self.setting.days[index];
        if spell.is_some_and(|under_way| under_way.until < day.day) {
            *spell = None;
        }
        if spell.is_none() && !day.closed {
            *spell = self.fall_out(index, temper);
        }
        for session in Session::BOTH {
            self.mark_session(index, session, temper, *spell);
        }
    }

    /// Whether an absence begins on this day.
    fn fall_out(&mut self, index: usize, temper: &Temper) -> Option<Spell> {
        let day = &self.setting.days[index];
        let year_group = usize::from(self.year_group(day.year));
        let school_days = 0.3 + 0.72 * temper.spell;
        let steady = temper.absence / ((1.0 - temper.absence) * school_days);
        let weather = self.whole.weather[index][year_group - 7];
        let mut pull = day.weekday_pull() * weather;
        if day.day.weekday() == Weekday::Monday {
            pull *= temper.mondays;
        }
        if !self.chance.happens((steady * pull * 0.88).min(0.9)) {
            return None;
        }
        let illness_now = weather / (weather + 0.6);
        let unexplained = self
            .chance
            .happens(temper.unexplained * (1.3 - 0.6 * illness_now));
        let days = 1 + (-(1.0 - self.chance.unit()).ln() * (temper.spell - 0.85).max(0.2)) as i32;
        Some(Spell {
            mark: if unexplained { Mark::OTHER } else { Mark::ILL },
            until: day.day.plus_days(days.min(45) - 1),
            first_unknown: self.chance.happens(0.35),
            from_afternoon_of: self.chance.happens(0.13).then_some(day.day),
        })
    }

    fn mark_session(
        &mut self,
        index: usize,
        session: Session,
        temper: &Temper,
        spell: Option<Spell>,
    ) {
        let day = &self.setting.days[index];
        let slot = index * 2 + session.index();
        let (mark, note) = self.what_happens(index, session, temper, spell);
        let (mark, minutes_late) = match mark {
            Some(mark) => (mark, None),
            None => self.arrive(session, temper),
        };
        if self.register_is_missing(slot) && !mark.is_planned() {
            self.marks.marks.push(Mark::MISSING);
            return;
        }
        let (mark, amendment) = self.settle(index, session, mark, spell);
        let mark = mark.on(day.day);
        self.marks.marks.push(mark);
        if minutes_late.is_some() || note.is_some() || amendment.is_some() {
            self.marks.details.push(MarkDetail {
                slot,
                minutes_late,
                note,
                amendment,
            });
        }
    }

    /// The mark of whoever does not simply come to school, and what it rests on.
    fn what_happens(
        &mut self,
        index: usize,
        session: Session,
        temper: &Temper,
        spell: Option<Spell>,
    ) -> (Option<Mark>, Option<&'static str>) {
        let setting = self.setting;
        let day = &setting.days[index];
        let year_group = self.year_group(day.year);
        let school_year = &setting.years[day.year];
        let mark = |mark| (Some(mark), None);
        if day.closed {
            return (
                Some(Mark::CLOSED),
                Some("Snow: the site could not be made safe"),
            );
        }
        if year_group == 11 && day.day > school_year.last_friday_in_june() {
            return mark(Mark::UNTIMETABLED);
        }
        if year_group > 11 && events::is_untimetabled(self.pupil, day.day.weekday(), session) {
            return mark(Mark::UNTIMETABLED);
        }
        if let Some(plan) = self.plans.iter().find(|plan| plan.covers(day.day, session)) {
            return (Some(plan.mark), Some(plan.note));
        }
        if let Some(played) = self.play(index) {
            return mark(played);
        }
        if events::is_study_leave(school_year, year_group, day.day) && !self.chance.happens(0.5) {
            return mark(Mark::STUDY);
        }
        let out = spell
            .filter(|spell| spell.from_afternoon_of != Some(day.day) || session == Session::Pm);
        if let Some(spell) = out {
            return mark(spell.mark);
        }
        if let Some(out) = self.outing(index, year_group, session) {
            return out;
        }
        if day.eid && self.keeps_eid() {
            return mark(Mark::RELIGIOUS);
        }
        let no_bus = index > 0 && setting.days[index - 1].closed && session == Session::Am;
        if no_bus && setting.roll.pupils[self.pupil].household % 40 == 7 {
            return (
                Some(Mark::NO_TRANSPORT),
                Some("The school bus could not run on the icy road"),
            );
        }
        if temper.absence > 0.0 && self.chance.happens(0.0036) {
            return mark(Mark::APPOINTMENT);
        }
        (None, None)
    }

    /// What a story puts in place of chance.
    fn play(&self, index: usize) -> Option<Mark> {
        let ago = self.today_index.saturating_sub(index);
        if self.plays(Story::Unexplained) && ago <= 2 {
            return Some(Mark::NO_REASON);
        }
        let missed = self.plays(Story::NearPenaltyNotice) && (6..36).contains(&ago) && ago % 7 == 6;
        missed.then_some(Mark::OTHER)
    }

    fn keeps_eid(&self) -> bool {
        let household = self.setting.roll.pupils[self.pupil].household;
        self.setting.families[household].heritage.keeps_eid
            && !household.is_multiple_of(5)
            && !self.is_spared()
    }

    fn outing(
        &self,
        index: usize,
        year_group: u8,
        session: Session,
    ) -> Option<(Option<Mark>, Option<&'static str>)> {
        let day = &self.setting.days[index];
        let (first, last) = self.whole.work_experience[day.year];
        if year_group == 10 && first <= day.day && day.day <= last {
            return Some((
                Some(Mark::WORK_EXPERIENCE),
                Some("Year 10 work experience week; placement visited by staff"),
            ));
        }
        let seed = self.setting.request.seed;
        self.whole.outings_of[index][usize::from(year_group) - 7]
            .iter()
            .map(|number| (*number, &self.whole.outings[*number]))
            .filter(|(_, outing)| outing.covers(day.day, session))
            .find(|(number, outing)| {
                let mut lot =
                    Chance::new(seed, Purpose::Events, (number + 1) * 100_003 + self.pupil);
                lot.happens(outing.share)
            })
            .map(|(_, outing)| {
                let mark = if outing.sport {
                    Mark::SPORT
                } else {
                    Mark::VISIT
                };
                (Some(mark), Some(outing.note))
            })
    }

    /// There in time, late, or after the register closed; with the minutes since it opened.
    fn arrive(&mut self, session: Session, temper: &Temper) -> (Mark, Option<u16>) {
        let (in_time, late) = match session {
            Session::Am => (Mark::MORNING, temper.late),
            Session::Pm => (Mark::AFTERNOON, temper.late * 0.12),
        };
        if !self.chance.happens(late) {
            return (in_time, None);
        }
        if self.chance.happens(0.08) {
            return (Mark::AFTER_CLOSE, Some(self.chance.between(31, 115) as u16));
        }
        let early_in_it = self.chance.unit() * self.chance.unit();
        (Mark::LATE, Some(1 + (early_in_it * 28.0) as u16))
    }

    /// A register that nobody took: about one in 2,500, and for certain one of the day before yesterday.
    fn register_is_missing(&self, slot: usize) -> bool {
        let Some(group) = self.marks.registers.last().map(|run| run.tutor_group) else {
            return false;
        };
        if slot >= self.today_index * 2 {
            return false;
        }
        let forgotten = slot + 3 == self.today_index * 2;
        if forgotten && self.setting.groups.groups[group].name == "8A" {
            return true;
        }
        Chance::new(
            self.setting.request.seed,
            Purpose::Groups,
            slot * 4096 + group + 1,
        )
        .happens(0.0004)
    }

    /// How an unexplained mark ended up, and what the register said before.
    fn settle(
        &mut self,
        index: usize,
        session: Session,
        mark: Mark,
        spell: Option<Spell>,
    ) -> (Mark, Option<Amendment>) {
        let unknown_first = spell.is_some_and(|spell| spell.first_unknown);
        let begins = spell.is_some() && !self.was_absent();
        match mark {
            Mark::ILL if unknown_first && begins => {
                let amendment = self.amended_that_morning(index, session);
                (mark, amendment)
            }
            Mark::OTHER if unknown_first => match self.aged_out(index) {
                Some(amendment) => (mark, Some(amendment)),
                None => (Mark::NO_REASON, None),
            },
            Mark::MORNING | Mark::AFTERNOON if self.chance.happens(0.0003) => {
                let amendment = self.found_after_all(index, session);
                (mark, amendment)
            }
            _ => (mark, None),
        }
    }

    fn was_absent(&self) -> bool {
        matches!(
            self.marks.marks.last(),
            Some(&Mark::ILL | &Mark::OTHER | &Mark::NO_REASON)
        )
    }

    fn opened(&self, index: usize, session: Session) -> Instant {
        Instant::at_london(
            self.setting.days[index].day,
            self.setting.session_times.opens(session),
        )
    }

    fn administrator(&mut self) -> usize {
        self.setting.office.administrators[self.chance.below(2)]
    }

    /// `N` became `I` when the parent rang back, before the day was over.
    fn amended_that_morning(&mut self, index: usize, session: Session) -> Option<Amendment> {
        const REASONS: &[&str] = &[
            "Parent rang back: unwell at home",
            "Text message from parent: sickness",
            "Voicemail heard: high temperature",
            "Reached mother at work: migraine",
            "E-mail from home: stomach bug",
        ];
        let at = self
            .opened(index, session)
            .plus_seconds(i64::from(self.chance.between(2_400, 9_600)));
        let by = self.administrator();
        let reason = self.chance.pick(REASONS);
        (index < self.today_index).then_some(Amendment {
            was: Mark::NO_REASON,
            at,
            by,
            reason,
        })
    }

    /// `N` became `O` on the fifth school day after, if that has gone by.
    fn aged_out(&mut self, index: usize) -> Option<Amendment> {
        let deadline = index + 5;
        (deadline < self.today_index).then(|| Amendment {
            was: Mark::NO_REASON,
            at: self.opened(deadline, Session::Am).plus_seconds(26_400),
            by: self.setting.office.manager,
            reason: "No explanation within five school days",
        })
    }

    fn found_after_all(&mut self, index: usize, session: Session) -> Option<Amendment> {
        let at = self
            .opened(index, session)
            .plus_seconds(i64::from(self.chance.between(1_200, 7_200)));
        let by = self.administrator();
        (index < self.today_index).then_some(Amendment {
            was: Mark::NO_REASON,
            at,
            by,
            reason: "Was in school: with the music teacher during the register",
        })
    }
}

/// The slot of the axis with this number.
pub(crate) fn slot_of(days: &[SchoolDay], slot: usize) -> Slot {
    days[slot / 2].slots()[slot % 2]
}
