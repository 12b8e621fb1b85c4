//! Homes, brothers and sisters, parents and other carers, and everybody's names.

use unicode_normalization::UnicodeNormalization;

use crate::chance::{Chance, Purpose};
use crate::cohorts::Roll;
use crate::names::{self, HERITAGES, Heritage};
use crate::people::{Adult, Contact, Household, Pupil, Sex};

/// Homes and the people in them.
pub(crate) struct Homes {
    pub(crate) households: Vec<Household>,
    pub(crate) adults: Vec<Adult>,
    pub(crate) contacts: Vec<Contact>,
    /// Families by the index of the household in which the children live.
    pub(crate) families: Vec<Family>,
}

/// What the children of a home have in common.
pub(crate) struct Family {
    pub(crate) heritage: &'static Heritage,
    pub(crate) ethnicity: &'static str,
    pub(crate) language: &'static str,
    /// Little money: free school meals at least for a time.
    pub(crate) poor: bool,
    pub(crate) kind: FamilyKind,
}

/// Who looks after the children.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FamilyKind {
    TwoParents,
    Separated,
    OneParent,
    Grandparents,
    Foster,
}

/// Gives every pupil a home, a family and a name.
pub(crate) fn settle(seed: u64, roll: &mut Roll) -> Homes {
    let mut chance = Chance::new(seed, Purpose::Family, 0);
    let mut homes = Homes {
        households: Vec::new(),
        adults: Vec::new(),
        contacts: Vec::new(),
        families: Vec::new(),
    };
    let broods = brothers_and_sisters(&mut chance, &roll.pupils);
    for number in 0..broods.len() {
        let household = home(&mut chance, number);
        homes.households.push(household);
        homes.families.push(family(&mut chance));
    }
    for (number, children) in broods.iter().enumerate() {
        let mut chance = Chance::new(seed, Purpose::Family, number + 1);
        bring_up(&mut chance, number, children, roll, &mut homes);
    }
    homes
        .contacts
        .sort_by_key(|contact| (contact.pupil, contact.priority));
    homes
}

/// Groups the pupils into broods, so that about three in ten have a brother or sister at school at the same time.
fn brothers_and_sisters(chance: &mut Chance, pupils: &[Pupil]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..pupils.len()).collect();
    chance.shuffle(&mut order);
    let mut free: Vec<bool> = vec![true; pupils.len()];
    let mut broods = Vec::new();
    for first in 0..order.len() {
        let eldest = order[first];
        if !std::mem::replace(&mut free[eldest], false) {
            continue;
        }
        let mut brood = vec![eldest];
        let more = chance.weighed(&[0.74, 0.225, 0.035]);
        for _ in 0..more {
            let sibling = (0..40)
                .map(|_| order[chance.below(order.len())])
                .find(|other| {
                    free[*other]
                        && brood
                            .iter()
                            .all(|child| may_be_siblings(&pupils[*child], &pupils[*other]))
                });
            if let Some(sibling) = sibling {
                free[sibling] = false;
                brood.push(sibling);
            }
        }
        broods.push(brood);
    }
    broods
}

/// One to four years apart in school and at least ten months in age.
fn may_be_siblings(one: &Pupil, other: &Pupil) -> bool {
    let years_apart = (one.year_seven_in - other.year_seven_in).abs();
    (1..=4).contains(&years_apart) && one.born.days_until(other.born).abs() > 300
}

fn home(chance: &mut Chance, number: usize) -> Household {
    const INWARD: &[u8; 20] = b"ABDEFGHJLNPQRSTUWXYZ";
    let street = number % names::STREETS.len();
    let unit = |chance: &mut Chance| INWARD[chance.below(INWARD.len())] as char;
    Household {
        street: format!("{} {}", 1 + chance.below(180), names::STREETS[street]),
        town: chance.pick(names::TOWNS),
        postcode: format!(
            "EC9{} {}{}{}",
            (b'A' + (street % 8) as u8) as char,
            1 + chance.below(9),
            unit(chance),
            unit(chance)
        ),
    }
}

fn family(chance: &mut Chance) -> Family {
    let weights: Vec<f64> = HERITAGES.iter().map(|heritage| heritage.weight).collect();
    let heritage = &HERITAGES[chance.weighed(&weights)];
    let kind = [
        FamilyKind::TwoParents,
        FamilyKind::Separated,
        FamilyKind::OneParent,
        FamilyKind::Grandparents,
        FamilyKind::Foster,
    ][chance.weighed(&[0.615, 0.25, 0.11, 0.017, 0.008])];
    let poverty = match kind {
        FamilyKind::TwoParents => 0.16,
        FamilyKind::Separated | FamilyKind::OneParent => 0.42,
        FamilyKind::Grandparents => 0.3,
        FamilyKind::Foster => 0.0,
    };
    let ethnicities: Vec<f64> = heritage.ethnicities.iter().map(|row| row.1).collect();
    Family {
        ethnicity: heritage.ethnicities[chance.weighed(&ethnicities)].0,
        language: language(chance, heritage).0,
        poor: chance.happens(poverty),
        kind,
        heritage,
    }
}

fn language(chance: &mut Chance, heritage: &Heritage) -> (&'static str, &'static str) {
    let weights: Vec<f64> = heritage.languages.iter().map(|row| row.2).collect();
    let (code, name, _) = heritage.languages[chance.weighed(&weights)];
    (code, name)
}

/// Names the children and gives them their contacts.
fn bring_up(
    chance: &mut Chance,
    number: usize,
    children: &[usize],
    roll: &mut Roll,
    homes: &mut Homes,
) {
    let heritage = homes.families[number].heritage;
    let surname = chance.pick(heritage.surnames);
    for child in children {
        let pupil = &mut roll.pupils[*child];
        pupil.household = number;
        name_child(chance, pupil, heritage, surname);
    }
    let adults = grown_ups(chance, number, surname, homes);
    for child in children {
        for (adult, place) in &adults {
            homes.contacts.push(Contact {
                pupil: *child,
                adult: *adult,
                ..place.clone()
            });
        }
    }
}

fn name_child(chance: &mut Chance, pupil: &mut Pupil, heritage: &Heritage, surname: &str) {
    let given = match pupil.sex {
        Sex::Female => heritage.girls,
        Sex::Male => heritage.boys,
    };
    pupil.forename = chance.pick(given).to_owned();
    if chance.happens(0.6) {
        pupil.middle_names = chance.pick(given).to_owned();
    }
    pupil.surname = surname.to_owned();
    let short = names::SHORT_FORMS
        .iter()
        .find(|(long, _)| *long == pupil.forename)
        .filter(|_| chance.happens(0.45));
    pupil.preferred_forename = match short {
        Some((_, short)) => (*short).to_owned(),
        None => pupil.forename.clone(),
    };
    pupil.preferred_surname = if chance.happens(0.02) {
        chance.pick(heritage.surnames).to_owned()
    } else {
        surname.to_owned()
    };
}

/// The family's grown-ups with their place in each child's life, first to be rung first.
fn grown_ups(
    chance: &mut Chance,
    home: usize,
    surname: &str,
    homes: &mut Homes,
) -> Vec<(usize, Contact)> {
    let kind = homes.families[home].kind;
    let mut people = Vec::new();
    let mut add = |chance: &mut Chance,
                   homes: &mut Homes,
                   household,
                   surname: &str,
                   woman,
                   place: Contact| {
        let adult = grown_up(chance, homes, home, household, surname, woman);
        homes.adults.push(adult);
        let priority = people.len() as u8 + 1;
        people.push((homes.adults.len() - 1, Contact { priority, ..place }));
    };
    match kind {
        FamilyKind::TwoParents => {
            add(chance, homes, home, surname, true, parent("Mother", true));
            add(chance, homes, home, surname, false, parent("Father", true));
        }
        FamilyKind::Separated => {
            let with_mother = chance.happens(0.85);
            let (near, far) = if with_mother {
                ("Mother", "Father")
            } else {
                ("Father", "Mother")
            };
            let other_surname = other_surname(chance, homes, home);
            let mother_surname = if chance.happens(0.5) {
                surname
            } else {
                other_surname
            };
            add(
                chance,
                homes,
                home,
                mother_surname,
                with_mother,
                parent(near, true),
            );
            let elsewhere = second_home(chance, homes);
            let far_place = match chance.weighed(&[0.955, 0.03, 0.015]) {
                0 => parent(far, false),
                1 => Contact {
                    do_not_contact: true,
                    court_order: Some(
                        "Non-molestation order: no contact, no information about the school day",
                    ),
                    ..parent(far, false)
                },
                _ => Contact {
                    court_order: Some(
                        "Child arrangements order: alternate weekends; no collection on school days",
                    ),
                    ..parent(far, false)
                },
            };
            add(chance, homes, elsewhere, surname, !with_mother, far_place);
        }
        FamilyKind::OneParent => {
            add(chance, homes, home, surname, true, parent("Mother", true));
        }
        FamilyKind::Grandparents => {
            let guardian = Contact {
                relationship: "Grandparent (special guardian)",
                ..parent("", true)
            };
            add(chance, homes, home, surname, true, guardian);
        }
        FamilyKind::Foster => {
            let carer = Contact {
                relationship: "Foster carer",
                parental_responsibility: false,
                ..parent("", true)
            };
            let other = other_surname(chance, homes, home);
            add(chance, homes, home, other, true, carer);
        }
    }
    if chance.happens(0.35) && people.len() < 3 {
        let relationship = chance.pick(&["Grandmother", "Grandfather", "Aunt", "Family friend"]);
        let woman = relationship != "Grandfather";
        let helper = Contact {
            relationship,
            parental_responsibility: false,
            ..parent("", false)
        };
        let elsewhere = second_home(chance, homes);
        let other = other_surname(chance, homes, home);
        let adult = grown_up(chance, homes, home, elsewhere, other, woman);
        homes.adults.push(adult);
        let priority = people.len() as u8 + 1;
        people.push((homes.adults.len() - 1, Contact { priority, ..helper }));
    }
    people
}

fn parent(relationship: &'static str, lives_with: bool) -> Contact {
    Contact {
        pupil: 0,
        adult: 0,
        priority: 1,
        relationship,
        parental_responsibility: true,
        lives_with,
        do_not_contact: false,
        court_order: None,
    }
}

fn other_surname(chance: &mut Chance, homes: &Homes, home: usize) -> &'static str {
    chance.pick(homes.families[home].heritage.surnames)
}

fn second_home(chance: &mut Chance, homes: &mut Homes) -> usize {
    let number = homes.households.len();
    let household = home(chance, number);
    homes.households.push(household);
    number
}

fn grown_up(
    chance: &mut Chance,
    homes: &Homes,
    family: usize,
    household: usize,
    surname: &str,
    woman: bool,
) -> Adult {
    let family = &homes.families[family];
    let number = homes.adults.len();
    let forename = forename(chance, family.heritage, woman);
    let (language, language_name) = family
        .heritage
        .languages
        .iter()
        .find(|row| row.0 == family.language)
        .map(|row| (row.0, row.1))
        .unwrap_or(("ENG", "English"));
    let title = match (woman, chance.weighed(&[0.62, 0.3, 0.06, 0.02])) {
        (_, 3) => "Dr",
        (false, _) => "Mr",
        (true, 0) => "Mrs",
        (true, 1) => "Ms",
        (true, _) => "Miss",
    };
    Adult {
        title,
        mobile: chance
            .happens(0.97)
            .then(|| format!("07700 900{:03}", number * 7 % 1000)),
        landline: chance
            .happens(0.22)
            .then(|| format!("01632 960{:03}", 1 + number * 11 % 999)),
        email: chance
            .happens(0.88)
            .then(|| email(forename, surname, number)),
        forename: forename.to_owned(),
        surname: surname.to_owned(),
        household,
        language,
        language_name,
        interpreter: language != "ENG" && chance.happens(0.22),
    }
}

/// Parents of English names have the names of their generation; others a name of the same list as their children's.
fn forename<'a>(chance: &mut Chance, heritage: &'a Heritage, woman: bool) -> &'a str {
    let english = heritage.languages.len() == 1;
    match (english, woman) {
        (true, true) => chance.pick(names::WOMEN),
        (true, false) => chance.pick(names::MEN),
        (false, true) => chance.pick(heritage.girls),
        (false, false) => chance.pick(heritage.boys),
    }
}

fn email(forename: &str, surname: &str, number: usize) -> String {
    let host = if number.is_multiple_of(3) {
        "example.com"
    } else {
        "example.org"
    };
    format!(
        "{}.{}{}@{host}",
        letters(forename),
        letters(surname),
        number
    )
}

/// The plain small letters of a name, for addresses: `Dąbrowski` becomes `dabrowski`.
pub(crate) fn letters(name: &str) -> String {
    name.nfd()
        .map(|letter| match letter {
            'ł' | 'Ł' => 'l',
            'ø' | 'Ø' => 'o',
            other => other.to_ascii_lowercase(),
        })
        .filter(char::is_ascii_alphabetic)
        .collect()
}
