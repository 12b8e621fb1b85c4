//! What a register page tells a browser: where to save, and whose marks stand at which version.

/// The address of a register: `/registers/{group}/{day}/{session}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RegisterLink(String);

impl RegisterLink {
    /// The page.
    pub fn path(&self) -> &str {
        &self.0
    }

    /// Where its marks are saved.
    pub fn save_path(&self) -> String {
        format!("{}/save", self.0)
    }
}

/// The registers that a page links to, each once, in order.
pub fn register_links(page: &str) -> Vec<RegisterLink> {
    let mut found = Vec::new();
    for part in page.split("href=\"").skip(1) {
        let address = part.split('"').next().unwrap_or_default();
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let pieces: Vec<&str> = path.split('/').collect();
        if let ["", "registers", group, day, session] = pieces[..]
            && [group, day, session].iter().all(|piece| !piece.is_empty())
        {
            let link = RegisterLink(path.to_owned());
            if !found.contains(&link) {
                found.push(link);
            }
        }
    }
    found
}

/// The rows of a register page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisterPage {
    /// In the order of the page.
    pub rows: Vec<RegisterRow>,
}

/// One pupil's place in a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterRow {
    /// The pupil's enrolment.
    pub enrolment: i64,
    /// The version of the mark that stands there; 0 in a blank place.
    pub base: i64,
    /// The code that stands there; empty in a blank place.
    pub code: String,
}

impl RegisterPage {
    /// Reads the elements that carry `data-e`, the enrolment, with `data-base` and `data-code`.
    pub fn read(page: &str) -> RegisterPage {
        let rows = page.split('<').skip(1).filter_map(|tag| {
            let tag = tag.split('>').next().unwrap_or_default();
            let value = |name: &str| {
                let (_, value) = tag.split_once(&format!(" {name}=\""))?;
                value.split('"').next()
            };
            Some(RegisterRow {
                enrolment: value("data-e")?.parse().ok()?,
                base: value("data-base")?.parse().ok()?,
                code: value("data-code")?.to_owned(),
            })
        });
        RegisterPage {
            rows: rows.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_found_among_other_links() {
        let page = r#"<a href="/registers/12/2026-11-24/am?from=home">7A</a> <a href="/registers">All</a>
            <a href="/registers/12/2026-11-24/am">again</a> <a href="/registers/13/2026-11-24/am">7B</a>"#;
        let links = register_links(page);
        assert_eq!(links.len(), 2);
        assert_eq!(links[1].save_path(), "/registers/13/2026-11-24/am/save");
    }

    #[test]
    fn rows_carry_the_mark_that_stands_and_its_version() {
        let page = r#"<tr data-e="5" data-base="77" data-code="L" data-minutes="4"><td></td></tr><tr data-e="6" data-base="0" data-code=""><p data-e="x">"#;
        let rows = RegisterPage::read(page).rows;
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.enrolment, row.base, row.code.as_str()))
            .collect();
        assert_eq!(told, [(5, 77, "L"), (6, 0, "")]);
    }
}
