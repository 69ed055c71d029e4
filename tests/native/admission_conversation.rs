//! Who gets into which conversation (D3, X9, X17).

use dormouse::admission::capability::grants;
use dormouse::admission::{
    Claims, HandOff, Keys, Policy, Query, Terms, Upgrade, Verdict, endpoints,
};
use dormouse::close::CloseCode;
use dormouse::kernel::{Flag, Grant};
use dormouse::message::{Code, Kind, ProtocolError, RoomName};
use jwt_compact::alg::{Hs256, Hs256Key};
use serde_json::{Value, json};

use crate::admission::judged;
use crate::support::NOON;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn token(sub: &str, more: &Value) -> String {
    use base64::Engine;
    use jwt_compact::{Algorithm, AlgorithmSignature};
    let mut claims = json!({"sub": sub, "exp": NOON.0 / 1000 + 60});
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let part = |it: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(it);
    let message = format!("{}.{}", part(r#"{"alg":"HS256"}"#), part(&claims.to_string()));
    let signature = Hs256.sign(&Hs256Key::new(SECRET.as_bytes()), message.as_bytes());
    let signature = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(signature.as_bytes());
    format!("{message}.{signature}")
}

fn of(sub: &str) -> String {
    token(sub, &json!({}))
}

fn policy() -> Policy {
    let keys = Keys::new(Some(SECRET), None, None, false);
    Policy { keys, development: false, ..Policy::default() }
}

fn judge(policy: &Policy, query: &[(&str, &str)]) -> Verdict {
    let pairs = query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let upgrade = Upgrade {
        host: "localhost".into(),
        path: "/ws/conversation".into(),
        query: Query::new(pairs),
        ..Upgrade::default()
    };
    judged(policy, &upgrade)
}

fn joined(verdict: Verdict) -> HandOff {
    let Verdict::Join(hand_off) = verdict else { panic!("{verdict:?}") };
    hand_off
}

fn refused(verdict: &Verdict) -> Code {
    let Verdict::Refuse(ProtocolError { code, .. }, close) = verdict else { panic!("{verdict:?}") };
    assert_eq!(*close, CloseCode::Policy);
    *code
}

const FRESH: &str = "conversation_018cc4e5-227b-7000-8000-000000000000";

#[test]
fn d3_q1_any_token_opens_a_conversation_of_its_own() {
    // No context, no capability.
    let ann = joined(judge(&policy(), &[("token", &of("ann"))]));
    assert_eq!(ann.room.as_str(), FRESH);
    let resume = ann.resume.clone().unwrap();
    assert_eq!((resume.conversation.as_str(), resume.token.len()), (FRESH, 43));
    for grant in [Grant::Join, Grant::Send, Grant::History, Grant::Presence] {
        assert!(ann.grants.has(grant));
    }
    assert!(!ann.grants.has(Grant::Publish) && !ann.grants.has(Grant::Admin));
    assert!(ann.flags.has(Flag::Introduced));
    assert_eq!(ann.client, None);
    assert_eq!(HandOff::from_header(&ann.to_header()), Some(ann));
}

#[test]
fn the_clients_of_other_endpoints_do_not_name_themselves_here() {
    let ann = joined(judge(&policy(), &[("token", &of("ann")), ("client_id", "c-1")]));
    assert_eq!(ann.client, None, "who has a name has said `connect`");
}

#[test]
fn x17_q2_a_resume_token_leads_back_and_nothing_else_does() {
    let resume = joined(judge(&policy(), &[("token", &of("ann"))])).resume.unwrap();
    let back = |sub: &str, conversation: &str, resume: Option<&str>| {
        let token = of(sub);
        let mut query = vec![("token", token.as_str()), ("conversationId", conversation)];
        query.extend(resume.map(|it| ("resumeToken", it)));
        judge(&policy(), &query)
    };
    let resumed = joined(back("ann", FRESH, Some(&resume.token)));
    assert_eq!((resumed.room.as_str(), resumed.resume), (FRESH, Some(resume.clone())));
    let denied = Code::PermissionDenied;
    assert_eq!(refused(&back("bob", FRESH, Some(&resume.token))), denied);
    assert_eq!(refused(&back("ann", "conversation_2", Some(&resume.token))), denied);
    assert_eq!(refused(&back("ann", FRESH, None)), denied);
    assert_eq!(refused(&back("ann", FRESH, Some(""))), denied);
    assert_eq!(refused(&back("ann", FRESH, Some("forged"))), denied);
    assert_eq!(refused(&back("ann", "a/b", Some(&resume.token))), Code::InvalidMessageFormat);
    assert_eq!(refused(&back("ann", "", None)), Code::InvalidMessageFormat);
}

#[test]
fn q2_a_resume_token_alone_opens_something_new() {
    let new = joined(judge(&policy(), &[("token", &of("ann")), ("resumeToken", "x")]));
    assert_eq!(new.room.as_str(), FRESH);
}

#[test]
fn a_resume_secret_outlives_the_secret_of_tokens() {
    let keys = |secret: &str, resume: Option<&str>| {
        let mut keys = Keys::new(Some(secret), None, None, false);
        assert!(resume.is_none_or(|it| keys.set_resume_secret(it)));
        Policy { keys, ..policy() }
    };
    let own = Some("a secret for resume tokens, 32 bytes");
    let resume =
        |policy: &Policy| joined(judge(policy, &[("token", &of("ann"))])).resume.unwrap().token;
    assert_eq!(resume(&keys(SECRET, own)), resume(&keys(SECRET, own)));
    assert_ne!(resume(&keys(SECRET, own)), resume(&keys(SECRET, None)));
    assert!(!Keys::new(Some(SECRET), None, None, false).set_resume_secret("short"));
}

#[test]
fn in_development_the_word_test_has_conversations_without_any_secret() {
    let keys = Keys::new(None, None, None, true);
    let policy = Policy { keys, development: true, ..Policy::default() };
    let resume = joined(judge(&policy, &[("token", "test")])).resume.unwrap();
    let back = [
        ("token", "test"),
        ("conversationId", resume.conversation.as_str()),
        ("resumeToken", &resume.token),
    ];
    assert_eq!(joined(judge(&policy, &back)).room, resume.conversation);
}

#[test]
fn the_first_message_may_carry_the_token() {
    assert_eq!(judge(&policy(), &[]), Verdict::Receive { context: None });
    let endpoint = endpoints().find(|it| it.path == "/ws/conversation").unwrap();
    let terms: Terms = Upgrade::default().terms();
    let ann = policy().admit(&endpoint, terms, &of("ann"), None, NOON, || "x".into()).unwrap();
    assert_eq!(ann.room.as_str(), "conversation_x");
}

#[test]
fn r8_a_younger_token_of_the_same_user_renews() {
    let room = RoomName::parse(FRESH).unwrap();
    let renewal = policy().renew(Kind::Conversation, &room, &of("ann"), None, NOON).unwrap();
    assert_eq!(renewal.user.0, "ann");
    assert!(renewal.grants.has(Grant::Send) && !renewal.grants.has(Grant::Publish));
}

#[test]
fn q3_a_context_leads_to_no_conversation_and_a_capability_that_names_it_does() {
    let room = RoomName::parse("conversation_1").unwrap();
    let of = |claims: Value| {
        let claims: Claims = serde_json::from_value(claims).unwrap();
        grants(&claims, Kind::Conversation, &room)
    };
    for contexts in [json!("*"), json!("conversation_1"), json!(["conversation_1"])] {
        let none = of(json!({"sub": "a", "role": "admin", "contexts": contexts}));
        assert_eq!(none, [].into_iter().collect(), "{contexts}");
    }
    for pattern in ["conversation:*", "conversation:conversation_1"] {
        let caps = json!([{"room": pattern, "can": ["history"]}]);
        assert!(of(json!({"sub": "a", "caps": caps})).has(Grant::History), "{pattern}");
    }
    let caps = json!([{"room": "chat:*", "can": ["history"]}]);
    assert!(!of(json!({"sub": "a", "caps": caps})).has(Grant::History));
}
