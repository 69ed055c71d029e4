CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE room (
        address TEXT PRIMARY KEY,
        connections INTEGER NOT NULL,
        active INTEGER NOT NULL,
        reported_at INTEGER NOT NULL,
        breakers TEXT
    , gauges TEXT) STRICT, WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('counts', '{"since":1704110400123,"totals":{"opened":1,"closed":2,"open_ms":3,"open_ms_max":4,"received":5,"received_bytes":6,"sent":7,"sent_bytes":8,"refused":9,"failed":10,"handling_us":11,"lost":12,"recovered":13},"slots":[{"from":1704110400000,"received":5,"errors":19,"handling_us":11}]}');
INSERT INTO meta (key, value) VALUES ('schema', '2');
INSERT INTO room (address, connections, active, reported_at, breakers, gauges) VALUES ('chat:demo', 3, 2, 1704110400123, '[["storage","half-open"]]', NULL);
