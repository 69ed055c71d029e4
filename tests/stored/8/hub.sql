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
INSERT INTO ban (user, until, reason, author, at) VALUES ('eve', 1704114000134, 'spam', 'backend', 1704110400134);
INSERT INTO chunk (transfer, number, bytes, digest, text) VALUES (1, 0, 13, 'afbb4be3e6d2f34c2576ce10ad1fa4f9ae9d4ad5dcb9e61e23a5fc68bc5dcfba', 'cGllY2UgMCBvZiBpdA==');
INSERT INTO chunk (transfer, number, bytes, digest, text) VALUES (1, 1, 13, '4113dfb225a7d6b1b3c3c9f424f887cc505003760fe45551d517a750fe5ee1f4', 'cGllY2UgMSBvZiBpdA==');
INSERT INTO chunk (transfer, number, bytes, digest, text) VALUES (1, 2, 13, '9d310bcac2b854e1a426e4903c72bc73cf408205eecd77c13e25d9bf3f7f5608', 'cGllY2UgMiBvZiBpdA==');
INSERT INTO chunk (transfer, number, bytes, digest, text) VALUES (2, 1, 13, 'afbb4be3e6d2f34c2576ce10ad1fa4f9ae9d4ad5dcb9e61e23a5fc68bc5dcfba', 'cGllY2UgMCBvZiBpdA==');
INSERT INTO chunk (transfer, number, bytes, digest, text) VALUES (2, 3, 13, '9d310bcac2b854e1a426e4903c72bc73cf408205eecd77c13e25d9bf3f7f5608', 'cGllY2UgMiBvZiBpdA==');
INSERT INTO entry (offset, at, id, kind, author, name, ref, data, user, target) VALUES (1, 1704110400125, '018cc4e5-227d-7000-818c-c4e5227d0000', 'event', 'ann', 'ANN', 'k1', '{"name":"state.a","data":{"deep":[1,2.5,null]}}', NULL, NULL);
INSERT INTO entry (offset, at, id, kind, author, name, ref, data, user, target) VALUES (2, 1704110400126, '018cc4e5-227e-7000-818c-c4e5227e0000', 'event', 'ann', 'ANN', 'k2', '{"name":"state.b","data":"中"}', NULL, NULL);
INSERT INTO entry (offset, at, id, kind, author, name, ref, data, user, target) VALUES (3, 1704110400127, '018cc4e5-227f-7000-818c-c4e5227f0000', 'event', 'backend', 'BACKEND', NULL, '{"name":"notification","data":{"category":"system_alert","message":"m","notification_id":"n","priority":"critical","title":"t","user_id":"ann"}}', 'ann', NULL);
INSERT INTO entry (offset, at, id, kind, author, name, ref, data, user, target) VALUES (4, 1704110400128, '018cc4e5-2280-7000-818c-c4e522800000', 'event', 'backend', 'BACKEND', 'e1', '{"name":"agent.x","data":{"n":1}}', NULL, NULL);
INSERT INTO meta (key, value) VALUES ('broadcasts', '{"o":0,"c":0,"p":{"o":1704110400125,"c":4}}');
INSERT INTO meta (key, value) VALUES ('epoch', 'e');
INSERT INTO meta (key, value) VALUES ('schema', '13');
INSERT INTO recent (author, ref, offset, at) VALUES ('ann', 'k1', 1, 1704110400125);
INSERT INTO recent (author, ref, offset, at) VALUES ('ann', 'k2', 2, 1704110400126);
INSERT INTO recent (author, ref, offset, at) VALUES ('backend', 'e1', 4, 1704110400128);
INSERT INTO state (key, value, offset, owner, protected) VALUES ('a', '{"deep":[1,2.5,null]}', 1, 'ann', 1);
INSERT INTO state (key, value, offset, owner, protected) VALUES ('b', '"中"', 2, 'ann', 1);
INSERT INTO transfer (id, data, owner, total, first, there, bytes, at, session, state) VALUES (1, 'whole', 'bob', 3, 0, '07', 39, 1704110400131, 'session_00000000000002', 1);
INSERT INTO transfer (id, data, owner, total, first, there, bytes, at, session, state) VALUES (2, 'part', 'bob', 3, 1, '0a', 26, 1704110400133, 'session_00000000000002', 0);
