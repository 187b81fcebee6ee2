//! Every call of the server with every kind of credential that must not open it. The routes are
//! listed here by hand: a new one fails the test until somebody has said who may call it.

use std::collections::BTreeMap;

use serde_json::json;
use vitrine::domain::time::Timestamp;
use vitrine::engine::KeyWish;
use vitrine::settings::access::Scope;

use super::client::{Client, Reply, event};
use super::operations::calls;

/// What a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    /// Nothing.
    Nothing,
    /// Any key that is valid.
    AnyKey,
    /// A key with this scope.
    Key(Scope),
    /// A key that may change products or rules.
    Either,
    /// A key with the admin scope, or a token signed for the shopper in the path.
    Shopper,
}

impl Needs {
    /// As the description of the calls has it.
    fn described(self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::AnyKey => Some("any".to_owned()),
            Self::Key(scope) => Some(format!("{scope:?}").to_lowercase()),
            Self::Either => Some("catalog or merchandise".to_owned()),
            Self::Shopper => Some("admin, or a token signed for the shopper".to_owned()),
        }
    }

    fn scope(self) -> Option<Scope> {
        match self {
            Self::Nothing | Self::AnyKey => None,
            Self::Key(scope) => Some(scope),
            Self::Either => Some(Scope::Catalog),
            Self::Shopper => Some(Scope::Admin),
        }
    }

    fn opens_to(self, scope: Scope) -> bool {
        let either = self == Self::Either && scope == Scope::Merchandise;
        either || scope == Scope::Admin || self.scope() == Some(scope)
    }
}

const CATALOG: Needs = Needs::Key(Scope::Catalog);
const MERCHANDISE: Needs = Needs::Key(Scope::Merchandise);
const SEARCH: Needs = Needs::Key(Scope::Search);
const ADMIN: Needs = Needs::Key(Scope::Admin);

/// Every call and what it needs, besides the description's own word on it.
const ROUTES: &[(&str, &str, Needs)] = &[
    ("get", "/", Needs::Nothing),
    ("get", "/admin", Needs::Nothing),
    ("get", "/assets/{file}", Needs::Nothing),
    ("get", "/healthz", Needs::Nothing),
    ("get", "/openapi.json", Needs::Nothing),
    ("get", "/readyz", Needs::Nothing),
    ("get", "/metrics", ADMIN),
    ("get", "/v1/audit", ADMIN),
    ("post", "/v1/backup", ADMIN),
    ("post", "/v1/events", Needs::Key(Scope::Events)),
    ("get", "/v1/indexes", CATALOG),
    ("get", "/v1/indexes/{index}", CATALOG),
    ("put", "/v1/indexes/{index}", CATALOG),
    ("delete", "/v1/indexes/{index}", CATALOG),
    ("get", "/v1/indexes/{index}/boosts", MERCHANDISE),
    ("put", "/v1/indexes/{index}/boosts", MERCHANDISE),
    ("post", "/v1/indexes/{index}/boosts/effect", MERCHANDISE),
    ("post", "/v1/indexes/{index}/products", CATALOG),
    ("patch", "/v1/indexes/{index}/products", CATALOG),
    ("get", "/v1/indexes/{index}/products/{id}", CATALOG),
    ("delete", "/v1/indexes/{index}/products/{id}", CATALOG),
    ("get", "/v1/indexes/{index}/queries", MERCHANDISE),
    ("get", "/v1/indexes/{index}/rules", MERCHANDISE),
    ("get", "/v1/indexes/{index}/rules/conflicts", MERCHANDISE),
    ("post", "/v1/indexes/{index}/rules/preview", MERCHANDISE),
    ("post", "/v1/indexes/{index}/rules/preview/queries", MERCHANDISE),
    ("get", "/v1/indexes/{index}/rules/{id}", MERCHANDISE),
    ("put", "/v1/indexes/{index}/rules/{id}", MERCHANDISE),
    ("delete", "/v1/indexes/{index}/rules/{id}", MERCHANDISE),
    ("post", "/v1/indexes/{index}/search", SEARCH),
    ("post", "/v1/indexes/{index}/search/compare", MERCHANDISE),
    ("get", "/v1/indexes/{index}/settings", CATALOG),
    ("put", "/v1/indexes/{index}/settings", CATALOG),
    ("get", "/v1/indexes/{index}/settings/versions", Needs::Either),
    ("get", "/v1/indexes/{index}/settings/versions/{number}", Needs::Either),
    ("post", "/v1/indexes/{index}/settings/versions/{number}/restore", Needs::Either),
    ("get", "/v1/indexes/{index}/suggest", SEARCH),
    ("get", "/v1/indexes/{index}/suggestions", MERCHANDISE),
    ("put", "/v1/indexes/{index}/suggestions", MERCHANDISE),
    ("get", "/v1/keys", ADMIN),
    ("post", "/v1/keys", ADMIN),
    ("get", "/v1/keys/own", Needs::AnyKey),
    ("delete", "/v1/keys/{id}", ADMIN),
    ("post", "/v1/keys/{id}/rotate", ADMIN),
    ("get", "/v1/shoppers/{id}", Needs::Shopper),
    ("delete", "/v1/shoppers/{id}", Needs::Shopper),
    ("get", "/v1/shoppers/{id}/events", Needs::Shopper),
    ("delete", "/v1/shoppers/{id}/events/{number}", Needs::Shopper),
    ("put", "/v1/shoppers/{id}/preferences", Needs::Shopper),
    ("post", "/v1/shoppers/{id}/token", ADMIN),
];

/// All scopes.
const SCOPES: [Scope; 5] =
    [Scope::Search, Scope::Events, Scope::Catalog, Scope::Merchandise, Scope::Admin];

#[test]
fn every_route_is_listed_with_what_it_needs() {
    let listed: BTreeMap<(&str, &str), Option<String>> =
        ROUTES.iter().map(|(method, path, needs)| ((*method, *path), needs.described())).collect();
    assert_eq!(listed.len(), ROUTES.len(), "no call is listed twice");
    let calls = calls();
    let described: BTreeMap<(&str, &str), Option<String>> = calls
        .iter()
        .map(|(method, path, scope)| ((method.as_str(), path.as_str()), scope.clone()))
        .collect();
    assert_eq!(listed, described);
}

/// Names that exist, so that nothing but the credential can be what is wrong.
fn filled(path: &str, names: (&str, &str)) -> String {
    let (index, number) = names;
    let id = match path {
        path if path.contains("/products/") => "shoe-1",
        path if path.contains("/shoppers/") => "anna",
        path if path.contains("/rules/") => "spring",
        _ => "x",
    };
    let path = path.replace("{index}", index).replace("{id}", id);
    path.replace("{number}", number).replace("{file}", "storefront.js")
}

/// Something that a caller shows, and what is answered.
struct Credential {
    name: String,
    headers: Vec<(&'static str, String)>,
    status: u16,
    code: &'static str,
}

impl Credential {
    fn new(name: &str, bearer: &str, (status, code): (u16, &'static str)) -> Self {
        let headers = vec![("authorization", format!("Bearer {bearer}"))];
        Self { name: name.to_owned(), headers, status, code }
    }

    fn with_token(mut self, token: &str) -> Self {
        self.headers.push(("x-shopper-token", token.to_owned()));
        self
    }
}

/// Keys and tokens of one server, made once.
struct Ring {
    admin: Client,
    revoked: String,
    expired: BTreeMap<Scope, String>,
    rotated: BTreeMap<Scope, String>,
    live: BTreeMap<Scope, String>,
    elsewhere: BTreeMap<Scope, String>,
    tokens: Tokens,
}

struct Tokens {
    anna: String,
    bert: String,
    ended: String,
    forged: String,
}

impl Ring {
    fn new() -> Self {
        let admin = Client::guarded();
        let by_scope = |make: &dyn Fn(Scope) -> String| -> BTreeMap<Scope, String> {
            SCOPES.into_iter().map(|scope| (scope, make(scope))).collect()
        };
        let revoked = admin.make_key(&SCOPES, &[]);
        let id = revoked.split_once('.').unwrap().0;
        admin.engine.delete_key(id).unwrap();
        Self {
            expired: by_scope(&|scope| {
                let expires_at = Some(Timestamp::parse("2020-01-01").unwrap());
                let wish = KeyWish { scopes: vec![scope], expires_at, ..KeyWish::default() };
                admin.engine.create_key(wish, Timestamp::from_ms(0)).unwrap().key
            }),
            rotated: by_scope(&|scope| {
                let old = admin.make_key(&[scope], &[]);
                let id = old.split_once('.').unwrap().0;
                admin.engine.rotate_key(id, 1, Timestamp::from_ms(0)).unwrap();
                old
            }),
            live: by_scope(&|scope| admin.make_key(&[scope], &[])),
            elsewhere: by_scope(&|scope| admin.make_key(&[scope], &["elsewhere"])),
            tokens: Tokens::new(&admin),
            revoked,
            admin,
        }
    }

    /// What must not open a call.
    fn wrong_for(&self, needs: Needs) -> Vec<Credential> {
        let scope = needs.scope().unwrap_or(Scope::Search);
        let live = &self.live[&scope];
        let (id, secret) = live.split_once('.').unwrap();
        let cut = &live[..live.len() - 1];
        let other = self.revoked.split_once('.').unwrap().1;
        let unknown = (401, "unknown_key");
        let invalid = (401, "invalid_shopper_token");
        let mut wrong = vec![
            Credential { headers: vec![], ..Credential::new("no key", "", (401, "missing_key")) },
            Credential::new("unknown key", "AAAAAAAAAAAA.BBBBBBBBBBBB", unknown),
            Credential::new("no secret", &format!("{id}."), unknown),
            Credential::new("another key's secret", &format!("{id}.{other}"), unknown),
            Credential::new("the secret alone", secret, unknown),
            Credential::new("cut secret", cut, unknown),
            Credential::new("longer secret", &format!("{live}A"), unknown),
            Credential::new("revoked key", &self.revoked, unknown),
            Credential::new("secret before a rotation", &self.rotated[&scope], unknown),
            Credential::new("expired key", &self.expired[&scope], (401, "expired_key")),
            Credential::new("another shopper's token", &self.tokens.bert, invalid),
            Credential::new("ended token", &self.tokens.ended, invalid),
            Credential::new("forged token", &self.tokens.forged, invalid),
        ];
        let basic = vec![("authorization", format!("Basic {live}"))];
        let scheme = Credential::new("another scheme", "", (401, "invalid_authorization"));
        wrong.push(Credential { headers: basic, ..scheme });
        if needs != Needs::Shopper {
            wrong.push(Credential::new("a shopper's own token", &self.tokens.anna, invalid));
        }
        if needs.scope().is_some() {
            wrong.extend(self.closed_for(needs));
        }
        wrong
    }

    /// Valid keys that open something else.
    fn closed_for(&self, needs: Needs) -> Vec<Credential> {
        let forbidden = (403, "forbidden");
        let scope = needs.scope().unwrap_or(Scope::Search);
        let others = self.live.iter().filter(|(other, _)| !needs.opens_to(**other));
        let mut closed: Vec<Credential> = others
            .map(|(other, key)| Credential::new(&format!("{other:?} key"), key, forbidden))
            .collect();
        closed.push(Credential::new("key elsewhere", &self.elsewhere[&scope], forbidden));
        closed.push(Credential::new("admin elsewhere", &self.elsewhere[&Scope::Admin], forbidden));
        if needs == Needs::Shopper {
            let search = &self.live[&Scope::Search];
            for token in [&self.tokens.bert, &self.tokens.ended, &self.tokens.forged] {
                let name = format!("search key with {token}");
                closed.push(Credential::new(&name, search, forbidden).with_token(token));
            }
        }
        closed
    }

    fn send(&self, method: &str, path: &str, credential: &Credential) -> Reply {
        let headers = credential.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let headers: Vec<(&str, &str)> = headers.collect();
        let body = if path == "/v1/events" {
            event("view", "anna", "shoe-1").to_string()
        } else {
            String::new()
        };
        self.admin.with_key(None).send(&method.to_uppercase(), path, &headers, body)
    }
}

impl Tokens {
    fn new(admin: &Client) -> Self {
        let sign = |shopper: &str, wish| {
            let signed = admin.post(&format!("/v1/shoppers/{shopper}/token"), &wish).ok();
            signed["token"].as_str().unwrap().to_owned()
        };
        let (anna, bert) = (sign("anna", json!({})), sign("bert", json!({})));
        let ended = super::client::token_of("anna", Timestamp::parse("2020-01-01").unwrap());
        // Bert's token, said to be Anna's.
        let forged = bert.replacen("YmVydA", "YW5uYQ", 1);
        assert_ne!(forged, bert);
        Self { anna, bert, ended, forged }
    }
}

#[test]
fn no_call_opens_to_a_wrong_credential() {
    let ring = Ring::new();
    ring.admin.post("/v1/events", &event("purchase", "anna", "shoe-1")).ok();
    let before = state_of(&ring.admin);
    let mut refused = 0;
    for (method, path, needs) in ROUTES.iter().filter(|(_, _, needs)| *needs != Needs::Nothing) {
        let named = filled(path, ("shop", "1"));
        for wrong in ring.wrong_for(*needs) {
            let reply = ring.send(method, &named, &wrong);
            let case = format!("{method} {path} with {}: {}", wrong.name, reply.text);
            assert_eq!((reply.status, reply.code().as_str()), (wrong.status, wrong.code), "{case}");
            assert!(!reply.json()["error"]["hint"].as_str().unwrap().is_empty(), "{case}");
            assert_eq!(reply.json().as_object().unwrap().len(), 1, "nothing beside: {case}");
            assert_eq!(reply.header("www-authenticate").is_empty(), wrong.status != 401, "{case}");
            assert_eq!(reply.header("cache-control"), "no-store", "{case}");
            refused += 1;
        }
    }
    assert!(refused >= 700, "{refused} refusals");
    assert_eq!(state_of(&ring.admin), before, "nothing was changed by any of them");
}

/// What calls could have changed.
fn state_of(admin: &Client) -> Vec<String> {
    let paths = [
        "/v1/indexes",
        "/v1/indexes/shop/settings",
        "/v1/indexes/shop/products/shoe-1",
        "/v1/keys",
        "/v1/shoppers/anna/events",
    ];
    paths.iter().map(|path| admin.get(path).ok().to_string()).collect()
}

#[test]
fn every_call_opens_to_what_it_needs_and_to_an_admin() {
    let ring = Ring::new();
    for (method, path, needs) in ROUTES {
        // Of an index that is not there: only the credential is tried.
        let named = filled(path, ("x", "1"));
        let mut right = vec![Credential::new("admin", &ring.live[&Scope::Admin], (0, ""))];
        right.extend(
            needs.scope().map(|scope| Credential::new("scope", &ring.live[&scope], (0, ""))),
        );
        match needs {
            Needs::Nothing => {
                let none = Credential::new("nothing", "", (0, ""));
                right.push(Credential { headers: vec![], ..none });
            }
            Needs::AnyKey => {
                right.extend(ring.live.values().map(|key| Credential::new("any", key, (0, ""))));
                right.push(Credential::new("elsewhere", &ring.elsewhere[&Scope::Search], (0, "")));
            }
            Needs::Shopper => {
                right.push(Credential::new("own token", &ring.tokens.anna, (0, "")));
                let search = Credential::new("both", &ring.live[&Scope::Search], (0, ""));
                right.push(search.with_token(&ring.tokens.anna));
            }
            Needs::Either => {
                let key = &ring.live[&Scope::Merchandise];
                right.push(Credential::new("the other scope", key, (0, "")));
            }
            Needs::Key(_) => {}
        }
        for credential in right {
            let reply = ring.send(method, &named, &credential);
            let case = format!("{method} {path} with {}: {}", credential.name, reply.text);
            assert!(![401, 403].contains(&reply.status), "{case}");
        }
    }
}

#[test]
fn a_key_of_one_index_opens_that_one_alone() {
    let admin = Client::guarded();
    admin.put("/v1/indexes/other", &json!({})).ok();
    for scope in [Scope::Catalog, Scope::Merchandise, Scope::Search, Scope::Admin] {
        let limited = admin.scoped(&[scope], &["shop"]);
        for (method, path, needs) in ROUTES.iter().filter(|(_, path, _)| path.contains("{index}")) {
            if !needs.opens_to(scope) || *method == "delete" {
                continue;
            }
            let call = |index| {
                let path = filled(path, (index, "1"));
                limited.send(&method.to_uppercase(), &path, &[], "").status
            };
            assert!(![401, 403].contains(&call("shop")), "{method} {path}");
            assert_eq!(call("other"), 403, "{method} {path}");
        }
    }
}
