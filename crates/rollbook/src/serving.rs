//! Serving: one listener, HTTP/1.1 and HTTP/2, over TLS or not, and an orderly end.
//!
//! It deliberately does not know what it serves.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use crate::certificate::{Certificate, LOOK_EVERY};

/// A device that has not said hello in TLS by then is let go.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// A device that has not sent the head of its next request by then is let go.
const HEAD_WITHIN: Duration = Duration::from_secs(60);

/// How often a quiet HTTP/2 connection is asked whether it is still there.
const ASK_EVERY: Duration = Duration::from_secs(30);

/// How long requests that are being answered may take once the server stops.
const FINISH_WITHIN: Duration = Duration::from_secs(5);

/// The server, listening but not yet answering.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    certificate: Option<Arc<Certificate>>,
    behind_proxy: bool,
}

impl Server {
    /// Listens at an address; port 0 takes a free one. With a certificate the server speaks TLS.
    pub async fn listen(address: SocketAddr, certificate: Option<Certificate>) -> Result<Server> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("Rollbook cannot listen at {address}"))?;
        Ok(Server {
            address: listener
                .local_addr()
                .context("The address cannot be known")?,
            listener,
            certificate: certificate.map(Arc::new),
            behind_proxy: false,
        })
    }

    /// Believes the proxy in front about where requests come from.
    pub fn behind_proxy(self) -> Server {
        Server {
            behind_proxy: true,
            ..self
        }
    }

    /// The address as it is written in a browser on this machine.
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() {
            "https"
        } else {
            "http"
        };
        let port = self.address.port();
        match self.address {
            address if address.ip().is_unspecified() => format!("{scheme}://localhost:{port}"),
            address => format!("{scheme}://{address}"),
        }
    }

    /// Answers by `router` until `stop` comes, then finishes what is being answered, for some seconds at most.
    pub async fn serve(self, router: Router, stop: impl Future<Output = ()>) -> Result<()> {
        let tls = match &self.certificate {
            None => None,
            Some(certificate) => {
                tokio::spawn(renew(Arc::clone(certificate)));
                Some(TlsAcceptor::from(Arc::new(certificate.server_config()?)))
            }
        };
        let open = GracefulShutdown::new();
        let mut stop = pin!(stop);
        loop {
            let (stream, peer) = tokio::select! {
                () = &mut stop => break,
                accepted = self.listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Out of files or the device has gone: others may still be answered.
                        tracing::warn!(%error, "a connection could not be taken");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
            };
            let connection = Connection {
                router: router.clone(),
                peer,
                behind_proxy: self.behind_proxy,
                watcher: open.watcher(),
            };
            let tls = tls.clone();
            tokio::spawn(async move {
                if let Err(error) = connection.answer(stream, tls).await {
                    tracing::debug!(%error, "a connection ended");
                }
            });
        }
        drop(self.listener);
        if tokio::time::timeout(FINISH_WITHIN, open.shutdown())
            .await
            .is_err()
        {
            tracing::info!("stopped with connections still open");
        }
        Ok(())
    }
}

/// One device's connection.
struct Connection {
    router: Router,
    peer: SocketAddr,
    behind_proxy: bool,
    watcher: hyper_util::server::graceful::Watcher,
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

impl Connection {
    async fn answer(self, stream: TcpStream, tls: Option<TlsAcceptor>) -> Result<(), AnyError> {
        stream.set_nodelay(true)?;
        let Some(tls) = tls else {
            return self.answer_requests(stream).await;
        };
        let mut first = [0];
        let got = tokio::time::timeout(HELLO_WITHIN, stream.peek(&mut first)).await??;
        if got == 0 {
            return Ok(());
        }
        if first[0] != TLS_HANDSHAKE {
            return tell_to_use_tls(stream).await;
        }
        let stream = tokio::time::timeout(HELLO_WITHIN, tls.accept(stream)).await??;
        self.answer_requests(stream).await
    }

    async fn answer_requests(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<(), AnyError> {
        let Connection {
            router,
            peer,
            behind_proxy,
            watcher,
        } = self;
        let service = service_fn(move |mut request: Request<Incoming>| {
            let from = if behind_proxy {
                forwarded_for(&request).unwrap_or(peer)
            } else {
                peer
            };
            request.extensions_mut().insert(ConnectInfo(from));
            router.clone().call(request)
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(ASK_EVERY);
        let connection = builder
            .serve_connection(TokioIo::new(stream), service)
            .into_owned();
        watcher.watch(connection).await
    }
}

/// Where a proxy says that the request comes from: what it added itself, the last address of `X-Forwarded-For`.
fn forwarded_for<B>(request: &Request<B>) -> Option<SocketAddr> {
    let header = request
        .headers()
        .get_all("x-forwarded-for")
        .iter()
        .next_back()?;
    let address = header.to_str().ok()?.rsplit(',').next()?.trim();
    Some(SocketAddr::new(address.parse().ok()?, 0))
}

/// The first byte of every TLS connection.
const TLS_HANDSHAKE: u8 = 0x16;

/// Answers plain HTTP at the port that speaks TLS: pages are sent to the same place over TLS, anything else is refused.
async fn tell_to_use_tls(stream: TcpStream) -> Result<(), AnyError> {
    let service = service_fn(|request: Request<Incoming>| async move {
        Ok::<_, std::convert::Infallible>(over_tls_please(&request))
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HELLO_WITHIN)
        .keep_alive(false);
    builder
        .serve_connection(TokioIo::new(stream), service)
        .await?;
    Ok(())
}

fn over_tls_please<B>(request: &Request<B>) -> Response<Body> {
    let mut response = Response::new(Body::from(
        "Rollbook is served over TLS: write https:// before the address.\n",
    ));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    let reads = request.method().is_safe();
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    if let Some(host) = host.filter(|_| reads && path.starts_with('/'))
        && let Ok(there) = HeaderValue::from_str(&format!("https://{host}{path}"))
    {
        *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
        response.headers_mut().insert(header::LOCATION, there);
    }
    response
}

async fn renew(certificate: Arc<Certificate>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        match certificate.renew_if_due() {
            Ok(false) => {}
            Ok(true) => tracing::info!("the server's certificate was renewed"),
            Err(error) => tracing::error!(
                error = format!("{error:#}"),
                "the server's certificate could not be renewed"
            ),
        }
    }
}

/// Listens for the operator's wish for an end, Ctrl+C or SIGTERM, from now on; what it answers waits for it.
pub fn asked_to_stop() -> Result<impl Future<Output = ()>> {
    let listen = |kind| signal(kind).context("The signals to stop cannot be heard");
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Source;
    use crate::local_authority::LocalAuthority;
    use axum::routing::get;
    use http_body_util::{BodyExt, Empty};
    use hyper::body::Bytes;
    use rustls::{ClientConfig, RootCertStore};
    use rustls_pki_types::ServerName;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;
    use tokio_rustls::TlsConnector;

    struct Running {
        address: SocketAddr,
        stop: oneshot::Sender<()>,
        ended: tokio::task::JoinHandle<Result<()>>,
    }

    async fn start(router: Router, certificate: Option<Certificate>) -> Running {
        let server = Server::listen("127.0.0.1:0".parse().unwrap(), certificate)
            .await
            .unwrap();
        let address = server.address;
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(server.serve(router, async {
            stopped.await.ok();
        }));
        Running {
            address,
            stop,
            ended,
        }
    }

    fn local(folder: &std::path::Path) -> (Certificate, RootCertStore) {
        let authority = LocalAuthority::open(folder, vec!["localhost".into()]).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate().clone()).unwrap();
        (
            Certificate::take(Source::Local(Box::new(authority))).unwrap(),
            roots,
        )
    }

    async fn tls(
        address: SocketAddr,
        roots: RootCertStore,
        protocol: &str,
    ) -> tokio_rustls::client::TlsStream<TcpStream> {
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let stream = TcpStream::connect(address).await.unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(ServerName::try_from("localhost").unwrap(), stream)
            .await
            .unwrap()
    }

    async fn plain_text(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_page_is_served_in_plain_and_knows_who_asks() {
        let who =
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() });
        let running = start(Router::new().route("/", who), None).await;
        let answer = plain_text(
            running.address,
            "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        )
        .await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("127.0.0.1"),
            "{answer}"
        );
    }

    #[test]
    fn a_proxy_is_believed_about_what_it_added_and_a_browser_about_nothing() {
        let from = |said: &str| {
            let request = Request::get("/")
                .header("x-forwarded-for", said)
                .body(())
                .unwrap();
            forwarded_for(&request).map(|address| address.ip().to_string())
        };
        assert_eq!(
            from("10.0.0.1, 203.0.113.5").as_deref(),
            Some("203.0.113.5")
        );
        assert_eq!(from("2001:db8::1").as_deref(), Some("2001:db8::1"));
        assert_eq!(from("someone"), None);
    }

    #[tokio::test]
    async fn both_versions_of_http_are_served_over_tls_from_the_local_authority() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, roots) = local(folder.path());
        let running = start(
            Router::new().route("/", get(|| async { "here" })),
            Some(certificate),
        )
        .await;

        let mut stream = tls(running.address, roots.clone(), "http/1.1").await;
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"),
            "{answer}"
        );

        let stream = tls(running.address, roots, "h2").await;
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .unwrap();
        tokio::spawn(connection);
        let request = Request::get("https://localhost/")
            .body(Empty::<Bytes>::new())
            .unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.version(), axum::http::Version::HTTP_2);
        assert_eq!(
            response.into_body().collect().await.unwrap().to_bytes(),
            "here"
        );
    }

    #[tokio::test]
    async fn plain_http_at_the_tls_port_is_shown_the_way_and_a_form_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let running = start(Router::new(), Some(local(folder.path()).0)).await;
        let answer = plain_text(
            running.address,
            "GET /pupils?q=a HTTP/1.1\r\nhost: school.example:8443\r\n\r\n",
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 308"), "{answer}");
        assert!(
            answer.contains("location: https://school.example:8443/pupils?q=a\r\n"),
            "{answer}"
        );
        let answer = plain_text(
            running.address,
            "POST /sign-in HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n",
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        assert!(answer.contains("https://"), "{answer}");
    }

    #[tokio::test]
    async fn a_request_that_is_being_answered_is_finished_when_the_server_stops() {
        let (begun, mut has_begun) = tokio::sync::mpsc::channel(1);
        let (go_on, may_go_on) = tokio::sync::watch::channel(false);
        let slow = get(move || {
            let (begun, mut may_go_on) = (begun.clone(), may_go_on.clone());
            async move {
                begun.send(()).await.unwrap();
                may_go_on.wait_for(|go| *go).await.unwrap();
                "finished"
            }
        });
        let running = start(Router::new().route("/", slow), None).await;
        let address = running.address;
        let asked = tokio::spawn(plain_text(address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n"));
        has_begun.recv().await.unwrap();
        running.stop.send(()).unwrap();
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        go_on.send(true).unwrap();
        assert!(asked.await.unwrap().ends_with("finished"));
        running.ended.await.unwrap().unwrap();
    }
}
