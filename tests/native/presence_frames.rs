//! One of everything that is told of who is here to those who keep a list of it.

use dormouse::kernel::Event;
use dormouse::message::{Change, Json, Member, Mode, Occupancy, Presence, Reply, Roster, Seen};

use crate::support::member;

pub(crate) fn seen(member: Member, connections: u64, data: Option<&str>) -> Seen {
    let data = data.map(|it| Json::parse(it).unwrap());
    Seen { member, connections, data }
}

/// Each with its title, and the request that it answers.
pub(crate) fn said() -> Vec<(&'static str, Option<&'static str>, Event)> {
    let data = Some(r#"{"status":"busy","since":[1.5,-2]}"#);
    let one = |change, connections, data| {
        let seen = seen(member("ann"), connections, data);
        Event::Seen(Box::new(Presence::One(change, seen)))
    };
    let many = |mode| Occupancy { connections: 812, users: 640, mode };
    let nameless = Member { name: "bob".into(), ..member("bob") };
    let members = || vec![seen(member("ann"), 2, data), seen(nameless.clone(), 1, None)];
    let all = || Roster { occupancy: many(Mode::Members), members: members(), cursor: None };
    let page = Roster { occupancy: many(Mode::Occupancy), cursor: Some("bob".into()), ..all() };
    let answer = |it| Event::Reply(Reply::Members(Box::new(it)));
    vec![
        ("somebody came", None, one(Change::Join, 1, None)),
        ("somebody says something of themselves", None, one(Change::Update, 2, data)),
        ("somebody left", None, one(Change::Leave, 0, data)),
        ("so many are here", None, Event::Seen(Box::new(Presence::Many(many(Mode::Occupancy))))),
        ("who is here, anew", None, Event::Seen(Box::new(Presence::All(all())))),
        ("members", Some("w1"), answer(all())),
        ("a page of members", Some("w2"), answer(page)),
    ]
}
