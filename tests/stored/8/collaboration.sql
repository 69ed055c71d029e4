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
INSERT INTO document (name, owner, empty_since) VALUES ('notes', 'ann', NULL);
INSERT INTO document_edit (document, first, author, ref, undoes, operations, content) VALUES ('notes', 3, 'ann', 'e2', NULL, '[{"position":0,"length":2,"bytes":3}]', '中');
INSERT INTO document_edit (document, first, author, ref, undoes, operations, content) VALUES ('notes', 4, 'ann', NULL, 3, '[{"position":0,"length":1,"bytes":4}]', '😀');
INSERT INTO document_snapshot (document, version, content) VALUES ('notes', 2, '😀b"
');
INSERT INTO meta (key, value) VALUES ('documents', '1');
INSERT INTO meta (key, value) VALUES ('epoch', 'e');
INSERT INTO meta (key, value) VALUES ('schema', '13');
