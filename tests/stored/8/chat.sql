CREATE TABLE annotated (
        target INTEGER PRIMARY KEY,
        change INTEGER,
        at INTEGER,
        user TEXT,
        deleted INTEGER NOT NULL DEFAULT 0,
        replies INTEGER NOT NULL DEFAULT 0
    ) STRICT;
CREATE TABLE ban (
        user TEXT PRIMARY KEY,
        until INTEGER,
        reason TEXT,
        author TEXT NOT NULL,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
CREATE TABLE chunk (
        transfer INTEGER NOT NULL,
        number INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        digest TEXT NOT NULL,
        text TEXT NOT NULL,
        UNIQUE (transfer, number)
    ) STRICT;
CREATE TABLE departure (
        user TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        until INTEGER NOT NULL
    , data TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE document (
        name TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        empty_since INTEGER
    ) STRICT, WITHOUT ROWID;
CREATE TABLE document_edit (
        document TEXT NOT NULL,
        first INTEGER NOT NULL,
        author TEXT NOT NULL,
        ref TEXT,
        undoes INTEGER,
        operations TEXT NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (document, first)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE document_snapshot (
        document TEXT NOT NULL,
        version INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (document, version)
    ) STRICT;
CREATE TABLE entry (
        offset INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        author TEXT NOT NULL,
        name TEXT NOT NULL,
        ref TEXT,
        data TEXT NOT NULL
    , user TEXT, target INTEGER) STRICT;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE metric (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL,
        at INTEGER NOT NULL,
        own INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
CREATE TABLE question (
        offset INTEGER PRIMARY KEY,
        data TEXT NOT NULL,
        content TEXT NOT NULL
    ) STRICT;
CREATE TABLE reaction (
        target INTEGER NOT NULL,
        key TEXT NOT NULL,
        user TEXT NOT NULL,
        offset INTEGER NOT NULL,
        PRIMARY KEY (target, key, user)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE reaction_total (
        target INTEGER NOT NULL,
        key TEXT NOT NULL,
        count INTEGER NOT NULL,
        users TEXT NOT NULL,
        PRIMARY KEY (target, key)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE reader (
        user TEXT PRIMARY KEY,
        offset INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
CREATE TABLE recent (
        author TEXT NOT NULL,
        ref TEXT NOT NULL,
        offset INTEGER NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (author, ref)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE response (
        message INTEGER PRIMARY KEY,
        offset INTEGER NOT NULL,
        at INTEGER NOT NULL
    ) STRICT;
CREATE TABLE share (
        user TEXT PRIMARY KEY,
        data TEXT NOT NULL,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
CREATE TABLE state (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL,
        offset INTEGER NOT NULL
    , owner TEXT, protected INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE transfer (
        id INTEGER PRIMARY KEY,
        data TEXT NOT NULL,
        owner TEXT NOT NULL,
        total INTEGER NOT NULL,
        first INTEGER NOT NULL,
        there TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        at INTEGER NOT NULL,
        session TEXT NOT NULL,
        state INTEGER NOT NULL
    ) STRICT;
CREATE TABLE webhook_batch (
        first INTEGER PRIMARY KEY,
        state TEXT NOT NULL
    ) STRICT;
CREATE TABLE webhook_event (
        number INTEGER PRIMARY KEY,
        batch INTEGER NOT NULL,
        data TEXT NOT NULL
    ) STRICT;
CREATE TABLE webhook_member (
        user TEXT PRIMARY KEY,
        name TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
CREATE INDEX entry_target ON entry (target) WHERE target IS NOT NULL;
CREATE INDEX recent_offset ON recent (offset);
INSERT INTO departure (user, name, until, data) VALUES ('eve', 'EVE', 1704110410132, '{"status":"中"}');
INSERT INTO entry (offset, at, id, kind, author, name, ref, data, user, target) VALUES (3, 1704110400126, '018cc4e5-227e-7000-818c-c4e5227e0000', 'message', 'ann', 'ANN', 'm2', '{"content":"three","messageType":"markdown"}', NULL, NULL);
INSERT INTO entry (offset, at, id, kind, author, name, ref, data, user, target) VALUES (4, 1704110400127, '018cc4e5-227f-7000-818c-c4e5227f0000', 'message', 'ann', 'ANN', 'm3', '{"content":"four","messageType":"markdown"}', NULL, NULL);
INSERT INTO entry (offset, at, id, kind, author, name, ref, data, user, target) VALUES (5, 1704110400128, '018cc4e5-2280-7000-818c-c4e522800000', 'message', 'ann', 'ANN', 'm4', '{"content":"中😀","messageType":"markdown"}', NULL, NULL);
INSERT INTO entry (offset, at, id, kind, author, name, ref, data, user, target) VALUES (6, 1704110405129, '018cc4e5-3609-7000-818c-c4e536090000', 'message', 'backend', 'BACKEND', 'h1', '{"content":"x","messageType":"text"}', NULL, NULL);
INSERT INTO meta (key, value) VALUES ('broadcasts', '{"o":0,"c":0,"p":{"o":1704110400124,"c":7},"t":{"o":1704110405130,"c":1}}');
INSERT INTO meta (key, value) VALUES ('epoch', 'e');
INSERT INTO meta (key, value) VALUES ('head', '5');
INSERT INTO meta (key, value) VALUES ('head_at', '1704110400128');
INSERT INTO meta (key, value) VALUES ('observed', 'busy');
INSERT INTO meta (key, value) VALUES ('schema', '13');
INSERT INTO recent (author, ref, offset, at) VALUES ('ann', 'm0', 1, 1704110400124);
INSERT INTO recent (author, ref, offset, at) VALUES ('ann', 'm1', 2, 1704110400125);
INSERT INTO recent (author, ref, offset, at) VALUES ('ann', 'm2', 3, 1704110400126);
INSERT INTO recent (author, ref, offset, at) VALUES ('ann', 'm3', 4, 1704110400127);
INSERT INTO recent (author, ref, offset, at) VALUES ('ann', 'm4', 5, 1704110400128);
INSERT INTO recent (author, ref, offset, at) VALUES ('backend', 'h1', 6, 1704110405129);
INSERT INTO webhook_batch (first, state) VALUES (1704110400123000, '{"n":1,"d":1704110413123,"u":true}');
INSERT INTO webhook_event (number, batch, data) VALUES (1704110400123000, 1704110400123000, '{"id":"event_018cc4e5-227b-7000-818c-c4e5227b0001","type":"room.occupied","at":"2024-01-01T12:00:00.123Z"}');
INSERT INTO webhook_event (number, batch, data) VALUES (1704110400123001, 1704110400123000, '{"id":"event_018cc4e5-227b-7000-818c-c4e5227b0002","type":"member.joined","at":"2024-01-01T12:00:00.123Z","user":"ann","data":{"username":"ANN"}}');
INSERT INTO webhook_event (number, batch, data) VALUES (1704110400123002, 1704110400123000, '{"id":"event_018cc4e5-227b-7000-818c-c4e5227b0001","type":"member.joined","at":"2024-01-01T12:00:00.123Z","user":"bob","data":{"username":"BOB"}}');
INSERT INTO webhook_event (number, batch, data) VALUES (1704110400123003, 1704110400123000, '{"id":"event_018cc4e5-227b-7000-818c-c4e5227b0001","type":"member.joined","at":"2024-01-01T12:00:00.123Z","user":"eve","data":{"username":"EVE"}}');
INSERT INTO webhook_event (number, batch, data) VALUES (1704110400123004, 1704110400123000, '{"id":"event_018cc4e5-227c-7000-818c-c4e5227c0000","type":"message","at":"2024-01-01T12:00:00.124Z","offset":1,"user":"ann","data":{"content":"one","messageType":"markdown"}}');
INSERT INTO webhook_event (number, batch, data) VALUES (1704110400123005, 1704110400123000, '{"id":"event_018cc4e5-227d-7000-818c-c4e5227d0000","type":"message","at":"2024-01-01T12:00:00.125Z","offset":2,"user":"ann","data":{"content":"two","messageType":"markdown"}}');
INSERT INTO webhook_event (number, batch, data) VALUES (1704110400123006, 1704110400123000, '{"id":"event_018cc4e5-227e-7000-818c-c4e5227e0000","type":"message","at":"2024-01-01T12:00:00.126Z","offset":3,"user":"ann","data":{"content":"three","messageType":"markdown"}}');
INSERT INTO webhook_event (number, batch, data) VALUES (1704110400123007, 1704110400123000, '{"id":"event_018cc4e5-227f-7000-818c-c4e5227f0000","type":"message","at":"2024-01-01T12:00:00.127Z","offset":4,"user":"ann","data":{"content":"four","messageType":"markdown"}}');
INSERT INTO webhook_event (number, batch, data) VALUES (1704110400123008, 1704110400123000, '{"id":"event_018cc4e5-2280-7000-818c-c4e522800000","type":"message","at":"2024-01-01T12:00:00.128Z","offset":5,"user":"ann","data":{"content":"中😀","messageType":"markdown"}}');
INSERT INTO webhook_event (number, batch, data) VALUES (1704110405129000, 1704110405129000, '{"id":"event_018cc4e5-3609-7000-818c-c4e536090000","type":"message","at":"2024-01-01T12:00:05.129Z","offset":6,"user":"backend","data":{"content":"x","messageType":"text"}}');
INSERT INTO webhook_member (user, name) VALUES ('ann', 'ANN');
INSERT INTO webhook_member (user, name) VALUES ('bob', 'BOB');
INSERT INTO webhook_member (user, name) VALUES ('eve', 'EVE');
