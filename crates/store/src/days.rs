//! Days and moments as the engines hold them.

use calendar::Day;

/// Days from 1 January 1970 to 1 January 2000, from which PostgreSQL counts.
const POSTGRES_FIRST_DAY: i32 = 10_957;

/// Microseconds from the start of 1970 to the start of 2000.
const POSTGRES_FIRST_MOMENT: i64 = POSTGRES_FIRST_DAY as i64 * 86_400 * 1_000_000;

/// `yyyy-mm-dd`, without an allocation.
pub(crate) fn iso_day(day: Day) -> [u8; 10] {
    let mut text = *b"0000-00-00";
    let mut put = |range: std::ops::Range<usize>, mut number: u32| {
        for place in text[range].iter_mut().rev() {
            *place = b'0' + (number % 10) as u8;
            number /= 10;
        }
    };
    put(0..4, u32::from(day.year().unsigned_abs()));
    put(5..7, u32::from(day.month().unsigned_abs()));
    put(8..10, u32::from(day.day_of_month().unsigned_abs()));
    text
}

/// PostgreSQL's number of a day.
pub(crate) fn postgres_day(day: Day) -> i32 {
    day.epoch_days() - POSTGRES_FIRST_DAY
}

/// The day with PostgreSQL's number.
pub(crate) fn day_of_postgres(number: i32) -> Option<Day> {
    let day = Day::from_epoch_days(number.checked_add(POSTGRES_FIRST_DAY)?);
    (day.epoch_days() == number + POSTGRES_FIRST_DAY).then_some(day)
}

/// PostgreSQL's number of a moment.
pub(crate) fn postgres_moment(micros: i64) -> i64 {
    micros - POSTGRES_FIRST_MOMENT
}

/// Microseconds since 1970 of PostgreSQL's number of a moment.
pub(crate) fn moment_of_postgres(number: i64) -> Option<i64> {
    number.checked_add(POSTGRES_FIRST_MOMENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_as_it_is_shown() {
        for days in [-25_567, -1, 0, 10_956, 10_957, 11_016, 20_779, 40_000] {
            let day = Day::from_epoch_days(days);
            assert_eq!(iso_day(day), day.to_string().as_bytes());
            assert_eq!(day_of_postgres(postgres_day(day)), Some(day));
        }
    }
}
