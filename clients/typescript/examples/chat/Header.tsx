// Who is here, and how the connection is.
import type { Member, Room } from "@dormouse/client";
import { useConnection } from "@dormouse/client/react";
import { hue, initial } from "../shared/people.ts";

const WORDS: Record<string, string> = {
  idle: "not connected",
  connecting: "connecting…",
  open: "connected",
  degraded: "the network is slow",
  reconnecting: "reconnecting…",
  failed: "connection lost",
  fallback: "given up",
};

export function Header({ room, members }: { room: Room; members: readonly Member[] }) {
  const { phase, error, isConnected, reconnect } = useConnection(room);
  return (
    <header>
      <div>
        <h1>{room.name.split(":")[1]}</h1>
        <span className={`status ${phase}`} role="status">
          {WORDS[phase]}
        </span>
        {!isConnected && phase !== "connecting" && (
          <button type="button" className="link" title={error?.message} onClick={reconnect}>
            Try now
          </button>
        )}
      </div>
      <ul aria-label="Who is here">
        {members.map(({ user, name = user }) => (
          <li key={user} className="avatar" style={{ "--hue": hue(user) } as object} title={name}>
            <span aria-hidden="true">{initial(name)}</span>
            <span className="heard">{name}</span>
          </li>
        ))}
      </ul>
    </header>
  );
}
