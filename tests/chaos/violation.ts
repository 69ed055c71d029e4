// What a run is found to have broken.

/**
 * `lost`: acknowledged or shown, and not in the log. `doubled`: twice where it may be once.
 * `reordered`: not in the order of the log. `gap`: an entry that was promised and not shown.
 * `offsets`: the log has a hole, or differs by who reads it. `ghost`: listed and not there.
 * `absent`: there and not listed. `undone`: a job that was not done. `undeleted`: deleted and still
 * there. `unanswered`: said, and never answered. `away`: a client that did not come back. `diverged`:
 * replicas of a text that differ. `leaked`: a token or a secret in what the server printed.
 * `stale`: how something was is told as how it is. `mixed`: a log that was
 * erased, and the one after it, are taken for one.
 */
export type Invariant =
  | "lost"
  | "doubled"
  | "reordered"
  | "gap"
  | "offsets"
  | "ghost"
  | "absent"
  | "undone"
  | "undeleted"
  | "unanswered"
  | "away"
  | "diverged"
  | "leaked"
  | "stale"
  | "mixed";

export type Violation = { invariant: Invariant; room: string; what: string };

export type Found = (invariant: Invariant, what: string) => void;
