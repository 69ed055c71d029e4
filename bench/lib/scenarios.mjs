// What is measured: the load generator's arguments, and what of its report goes where.
import { CLIENTS } from "./peers.mjs";

const MESSAGE = '{"type":"message","data":{"content":"{tag}{pad}"}}';
const TYPING = '{"type":"typing","data":{"isTyping":true}}';
const PING = '{"type":"ping","id":"p1"}';
const HISTORY = '{"type":"history","id":"h1","data":{"limit":50,"before":{before}}}';

const IN_FLIGHT = [1, 16, 64];

const broadcast = (it) => ({
  in_flight: it.in_flight,
  time: true,
  args: () => ["broadcast", "--in-flight", `${it.in_flight}`, ...it.args],
  rows: (report) => [
    {
      per_second: report.messages_per_second,
      p50_ms: report.p50_ms,
      p99_ms: report.p99_ms,
      cpu_us: report.server_us_per_delivery,
      cpu_us_per_message: report.server_us_per_message,
      deliveries_per_second: report.deliveries_per_second,
      deliveries_per_frame: report.deliveries_per_second / report.frames_per_second,
      load_busy: report.load_busy,
      faults: report.lost + report.duplicated + report.reordered,
    },
  ],
});

const volatile = (in_flight) =>
  broadcast({ in_flight, args: ["--message", TYPING, "--acked-by", "other", "--sockets", "100"] });
const persisted = (in_flight) => broadcast({ in_flight, args: ["--message", MESSAGE, "--sockets", "100"] });

const history = (entries) => ({
  name: `history-${entries}`,
  entries,
  time: true,
  args: ({ url }) => [
    "pages",
    "--url",
    url.replace("{room}", entries),
    "--entries",
    entries,
    "--message",
    HISTORY,
  ],
  rows: (report) => [
    {
      per_second: report.pages_per_second,
      p50_ms: report.p50_ms,
      p99_ms: report.p99_ms,
      cpu_us: report.server_us_per_page,
      load_busy: report.load_busy,
    },
  ],
});

/**
 * A scenario is a letter of its own, a name, and steps; a step is one run of the load
 * generator and gives a row or more. `needs` is what a peer must not lack.
 */
export const scenarios = [
  { letter: "0", name: "ceiling", only: ["tokio"], steps: IN_FLIGHT.map(volatile) },
  { letter: "a", name: "volatile", batched: true, steps: IN_FLIGHT.map(volatile) },
  { letter: "b", name: "persisted", batched: true, steps: IN_FLIGHT.map(persisted) },
  {
    letter: "c",
    name: "rooms",
    batched: true,
    steps: [
      broadcast({
        in_flight: 1,
        args: ["--message", MESSAGE, "--rooms", "20", "--sockets", "20", "--publishers", "20"],
      }),
    ],
  },
  {
    letter: "d",
    name: "fanout",
    steps: [
      broadcast({ in_flight: 1, args: ["--message", TYPING, "--acked-by", "all", "--sockets", "2000"] }),
    ],
  },
  {
    letter: "e",
    name: "connects",
    steps: [
      {
        time: true,
        args: ({ urls }) => [
          "connects",
          ...urls.flatMap((it) => ["--url", it]),
          ...["--concurrency", `${CLIENTS}`, "--message", PING, "--marker", '"p1"'],
        ],
        rows: (report) => [
          {
            per_second: report.connects_per_second,
            p50_ms: report.p50_ms,
            p99_ms: report.p99_ms,
            cpu_us: report.server_us_per_connect,
            load_busy: report.load_busy,
          },
        ],
      },
    ],
  },
  {
    letter: "f",
    name: "wake",
    needs: ["sleep"],
    steps: [
      {
        args: ({ url }) => [
          ...["wake", "--url", url],
          ...["--message", PING, "--marker", '"p1"'],
          ...["--message", MESSAGE.replace("{tag}{pad}", "awake?"), "--marker", "awake?"],
        ],
        rows: ([ping, message]) => [
          { name: "wake-ping", ...ping },
          { name: "wake-message", ...message },
        ],
      },
    ],
  },
  { letter: "g", name: "history", needs: ["history"], steps: ["1000", "100000", "1000000"].map(history) },
  {
    letter: "h",
    name: "idle",
    needs: ["json"],
    steps: [
      {
        args: ({ url }) => ["idle", "--url", url, "--sockets", "5000"],
        rows: (report) => [
          { name: "idle-awake", bytes_per_socket: report.awake_bytes_per_socket },
          { name: "idle-asleep", bytes_per_socket: report.asleep_bytes_per_socket },
        ],
      },
    ],
  },
];
