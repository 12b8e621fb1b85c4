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
    /// Each pupil's enrolment, with the version of the mark that stands there, if one does.
    pub rows: Vec<(i64, Option<i64>)>,
}

impl RegisterPage {
    /// Reads the elements that carry `data-enrolment`, and `data-base` where there is a mark.
    pub fn read(page: &str) -> RegisterPage {
        let mut rows: Vec<(i64, Option<i64>)> = Vec::new();
        for tag in page.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap_or_default();
            let number = |name: &str| {
                let (_, value) = tag.split_once(&format!(" {name}=\""))?;
                value.split('"').next()?.parse::<i64>().ok()
            };
            if let Some(enrolment) = number("data-enrolment")
                && rows.iter().all(|(seen, _)| *seen != enrolment)
            {
                rows.push((enrolment, number("data-base")));
            }
        }
        RegisterPage { rows }
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
    fn rows_carry_the_version_of_their_mark() {
        let page = r#"<tr data-enrolment="5" data-base="77"><td></td></tr><tr class="x" data-enrolment="6" data-base=""><input data-enrolment="6"></tr>"#;
        assert_eq!(RegisterPage::read(page).rows, [(5, Some(77)), (6, None)]);
    }
}
