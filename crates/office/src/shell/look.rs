use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Form, extract::Query};
use serde::Deserialize;

/// Light, dark, or whatever the person's computer says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Follows the computer.
    #[default]
    Computer,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// How tall the rows of a list are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Density {
    /// 28 px rows: thirty pupils on one screen.
    #[default]
    Compact,
    /// 40 px rows.
    Roomy,
}

/// How this person wants pages to look on this device. Kept in a cookie, since it is about the screen and not the person.
///
/// The cookie is named `look` and holds two words, such as `dark.roomy`. Anything else in it is read as the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Light or dark.
    pub theme: Theme,
    /// Row height.
    pub density: Density,
}

impl Look {
    /// Reads the choice from a request's cookies.
    pub fn of(headers: &HeaderMap) -> Look {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .find_map(|cookie| cookie.trim().strip_prefix("look="))
            .map(Look::from_words)
            .unwrap_or_default()
    }

    fn from_words(words: &str) -> Look {
        let (theme, density) = words.split_once('.').unwrap_or((words, ""));
        Look {
            theme: match theme {
                "light" => Theme::Light,
                "dark" => Theme::Dark,
                _ => Theme::Computer,
            },
            density: match density {
                "roomy" => Density::Roomy,
                _ => Density::Compact,
            },
        }
    }

    /// The theme's word in markup and cookie: `computer`, `light` or `dark`.
    pub fn theme_word(&self) -> &'static str {
        match self.theme {
            Theme::Computer => "computer",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The media for which the dark tokens are loaded. Never paper.
    pub fn dark_media(&self) -> &'static str {
        match self.theme {
            Theme::Computer => "screen and (prefers-color-scheme: dark)",
            Theme::Light => "not all",
            Theme::Dark => "screen",
        }
    }

    /// The density's word in markup and cookie: `compact` or `roomy`.
    pub fn density_word(&self) -> &'static str {
        match self.density {
            Density::Compact => "compact",
            Density::Roomy => "roomy",
        }
    }
}

/// What the look form in the header sends.
#[derive(Debug, Deserialize)]
pub(super) struct LookForm {
    #[serde(default)]
    theme: String,
    #[serde(default)]
    density: String,
}

/// The page to go back to.
#[derive(Debug, Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    back: String,
}

/// `POST /look?back=/registers`: keeps the choice for a year on this device and goes back. Works without script.
pub(super) async fn choose(Query(back): Query<Back>, Form(form): Form<LookForm>) -> Response {
    let look = Look::from_words(&format!("{}.{}", form.theme, form.density));
    let cookie = format!(
        "look={}.{}; Path=/; Max-Age=31536000; SameSite=Lax",
        look.theme_word(),
        look.density_word()
    );
    let mut response = (
        StatusCode::SEE_OTHER,
        [(header::LOCATION, own_path(&back.back))],
    )
        .into_response();
    response.headers_mut().insert(
        header::SET_COOKIE,
        HeaderValue::from_str(&cookie).expect("the cookie is made of four known words"),
    );
    response
}

/// The path if it is one of ours, else the home page: a link must not be able to send a person to another site.
pub fn own_path(path: &str) -> &str {
    let ours = path.starts_with('/')
        && !path.starts_with("//")
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if ours { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_reads_back_from_its_cookie() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            HeaderValue::from_static("session=abc; look=dark.roomy"),
        );
        let look = Look::of(&headers);
        assert_eq!((look.theme, look.density), (Theme::Dark, Density::Roomy));
    }

    #[test]
    fn an_unknown_look_is_the_computers_own_and_compact() {
        assert_eq!(Look::from_words("<script>.7"), Look::default());
        assert_eq!(Look::of(&HeaderMap::new()), Look::default());
    }

    #[test]
    fn going_back_never_leaves_the_school() {
        assert_eq!(
            own_path("/registers?day=2026-11-24"),
            "/registers?day=2026-11-24"
        );
        for elsewhere in [
            "https://example.org/",
            "//example.org",
            "/\\example.org",
            "",
            "/a\r\nb",
        ] {
            assert_eq!(own_path(elsewhere), "/");
        }
    }
}
