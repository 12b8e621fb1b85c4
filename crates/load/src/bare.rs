//! The barest save there is, to hold others against: a stored function of PostgreSQL in one round trip.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use postgres::{Client, NoTls};

use crate::{SavesFigures, Spread};

/// How many marks a register has.
const PUPILS: i64 = 30;

/// Marks and their history, and nothing else: no access, no rules, no journal.
const BARE: &str = "
drop table if exists bare_mark, bare_history;
create table bare_mark (
    school_id bigint, enrolment_id bigint, on_date date, session bigint, code text,
    primary key (school_id, enrolment_id, on_date, session));
create table bare_history (
    id bigserial primary key, at timestamptz not null, account_id bigint not null, school_id bigint not null,
    enrolment_id bigint not null, on_date date not null, session bigint not null, before text, after text);
create or replace function bare_save(school bigint, account bigint, pupils bigint[], new_code text) returns void language sql as $$
    insert into bare_history (at, account_id, school_id, enrolment_id, on_date, session, before, after)
    select now(), account, school, given.id, '2026-11-24', 0, m.code, new_code
    from unnest(pupils) as given(id)
    left join bare_mark m on m.school_id = school and m.enrolment_id = given.id and m.on_date = '2026-11-24' and m.session = 0;
    insert into bare_mark (school_id, enrolment_id, on_date, session, code)
    select school, given.id, '2026-11-24', 0, new_code from unnest(pupils) as given(id)
    on conflict (school_id, enrolment_id, on_date, session) do update set code = excluded.code;
$$";

/// A database with the bare save in it, on a server of this machine.
pub struct Bare {
    address: String,
}

impl Bare {
    /// Makes the tables and the function afresh in this database (`postgres://…`).
    ///
    /// Waits on this thread, as everything here. Errors: the server cannot be reached, or refuses.
    pub fn make(address: &str) -> Result<Bare> {
        let bare = Bare {
            address: address.to_owned(),
        };
        bare.connected()?.batch_execute(BARE)?;
        Ok(bare)
    }

    fn connected(&self) -> Result<Client> {
        Client::connect(&self.address, NoTls)
            .context("the server of the bare save cannot be reached")
    }

    /// Has the server count its rows, as it does by itself within a minute of being filled: what is measured is a server in its
    /// first week, not in its first second.
    pub fn settle(&self) -> Result<()> {
        Ok(self.connected()?.batch_execute("analyze")?)
    }

    /// How often the whole server has brought its log to the disk.
    pub fn flushes(&self) -> Result<i64> {
        let row = self
            .connected()?
            .query_one("select wal_sync from pg_stat_wal", &[])?;
        Ok(row.get(0))
    }

    /// Saves in a closed loop, a connection and a register for each teacher, their turns spread over this many schools.
    pub fn save(&self, teachers: usize, schools: usize, time: Duration) -> Result<SavesFigures> {
        let clients = (0..teachers).map(|_| self.connected());
        let clients: Vec<Client> = clients.collect::<Result<_>>()?;
        let begun = Instant::now();
        let saving: Vec<_> = clients
            .into_iter()
            .enumerate()
            .map(|(teacher, client)| {
                std::thread::spawn(move || one_teacher(client, teacher, schools, begun + time))
            })
            .collect();
        let mut figures = SavesFigures::default();
        for one in saving {
            let times = one
                .join()
                .map_err(|_| anyhow!("a teacher's thread failed"))?;
            figures.times.extend(times?);
        }
        figures.took = begun.elapsed();
        Ok(figures)
    }
}

fn one_teacher(
    mut client: Client,
    teacher: usize,
    schools: usize,
    until: Instant,
) -> Result<Spread> {
    let save = client.prepare("select bare_save($1, $2, $3, $4)")?;
    let mut times = Spread::default();
    for turn in 0.. {
        if Instant::now() > until {
            break;
        }
        let school = 1 + (teacher % schools) as i64;
        let first = 10_000 + (teacher / schools) as i64 * PUPILS;
        let pupils: Vec<i64> = (first..first + PUPILS).collect();
        let code = if turn % 2 == 0 { "/" } else { "N" };
        let begun = Instant::now();
        client.execute(&save, &[&school, &(teacher as i64), &pupils, &code])?;
        times.add(begun.elapsed());
    }
    Ok(times)
}
