//! One browser: a connection that is kept alive, and its cookies.

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE,
};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A request that is not answered by then has failed.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// A browser with its own connection and cookies.
pub struct Browser {
    /// `127.0.0.1:8080`
    host: String,
    address: SocketAddr,
    connection: Option<SendRequest<Full<Bytes>>>,
    cookies: BTreeMap<String, String>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// From sending the request to having the head of the answer.
    pub first_byte: Duration,
    /// From sending the request to having all of it.
    pub whole: Duration,
    /// The body as it came, compressed if so asked.
    pub body: Bytes,
    /// Where to go instead, if the answer says so.
    pub location: Option<String>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Whether the answer may come compressed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Plain,
    Gzip,
}

impl Browser {
    /// A browser without cookies, for a server on this machine.
    ///
    /// `address` is written as the program prints it: `http://127.0.0.1:8080`.
    pub fn open(address: &str) -> Result<Browser> {
        let host = address
            .strip_prefix("http://")
            .with_context(|| {
                format!("{address} does not begin with http://; load is made over plain loopback")
            })?
            .trim_end_matches('/');
        let found = host
            .to_socket_addrs()
            .with_context(|| format!("{host} is not an address with a port"))?
            .find(|address| address.ip().is_loopback());
        let address = found.with_context(|| {
            format!("{host} is another machine; load is made on this machine only")
        })?;
        Ok(Browser {
            host: host.to_owned(),
            address,
            connection: None,
            cookies: BTreeMap::new(),
        })
    }

    /// Signs in; an account that is turned away is an error.
    pub async fn sign_in(&mut self, name: &str, password: &str) -> Result<()> {
        let answer = self
            .post_form("/sign-in", &[("name", name), ("password", password)])
            .await?;
        let refused = answer
            .location
            .as_deref()
            .is_some_and(|there| there.starts_with("/sign-in"));
        ensure!(
            answer.status.is_redirection() && !refused && !self.cookies.is_empty(),
            "{name} could not sign in: the answer was {}",
            answer.status
        );
        Ok(())
    }

    /// The same person over a connection of its own, as a browser opens several.
    pub fn another_connection(&self) -> Browser {
        Browser {
            host: self.host.clone(),
            address: self.address,
            connection: None,
            cookies: self.cookies.clone(),
        }
    }

    /// Sends a form.
    pub async fn post_form(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", form_value(value)))
            .collect();
        let form = ("application/x-www-form-urlencoded", pairs.join("&"));
        self.send(Method::POST, path, Some(form), Encoding::Plain)
            .await
    }

    /// Asks for a page as it is.
    pub async fn get(&mut self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, None, Encoding::Plain).await
    }

    /// Asks for a page as browsers do, compressed.
    pub async fn get_compressed(&mut self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, None, Encoding::Gzip).await
    }

    /// Opens a stream of events, which goes on until the server ends it.
    pub async fn stream(mut self, path: &str) -> Result<Incoming> {
        let cookies = self.cookies();
        let request = Request::get(path)
            .header(HOST, &self.host)
            .header(ACCEPT, "text/event-stream")
            .header(COOKIE, cookies)
            .body(Full::new(Bytes::new()))
            .with_context(|| format!("{path} cannot be asked"))?;
        let response = self.connect().await?.send_request(request).await?;
        ensure!(
            response.status() == StatusCode::OK,
            "{path} was answered by {}",
            response.status()
        );
        Ok(response.into_body())
    }

    fn cookies(&self) -> String {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// Sends a JSON body.
    pub async fn post_json(&mut self, path: &str, body: &impl serde::Serialize) -> Result<Answer> {
        let body = serde_json::to_string(body).context("the request cannot be written")?;
        self.send(
            Method::POST,
            path,
            Some(("application/json", body)),
            Encoding::Plain,
        )
        .await
    }

    /// Sends one file as a form of the given field does, with the further fields of the form.
    pub async fn post_file(
        &mut self,
        path: &str,
        field: &str,
        file_name: &str,
        content: &str,
        fields: &[(&str, &str)],
    ) -> Result<Answer> {
        const BOUNDARY: &str = "----a-boundary-between-the-parts-of-a-form";
        let mut body = String::new();
        for (name, value) in fields {
            body += &format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        body += &format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{file_name}\"\r\n\
             Content-Type: text/csv\r\n\r\n{content}\r\n--{BOUNDARY}--\r\n"
        );
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.send(Method::POST, path, Some((&kind, body)), Encoding::Plain)
            .await
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Option<(&str, String)>,
        encoding: Encoding,
    ) -> Result<Answer> {
        let asked = format!("{method} {path}");
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.host);
        request = match &body {
            Some((kind, _)) => request
                .header(CONTENT_TYPE, *kind)
                .header(ORIGIN, format!("http://{}", self.host)),
            None => request.header(ACCEPT, "text/html"),
        };
        if encoding == Encoding::Gzip {
            request = request.header(ACCEPT_ENCODING, "gzip");
        }
        if !self.cookies.is_empty() {
            request = request.header(COOKIE, self.cookies());
        }
        let body = body.map_or_else(Bytes::new, |(_, body)| Bytes::from(body));
        let request = request
            .body(Full::new(body))
            .with_context(|| format!("{asked} cannot be asked"))?;
        let answered = tokio::time::timeout(ANSWER_WITHIN, self.answer(request)).await;
        match answered {
            Ok(answer) => answer.with_context(|| format!("{asked} was not answered")),
            Err(_) => {
                self.connection = None;
                bail!(
                    "{asked} was not answered within {} s",
                    ANSWER_WITHIN.as_secs()
                )
            }
        }
    }

    async fn answer(&mut self, request: Request<Full<Bytes>>) -> Result<Answer> {
        let mut connection = self.connect().await?;
        let begun = Instant::now();
        let response = connection.send_request(request).await?;
        let first_byte = begun.elapsed();
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        let whole = begun.elapsed();
        self.connection = Some(connection);
        for cookie in head.headers.get_all(SET_COOKIE) {
            self.keep_cookie(cookie.to_str().unwrap_or_default());
        }
        let location = head
            .headers
            .get(LOCATION)
            .and_then(|there| there.to_str().ok());
        Ok(Answer {
            status: head.status,
            first_byte,
            whole,
            body,
            location: location.map(str::to_owned),
        })
    }

    async fn connect(&mut self) -> Result<SendRequest<Full<Bytes>>> {
        if let Some(mut connection) = self.connection.take()
            && connection.ready().await.is_ok()
        {
            return Ok(connection);
        }
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (connection, driver) = handshake(TokioIo::new(stream)).await?;
        // How a connection ends is told by the request that was under way.
        tokio::spawn(async { driver.await.ok() });
        Ok(connection)
    }

    fn keep_cookie(&mut self, cookie: &str) {
        let pair = cookie.split(';').next().unwrap_or_default();
        if let Some((name, value)) = pair.split_once('=') {
            if value.is_empty() {
                self.cookies.remove(name.trim());
            } else {
                self.cookies
                    .insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
}

fn form_value(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::http::HeaderMap;
    use axum::routing::{get, post};
    use tower_http::compression::CompressionLayer;

    async fn a_server() -> String {
        let sign_in = |form: String| async move {
            let known = form == "name=a.head%40x&password=one%20two";
            let cookie = if known {
                "rollbook=abc; Path=/; HttpOnly"
            } else {
                "rollbook=; Path=/"
            };
            let there = if known { "/" } else { "/sign-in" };
            (
                StatusCode::SEE_OTHER,
                [("set-cookie", cookie), ("location", there)],
            )
        };
        let page = |headers: HeaderMap| async move {
            let cookie = headers
                .get("cookie")
                .and_then(|cookie| cookie.to_str().ok())
                .unwrap_or("none");
            format!("{cookie} {}", "word ".repeat(1_000))
        };
        let router = Router::new()
            .route("/", get(page))
            .route("/sign-in", post(sign_in))
            .layer(CompressionLayer::new());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await });
        address
    }

    #[tokio::test]
    async fn a_browser_keeps_its_cookie_and_sees_both_sizes() {
        let mut browser = Browser::open(&a_server().await).unwrap();
        assert!(browser.sign_in("a.head@x", "wrong").await.is_err());
        browser.sign_in("a.head@x", "one two").await.unwrap();
        let plain = browser.get("/").await.unwrap();
        assert!(
            plain.text().starts_with("rollbook=abc word"),
            "{}",
            plain.text()
        );
        let compressed = browser.get_compressed("/").await.unwrap();
        assert!(compressed.body.len() < plain.body.len() / 10);
        assert!(compressed.first_byte <= compressed.whole);
    }

    #[tokio::test]
    async fn load_is_made_on_this_machine_only() {
        assert!(Browser::open("http://192.0.2.1:80").is_err());
        assert!(Browser::open("https://127.0.0.1:80").is_err());
    }
}
