//! Who is on roll and when: nine cohorts, their joiners and leavers, and the way into the sixth form.

use calendar::Day;

use crate::chance::{Chance, Purpose};
use crate::events::SchoolDay;
use crate::people::{Enrolment, EnrolmentKind, Pupil, Sex};
use crate::year::{self, SchoolYear};
use crate::{Request, names, upn};

/// The invented local authority of the school.
pub(crate) const AUTHORITY: u16 = 823;
/// The school's number within it.
pub(crate) const ESTABLISHMENT: u16 = 4998;
/// Where the school's own numbers begin: beyond those of any sample file, which would otherwise mean a pupil of the demo school.
const FIRST_ADMISSION_NUMBER: usize = 7001;
/// Pupils in a tutor group.
const TUTOR_GROUP: usize = 25;

/// Pupils and their stays, with what decides their groups.
pub(crate) struct Roll {
    pub(crate) pupils: Vec<Pupil>,
    pub(crate) enrolments: Vec<Enrolment>,
    /// One for each pupil.
    pub(crate) natures: Vec<Nature>,
    /// Tutor groups in each of Years 7 to 11, and in each of Years 12 and 13.
    pub(crate) forms: (usize, usize),
}

/// What stays with a pupil through the years.
pub(crate) struct Nature {
    /// Tutor group in Years 7 to 11, counted from 0.
    pub(crate) form: usize,
    /// Tutor group in Years 12 and 13, counted from 0.
    pub(crate) sixth_form: usize,
    /// 0 to 1; decides sets.
    pub(crate) ability: f64,
}

impl Roll {
    /// The last enrolment of a pupil.
    pub(crate) fn enrolment_of(&self, pupil: usize) -> usize {
        self.enrolments
            .iter()
            .rposition(|enrolment| enrolment.pupil == pupil)
            .expect("every pupil of the demo school has been on roll")
    }
}

/// Fills the school: exactly `request.pupils` on roll in an ordinary week of the current year, and those who left before.
///
/// Pupils come without a name and without a home; `families` gives them both.
pub(crate) fn fill(request: &Request, years: &[SchoolYear], days: &[SchoolDay]) -> Roll {
    let sizes = Sizes::of(request.pupils);
    let mut roll = Roll {
        pupils: Vec::new(),
        enrolments: Vec::new(),
        natures: Vec::new(),
        forms: (
            sizes.main[0].div_ceil(TUTOR_GROUP),
            sizes.twelve.div_ceil(TUTOR_GROUP),
        ),
    };
    let current = years[2].first_year;
    for year_seven_in in current - 8..=current {
        let mut cohort = Cohort {
            year_seven_in,
            today: request.today,
            days,
            roll: &mut roll,
            dates: CohortDates::of(years, year_seven_in),
            chance: Chance::new(
                request.seed,
                Purpose::Cohort,
                (current - year_seven_in) as usize,
            ),
            numbered: 0,
        };
        let age = (current - year_seven_in) as usize;
        let main = if age <= 6 { sizes.main[age.min(4)] } else { 0 };
        let sixth = match age {
            0..=4 => 0,
            6 => sizes.thirteen,
            _ => sizes.twelve,
        };
        cohort.fill(main, sixth);
    }
    roll
}

/// How many pupils each year group holds.
struct Sizes {
    /// Years 7 to 11.
    main: [usize; 5],
    twelve: usize,
    thirteen: usize,
}

impl Sizes {
    /// A sixth of the school is in the sixth form, the rest spread evenly.
    fn of(pupils: usize) -> Sizes {
        let sixth = pupils / 6;
        let rest = pupils - sixth;
        Sizes {
            main: std::array::from_fn(|index| rest / 5 + usize::from(index < rest % 5)),
            twelve: sixth.div_ceil(2),
            thirteen: sixth / 2,
        }
    }
}

struct Cohort<'a> {
    year_seven_in: i16,
    today: Day,
    days: &'a [SchoolDay],
    roll: &'a mut Roll,
    dates: CohortDates,
    chance: Chance,
    numbered: usize,
}

impl Cohort<'_> {
    /// Fills the places of Years 7 to 11, then those of the sixth form. `main` is 0 where Year 11 lies before the history.
    fn fill(&mut self, main: usize, sixth: usize) {
        let from_year_eleven = (sixth * 92).div_ceil(100);
        let external = sixth - from_year_eleven;
        let places = main.max(from_year_eleven);
        let mut order: Vec<usize> = (0..places).collect();
        self.chance.shuffle(&mut order);
        for (place, rank) in order.into_iter().enumerate() {
            let stays = rank < from_year_eleven;
            self.fill_place(place, stays.then_some(rank), main > 0);
        }
        for rank in from_year_eleven..from_year_eleven + external {
            let start = self.dates.start_of_year_twelve;
            self.enrol(rank, Some(rank), start, None);
        }
    }

    /// One place: mostly one pupil from Year 7 on; sometimes one who left and another who came.
    fn fill_place(&mut self, place: usize, sixth_rank: Option<usize>, may_change: bool) {
        let start = self.dates.start_of_year_seven;
        let joined = may_change.then(|| self.joining_day()).flatten();
        let Some(joined) = joined else {
            self.enrol(place, sixth_rank, start, None);
            return;
        };
        let empty_for = self.chance.between(2, 25) as usize;
        let left = joined
            .checked_sub(empty_for)
            .map(|index| self.days[index].day);
        if let Some(left) = left.filter(|left| start.days_until(*left) > 14) {
            let (ground, to) = self.why_left();
            self.enrol(place, None, start, Some((left, ground, to)));
        }
        self.enrol(place, sixth_rank, self.days[joined].day, None);
    }

    /// The day on which a pupil took over a place in mid-year, as an index into the school days; None in most places.
    fn joining_day(&mut self) -> Option<usize> {
        let first = self.dates.start_of_year_seven.plus_days(20);
        let last = year::date(self.year_seven_in + 5, 5, 1);
        let open: Vec<usize> = (0..self.days.len().saturating_sub(4))
            .filter(|index| (first..last).contains(&self.days[*index].day))
            .collect();
        let years_open = open.len() as f64 / 190.0;
        let changes = self.chance.happens(0.03 * years_open);
        (changes && !open.is_empty()).then(|| open[self.chance.below(open.len())])
    }

    fn why_left(&mut self) -> (&'static str, Option<&'static str>) {
        match self.chance.weighed(&[0.7, 0.2, 0.1]) {
            0 => ("A", Some(self.chance.pick(names::SECONDARY_SCHOOLS))),
            1 => ("G", None),
            _ => ("F", None),
        }
    }

    fn enrol(
        &mut self,
        place: usize,
        sixth_rank: Option<usize>,
        start: Day,
        left: Option<(Day, &'static str, Option<&'static str>)>,
    ) {
        let pupil = self.admit(place, sixth_rank, start);
        let (end, deletion_ground, other_school) = match left {
            Some((day, ground, school)) => (Some(day), Some(ground), school),
            None => self.end_of_schooling(sixth_rank.is_some()),
        };
        self.roll.enrolments.push(Enrolment {
            pupil,
            kind: EnrolmentKind::Single,
            start,
            end,
            deletion_ground,
            other_school,
        });
    }

    /// When those who see their schooling through leave, if that day has passed.
    fn end_of_schooling(
        &self,
        sixth_former: bool,
    ) -> (Option<Day>, Option<&'static str>, Option<&'static str>) {
        let end = if sixth_former {
            self.dates.end_of_year_thirteen
        } else {
            self.dates.end_of_year_eleven
        };
        if end >= self.today {
            (None, None, None)
        } else if sixth_former {
            (Some(end), Some("NCSA"), None)
        } else {
            (Some(end), Some("L"), Some("Exampleton Sixth Form College"))
        }
    }

    fn admit(&mut self, place: usize, sixth_rank: Option<usize>, start: Day) -> usize {
        let number = self.roll.pupils.len();
        let first_birthday = year::date(self.year_seven_in - 12, 9, 1);
        let previous_school = if start <= self.dates.start_of_year_seven {
            self.chance.pick(names::PRIMARY_SCHOOLS)
        } else {
            self.chance.pick(names::SECONDARY_SCHOOLS)
        };
        let sex = if self.chance.happens(0.5) {
            Sex::Female
        } else {
            Sex::Male
        };
        let upn = self.number();
        let born = first_birthday.plus_days(self.chance.between(0, 364));
        self.roll.pupils.push(Pupil {
            admission_number: format!("{:06}", FIRST_ADMISSION_NUMBER + number),
            upn,
            forename: String::new(),
            middle_names: String::new(),
            surname: String::new(),
            preferred_forename: String::new(),
            preferred_surname: String::new(),
            sex,
            born,
            household: 0,
            year_seven_in: self.year_seven_in,
            previous_school,
        });
        self.roll.natures.push(Nature {
            form: place % self.roll.forms.0,
            sixth_form: sixth_rank.unwrap_or(0) % self.roll.forms.1.max(1),
            ability: self.chance.unit(),
        });
        number
    }

    /// The next number of one of thirty primary schools, allotted in the reception year.
    fn number(&mut self) -> String {
        const SCHOOLS: usize = 30;
        let school = (self.numbered % SCHOOLS) as u16;
        let serial = 1 + self.numbered / SCHOOLS;
        self.numbered += 1;
        upn::permanent(AUTHORITY, school, self.year_seven_in - 7, serial)
    }
}

/// The days on which a cohort comes and goes.
struct CohortDates {
    start_of_year_seven: Day,
    start_of_year_twelve: Day,
    end_of_year_eleven: Day,
    end_of_year_thirteen: Day,
}

impl CohortDates {
    fn of(years: &[SchoolYear], year_seven_in: i16) -> CohortDates {
        let year = |first_year| {
            years
                .iter()
                .find(|year| year.first_year == first_year)
                .cloned()
                .unwrap_or_else(|| SchoolYear::set(first_year, false))
        };
        CohortDates {
            start_of_year_seven: year(year_seven_in).first_pupil_day(),
            start_of_year_twelve: year(year_seven_in + 5).first_pupil_day(),
            end_of_year_eleven: year(year_seven_in + 4).last_friday_in_june(),
            end_of_year_thirteen: year(year_seven_in + 6).last_friday_in_june(),
        }
    }
}
