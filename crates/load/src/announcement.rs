//! What `rollbook demo` prints when it is ready.

/// The address that the program serves, and who may sign in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announcement {
    /// `http://127.0.0.1:8080`; empty until it was read.
    pub address: String,
    /// In the order of the table.
    pub accounts: Vec<Account>,
    in_table: bool,
}

/// One who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The role, in small letters.
    pub role: String,
    /// The sign-in name.
    pub name: String,
    /// The password.
    pub password: String,
}

impl Announcement {
    /// Reads all that was printed.
    pub fn read(text: &str) -> Announcement {
        let mut announcement = Announcement::default();
        for line in text.lines() {
            announcement.read_line(line);
        }
        announcement
    }

    /// Reads the next line: `Serving http://…`, or a row of the table headed `role  sign-in name  password`, whose columns stand two or more
    /// spaces apart.
    pub fn read_line(&mut self, line: &str) {
        let line = line.trim();
        if let Some(address) = line.strip_prefix("Serving http") {
            let end = address.find(' ').unwrap_or(address.len());
            self.address = format!("http{}", address[..end].trim_end_matches('/'));
        }
        let cells: Vec<&str> = line
            .split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect();
        match cells[..] {
            [role, name, ..]
                if role.eq_ignore_ascii_case("role")
                    && name.eq_ignore_ascii_case("sign-in name") =>
            {
                self.in_table = true
            }
            [role, name, password, ..] if self.in_table => self.accounts.push(Account {
                role: role.to_lowercase(),
                name: name.to_owned(),
                password: password.to_owned(),
            }),
            _ => self.in_table = false,
        }
    }

    /// The accounts whose role begins so: one for each school that was announced.
    pub fn accounts(&self, role: &str) -> impl Iterator<Item = &Account> {
        let role = role.to_lowercase();
        let accounts = self.accounts.iter();
        accounts.filter(move |account| account.role.starts_with(&role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_and_the_accounts_are_read_and_nothing_else() {
        let said = Announcement::read(
            "Making a school of 300 pupils\nServing http://127.0.0.1:4321/ (Ctrl+C stops)\n\n  role            sign-in name   password\n  \
             Headteacher     a.head         one two\n  Class teacher   b.teach        three\n\nOther  things  are  not accounts\n",
        );
        assert_eq!(said.address, "http://127.0.0.1:4321");
        assert_eq!(said.accounts.len(), 2);
        assert_eq!(said.accounts("class").next().unwrap().password, "three");
        assert_eq!(said.accounts[0].password, "one two");
    }
}
