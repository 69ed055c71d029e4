//! Who gets into which conversation (D3, X9, X17).

use std::rc::Rc;

use dormouse::admission::capability::grants;
use dormouse::admission::{
    Claims, Endpoint, HandOff, Keys, Policy, Query, Terms, Upgrade, Verdict, endpoints,
};
use dormouse::close::CloseCode;
use dormouse::feature::conversations::ResumeToken;
use dormouse::feature::{self, Configured, is_development};
use dormouse::kernel::{Flag, Grant};
use dormouse::message::{Code, Kind, ProtocolError, RoomName};
use dormouse::protocol::Access;
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
    policy_of(&[("JWT_SECRET", SECRET)])
}

/// As these variables have it.
fn policy_of(variables: &[(&str, &str)]) -> Policy {
    let variable = |name: &str| {
        variables.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
    };
    let development = is_development(&variable);
    let keys = Keys::new(variable("JWT_SECRET").as_deref(), None, None, development);
    let features = Rc::new(feature::Config::read(&variable, &mut Vec::new()));
    Policy { keys, features, development, ..Policy::default() }
}

/// What leads back, of what is handed over.
fn resume(hand_off: &HandOff) -> ResumeToken {
    hand_off.own.conversations.resume.clone().unwrap()
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
    let resume = resume(&ann);
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
    let resumed = |verdict| resume(&joined(verdict));
    let resume = resumed(judge(&policy(), &[("token", &of("ann"))]));
    let back = |sub: &str, conversation: &str, resume: Option<&str>| {
        let token = of(sub);
        let mut query = vec![("token", token.as_str()), ("conversationId", conversation)];
        query.extend(resume.map(|it| ("resumeToken", it)));
        judge(&policy(), &query)
    };
    let again = || back("ann", FRESH, Some(&resume.token));
    assert_eq!((joined(again()).room.as_str(), resumed(again())), (FRESH, resume.clone()));
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
    let own = ("RESUME_SECRET", "a secret for resume tokens, 32 bytes");
    let features = |variables: &[(&str, &str)]| policy_of(variables).features;
    let resume = |features| {
        resume(&joined(judge(&Policy { features, ..policy() }, &[("token", &of("ann"))]))).token
    };
    let (old, new) =
        (("JWT_SECRET", SECRET), ("JWT_SECRET", "another secret, of 32 bytes or more"));
    assert_eq!(resume(features(&[old, own])), resume(features(&[new, own])));
    assert_ne!(resume(features(&[old, own])), resume(features(&[old])));
    assert_ne!(resume(features(&[old])), resume(features(&[new])));
}

#[test]
fn a_short_resume_secret_is_not_used_and_the_log_says_so() {
    let short = |name: &str| match name {
        "JWT_SECRET" => Some(SECRET.to_owned()),
        "RESUME_SECRET" => Some("short".to_owned()),
        _ => None,
    };
    let mut faults = Vec::new();
    let features = Rc::new(feature::Config::read(&short, &mut faults));
    let [fault] = faults.as_slice() else { panic!("{faults:?}") };
    assert!(fault.contains("RESUME_SECRET has less than 32 bytes") && !fault.contains("short"));
    let token = |policy| resume(&joined(judge(&policy, &[("token", &of("ann"))]))).token;
    assert_eq!(token(Policy { features, ..policy() }), token(policy()));
}

#[test]
fn x17_a_capability_for_the_conversation_of_another_comes_with_no_resume_token() {
    let conversation = endpoints().find(|it| it.path == "/ws/conversation").unwrap();
    let endpoint = Endpoint { access: Access::Token, ..conversation };
    let caps = json!({"caps": [{"room": "conversation:*", "can": ["join", "history"]}]});
    let (token, room) = (token("bob", &caps), RoomName::parse("conversation_1").ok());
    let bob =
        policy().admit(&endpoint, &Upgrade::default().terms(&endpoint), &token, room, NOON, || {
            "x".into()
        });
    let bob = bob.unwrap();
    assert_eq!((bob.room.as_str(), bob.own), ("conversation_1", Box::default()));
}

#[test]
fn in_development_the_word_test_has_conversations_without_any_secret() {
    let policy = policy_of(&[("ENVIRONMENT", "development")]);
    let resume = resume(&joined(judge(&policy, &[("token", "test")])));
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
    let terms: Terms = Upgrade::default().terms(&endpoint);
    let ann = policy().admit(&endpoint, &terms, &of("ann"), None, NOON, || "x".into()).unwrap();
    assert_eq!(ann.room.as_str(), "conversation_x");
    // What its URL asks for is kept until then, and nothing else of it.
    let resume = resume(&ann);
    let asked = [("conversationId", "conversation_x"), ("resumeToken", &resume.token), ("x", "y")];
    let asked = asked.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let upgrade = Upgrade { query: Query::new(asked.into()), ..Upgrade::default() };
    assert_eq!(upgrade.terms(&endpoint).parameters.get("x"), None);
    let back =
        policy().admit(&endpoint, &upgrade.terms(&endpoint), &of("ann"), None, NOON, || "y".into());
    assert_eq!(back.unwrap().own, ann.own);
}

#[test]
fn r8_a_younger_token_of_the_same_user_renews() {
    let room = RoomName::parse(FRESH).unwrap();
    let renewal = policy().renew(Kind::Conversation, &room, &of("ann"), None, NOON).unwrap();
    assert_eq!(renewal.user.0, "ann");
    assert!(renewal.allowed.grants.has(Grant::Send) && !renewal.allowed.grants.has(Grant::Publish));
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
