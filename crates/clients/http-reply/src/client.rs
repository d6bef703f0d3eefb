//! The HTTP client of tests and services: a proxy of the environment, where there is one, but never for this machine.
//!
//! Company networks set `HTTP_PROXY` for everything. A stack on the loopback address is not behind that proxy, and a call
//! that is sent there anyway comes back as if nobody listened.

use std::{env, time::Duration};

use reqwest::{Client, ClientBuilder, NoProxy, Proxy};

/// Hosts that are this machine, in the terms of `NO_PROXY`.
const THIS_MACHINE: &str = "localhost,127.0.0.0/8,::1";

/// Environment variables that name a proxy, the more special ones first, each in both spellings that are in use.
const PROXY_VARIABLES: [(&str, Scheme); 6] = [
    ("https_proxy", Scheme::Https),
    ("HTTPS_PROXY", Scheme::Https),
    ("http_proxy", Scheme::Http),
    ("HTTP_PROXY", Scheme::Http),
    ("all_proxy", Scheme::Any),
    ("ALL_PROXY", Scheme::Any),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
    Any,
}

impl Scheme {
    fn covers(self, url: &reqwest::Url) -> bool {
        match self {
            Self::Http => url.scheme() == "http",
            Self::Https => url.scheme() == "https",
            Self::Any => true,
        }
    }
}

/// A client that goes past every proxy for calls to this machine.
///
/// # Errors
/// When the TLS library or the resolver of the machine cannot be set up.
pub fn client(builder: ClientBuilder) -> reqwest::Result<Client> {
    build(with_proxies(builder, |name| env::var(name).ok()))
}

/// How long a connection between services stays open without a call. Short: the stack's supervisor takes an open one
/// for somebody's use.
const NEIGHBOUR_IDLE: Duration = Duration::from_secs(5);

/// A client for a service's calls to its neighbours, which bypass every proxy of the environment.
///
/// # Errors
/// As [`client`].
pub fn neighbour_client() -> reqwest::Result<Client> {
    build(Client::builder().no_proxy().pool_idle_timeout(NEIGHBOUR_IDLE))
}

/// Builds a client whose `https://` calls use the cryptography that Temporal's client brings, so that no second one is
/// compiled.
#[expect(clippy::disallowed_methods, reason = "this is the one place that builds clients")]
fn build(builder: ClientBuilder) -> reqwest::Result<Client> {
    // An error says that one was chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    builder.build()
}

fn with_proxies(builder: ClientBuilder, variable: impl Fn(&str) -> Option<String>) -> ClientBuilder {
    // Ours instead of the library's own, which sends calls to this machine to the proxy as well.
    let mut builder = builder.no_proxy();
    let left_out = ["no_proxy", "NO_PROXY"].into_iter().find_map(&variable).unwrap_or_default();
    for (name, scheme) in PROXY_VARIABLES {
        let Some(url) = variable(name).filter(|url| !url.is_empty()) else { continue };
        let proxy = match scheme {
            Scheme::Http => Proxy::http(url),
            Scheme::Https => Proxy::https(url),
            Scheme::Any => Proxy::all(url),
        };
        // A value that cannot be parsed names no proxy; every other client of the machine ignores it as well.
        if let Ok(proxy) = proxy {
            builder = builder.proxy(proxy.no_proxy(NoProxy::from_string(&format!("{left_out},{THIS_MACHINE}"))));
        }
    }
    builder
}

/// The variable that names the proxy through which a call to `url` goes; `None` when it goes there directly.
pub fn proxy_variable(url: &str) -> Option<&'static str> {
    variable_for(url, |name| env::var(name).ok())
}

fn variable_for(url: &str, variable: impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    let url = reqwest::Url::parse(url).ok()?;
    let host = url.host_str()?.trim_matches(['[', ']']);
    let is_this_machine = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if is_this_machine {
        return None;
    }
    let is_set = |name: &&str| variable(name).is_some_and(|value| !value.is_empty());
    PROXY_VARIABLES.into_iter().filter(|(_, scheme)| scheme.covers(&url)).map(|(name, _)| name).find(is_set)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread,
    };

    use super::*;

    /// Answers one call with `word`, and gives back its own address.
    fn server(word: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        thread::spawn(move || {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let mut request = [0; 4096];
            let answer =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{word}", word.len());
            // A caller that is gone needs no answer.
            stream.read(&mut request).and_then(|_| stream.write_all(answer.as_bytes())).ok();
        });
        address
    }

    async fn answer(environment: &[(&str, String)], url: &str) -> String {
        let variable =
            |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        let client = build(with_proxies(Client::builder(), variable)).expect("a client");
        client.get(url).send().await.expect("an answer").text().await.expect("a text")
    }

    #[tokio::test]
    async fn local_calls_bypass_the_proxy() {
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            // Nobody listens at the proxy: port 9 is for what is to be discarded.
            let proxy = [(name, "http://127.0.0.1:9".to_owned())];
            assert_eq!(answer(&proxy, &format!("http://{}", server("service"))).await, "service", "{name}");
        }
        let unreadable = [("HTTP_PROXY", "http://[".to_owned())];
        assert_eq!(answer(&unreadable, &format!("http://{}", server("service"))).await, "service");
    }

    #[tokio::test]
    async fn other_machines_are_called_through_the_proxy() {
        let through = |name: &'static str| [(name, format!("http://{}", server("proxy")))];
        assert_eq!(answer(&through("HTTP_PROXY"), "http://stack.example/health").await, "proxy");
        assert_eq!(answer(&through("ALL_PROXY"), "http://stack.example/health").await, "proxy");
    }

    #[tokio::test]
    async fn https_calls_speak_tls() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("https://{}", listener.local_addr().expect("it is bound"));
        let first_byte = thread::spawn(move || {
            let mut first = [0];
            listener.accept().and_then(|(mut stream, _)| stream.read_exact(&mut first)).map(|()| first[0])
        });
        let client = client(Client::builder()).expect("a client");
        client.get(url).send().await.expect_err("the server hangs up");
        let handshake = 22;
        assert_eq!(first_byte.join().expect("no panic").expect("a byte"), handshake);
    }

    #[test]
    fn proxy_variable_is_named_for_remote_urls_only() {
        let set =
            |names: &'static [&'static str]| move |name: &str| names.contains(&name).then(|| "http://p:1".to_owned());
        let url = "http://stack.example:18000/health";
        assert_eq!(variable_for(url, set(&["HTTP_PROXY", "ALL_PROXY"])), Some("HTTP_PROXY"));
        assert_eq!(variable_for(url, set(&["ALL_PROXY"])), Some("ALL_PROXY"));
        assert_eq!(variable_for(url, set(&["HTTPS_PROXY"])), None);
        for here in ["http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/", "http://127.3.2.1/"] {
            assert_eq!(variable_for(here, set(&["HTTP_PROXY", "ALL_PROXY"])), None, "{here}");
        }
    }
}
