//! Tokens of an identity provider that publishes its keys under a URL, and changes them.

use crate::support::{Client, Server, Setup};
use api::auth::Keys;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair,
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;

/// An identity provider: what it publishes, and how often it was asked.
struct Provider {
    address: SocketAddr,
    answer: Arc<Mutex<(u16, String)>>,
    asked: Arc<AtomicUsize>,
}

impl Provider {
    async fn start() -> Provider {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (answer, asked) = (Arc::new(Mutex::new((503, String::new()))), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(serve(listener, answer.clone(), asked.clone()));
        Provider { address, answer, asked }
    }

    fn publishes(&self, keys: &[&Value]) {
        self.says(200, json!({ "keys": keys }).to_string());
    }

    fn says(&self, status: u16, body: impl Into<String>) {
        *self.answer.lock().unwrap() = (status, body.into());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// A server that believes it.
    async fn believed(&self) -> Server {
        let url = format!("http://{}/jwks.json", self.address);
        let keys = Keys::published(&url, "cooly", "cooly").unwrap();
        Server::start_as(Setup { keys: Some(keys), ..Setup::default() }).await
    }
}

async fn serve(listener: TcpListener, answer: Arc<Mutex<(u16, String)>>, asked: Arc<AtomicUsize>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => break,
            }
        }
        asked.fetch_add(1, Ordering::SeqCst);
        let (status, body) = answer.lock().unwrap().clone();
        let head =
            format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        let _gone = stream.write_all((head + &body).as_bytes()).await;
    }
}

/// A key that signs, and how it is published.
struct Signer {
    key: EncodingKey,
    algorithm: Algorithm,
    kid: &'static str,
    published: Value,
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

impl Signer {
    fn ed25519(kid: &'static str) -> Signer {
        let pair = Ed25519KeyPair::generate().unwrap();
        let document = pair.to_pkcs8().unwrap();
        Signer {
            key: EncodingKey::from_ed_der(document.as_ref()),
            algorithm: Algorithm::EdDSA,
            kid,
            published: json!({
                "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": kid, "x": base64(pair.public_key().as_ref()),
            }),
        }
    }

    fn p256(kid: &'static str) -> Signer {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let document = pair.to_pkcs8v1().unwrap();
        let point = pair.public_key().as_ref();
        Signer {
            key: EncodingKey::from_ec_der(document.as_ref()),
            algorithm: Algorithm::ES256,
            kid,
            published: json!({
                "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": kid, "x": base64(&point[1..33]), "y": base64(&point[33..]),
            }),
        }
    }

    fn rsa(kid: &'static str) -> Signer {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let pkcs8: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
        // A sequence of two numbers, of which the first has 256 bytes after a zero, and the second is 65537.
        let n = &pair.public_key().as_ref()[9..265];
        Signer {
            // PKCS#8 wraps the RSA key in 26 bytes when the modulus has 2,048 bits.
            key: EncodingKey::from_rsa_der(&pkcs8.as_ref()[26..]),
            algorithm: Algorithm::RS256,
            kid,
            published: json!({ "kty": "RSA", "kid": kid, "n": base64(n), "e": "AQAB" }),
        }
    }

    fn token(&self) -> String {
        self.token_named(Some(self.kid))
    }

    fn token_named(&self, kid: Option<&str>) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = kid.map(str::to_owned);
        jsonwebtoken::encode(&header, &claims(), &self.key).unwrap()
    }
}

fn claims() -> Value {
    let end = chrono::Utc::now().timestamp() + 600;
    json!({ "sub": "alice", "role": "user", "iss": "cooly", "aud": "cooly", "exp": end })
}

fn bearing(server: &Server, token: String) -> Client {
    Client::new(server.address, Some(token))
}

/// Waits until a request with this token is answered so.
async fn until_answered(server: &Server, token: &str, status: u16) {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let reply = bearing(server, token.to_owned()).get("/v1/models").await;
        if reply.status == status {
            return;
        }
        assert!(Instant::now() < end, "never {status}: {reply:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn each_kind_of_key_checks_its_own_tokens() {
    let provider = Provider::start().await;
    let signers = [Signer::ed25519("a"), Signer::p256("b"), Signer::rsa("c")];
    let published: Vec<_> = signers.iter().map(|signer| &signer.published).collect();
    provider.publishes(&published);
    let server = provider.believed().await;
    for signer in &signers {
        bearing(&server, signer.token()).get("/v1/models").await.expect(200);
        // The name of another key, and none where there is a choice.
        let other = if signer.kid == "a" { "b" } else { "a" };
        for kid in [Some(other), None] {
            let reply = bearing(&server, signer.token_named(kid)).get("/v1/models").await;
            reply.refused(401, "unauthenticated");
        }
    }
    server.stranger().get("/health/ready").await.expect(200);
}

#[tokio::test]
async fn keys_change_without_a_restart() {
    let provider = Provider::start().await;
    let (old, new) = (Signer::ed25519("2026-11"), Signer::p256("2026-12"));
    provider.publishes(&[&old.published]);
    let server = provider.believed().await;
    bearing(&server, old.token()).get("/v1/models").await.expect(200);
    // Where there is only one, a token need not name it.
    bearing(&server, old.token_named(None)).get("/v1/models").await.expect(200);
    provider.publishes(&[&new.published]);
    until_answered(&server, &new.token(), 200).await;
    bearing(&server, old.token()).get("/v1/models").await.refused(401, "unauthenticated");
    provider.publishes(&[]);
    // Whoever withdraws all keys waits for the next look, which a token with an unknown key brings on.
    let end = Instant::now() + Duration::from_secs(30);
    while bearing(&server, new.token()).get("/v1/models").await.status != 401 {
        bearing(&server, old.token()).get("/v1/models").await.refused(401, "unauthenticated");
        assert!(Instant::now() < end, "a key that was withdrawn is believed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_take_the_fetch_with_it() {
    let provider = Provider::start().await;
    let (old, new) = (Signer::ed25519("old"), Signer::ed25519("new"));
    provider.publishes(&[&old.published]);
    let server = provider.believed().await;
    until_answered(&server, &old.token(), 200).await;
    provider.publishes(&[&new.published]);
    let end = Instant::now() + Duration::from_secs(30);
    // Nobody ever waits for the answer, and the new key is known all the same.
    let before = provider.asked();
    while provider.asked() == before {
        let token = Signer::ed25519("unknown").token();
        let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let head = format!("GET /v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        drop(stream);
        assert!(Instant::now() < end, "it is never asked again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    until_answered(&server, &new.token(), 200).await;
    assert_eq!(provider.asked(), before + 1, "one fetch was enough");
}

#[tokio::test]
async fn strangers_cannot_make_us_ask() {
    let provider = Provider::start().await;
    let (known, unknown) = (Signer::ed25519("known"), Signer::ed25519("unknown"));
    provider.publishes(&[&known.published]);
    let server = provider.believed().await;
    until_answered(&server, &known.token(), 200).await;
    let (before, begun) = (provider.asked(), Instant::now());
    for _ in 0..100 {
        bearing(&server, unknown.token()).get("/v1/models").await.refused(401, "unauthenticated");
    }
    let most = 1 + begun.elapsed().as_secs() as usize / 5;
    assert!(provider.asked() - before <= most, "asked {} times", provider.asked() - before);
    bearing(&server, known.token()).get("/v1/models").await.expect(200);
}

#[tokio::test]
async fn a_server_waits_for_its_first_keys_and_says_so() {
    let provider = Provider::start().await;
    let signer = Signer::ed25519("a");
    let server = provider.believed().await;
    bearing(&server, signer.token()).get("/v1/models").await.refused(503, "unavailable");
    let health = server.stranger().get("/health/ready").await.refused(503, "unavailable");
    assert!(health.body["detail"].as_str().unwrap().contains("503"), "{}", health.body);
    server.stranger().get("/health/live").await.expect(200);
    // What needs no key of a token is served.
    server.stranger().get("/v1/models").await.refused(401, "unauthenticated");
    provider.publishes(&[&signer.published]);
    until_answered(&server, &signer.token(), 200).await;
    server.stranger().get("/health/ready").await.expect(200);
}

#[tokio::test]
async fn while_the_url_is_away_or_talks_nonsense_the_last_keys_stay() {
    let provider = Provider::start().await;
    let (known, unknown) = (Signer::ed25519("known"), Signer::ed25519("unknown"));
    provider.publishes(&[&known.published]);
    let server = provider.believed().await;
    until_answered(&server, &known.token(), 200).await;
    for (status, body) in [
        (500, String::new()),
        (200, "<html>".into()),
        (200, r#"{"keys":[{"kty":"oct","k":"AA"}]}"#.into()),
        (302, String::new()),
        (200, format!(r#"{{"keys":[],"padding":"{}"}}"#, "x".repeat(300_000))),
    ] {
        provider.says(status, body);
        let before = provider.asked();
        let end = Instant::now() + Duration::from_secs(30);
        // Until it was asked again and did not help.
        while provider.asked() == before {
            let status = bearing(&server, unknown.token()).get("/v1/models").await.status.as_u16();
            // Not known yet that anything is amiss, or it is since.
            assert!([401, 503].contains(&status), "{status}");
            assert!(Instant::now() < end, "it is never asked again");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // It may be among those that could not be fetched.
        bearing(&server, unknown.token()).get("/v1/models").await.refused(503, "unavailable");
        bearing(&server, known.token()).get("/v1/models").await.expect(200);
        let health = server.stranger().get("/health/ready").await.expect(200);
        let warning = health.body["warnings"][0].as_str().unwrap();
        assert!(warning.contains("cannot be fetched anew"), "{warning}");
    }
    provider.publishes(&[&known.published]);
    until_answered(&server, &unknown.token(), 401).await;
}

#[tokio::test]
async fn no_token_chooses_how_it_is_checked() {
    let provider = Provider::start().await;
    let signer = Signer::ed25519("a");
    let symmetric = json!({ "kty": "oct", "kid": "s", "alg": "HS256", "use": "sig", "k": base64(b"a secret that everybody can read") });
    let encrypting = {
        let mut key = Signer::ed25519("e").published;
        key["use"] = "enc".into();
        key
    };
    provider.publishes(&[&signer.published, &symmetric, &encrypting]);
    let server = provider.believed().await;
    until_answered(&server, &signer.token(), 200).await;
    let hs256 = |kid: &str, secret: &[u8]| {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(kid.to_owned());
        jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(secret)).unwrap()
    };
    let public = signer.published["x"].as_str().unwrap();
    let body = signer.token().split('.').nth(1).unwrap().to_owned();
    let none = base64(br#"{"alg":"none","typ":"JWT","kid":"a"}"#);
    for token in [
        // With the public key as if it were a shared secret.
        hs256("a", public.as_bytes()),
        hs256("s", b"a secret that everybody can read"),
        format!("{none}.{body}."),
        Signer::ed25519("a").token(),
        Signer::p256("a").token(),
    ] {
        bearing(&server, token).get("/v1/models").await.refused(401, "unauthenticated");
    }
}

#[tokio::test]
async fn api_keys_need_no_provider() {
    let provider = Provider::start().await;
    let signer = Signer::ed25519("a");
    provider.publishes(&[&signer.published]);
    let server = provider.believed().await;
    until_answered(&server, &signer.token(), 200).await;
    let made = bearing(&server, signer.token()).post("/v1/keys", json!({ "name": "mine" })).await.expect(201);
    server.with_key(made.body["secret"].as_str().unwrap()).get("/v1/models").await.expect(200);
}
