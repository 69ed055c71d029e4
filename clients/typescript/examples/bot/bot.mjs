// A bot for a chat room: it answers `!roll 2d6`, `!time` and `!help`, and never twice, whatever
// happens to its connection. SERVER, ROOM and TOKEN say where and who it is.
import { randomInt } from "node:crypto";
import { Dormouse } from "@dormouse/client";

const { SERVER = "http://localhost:8787", ROOM = "chat:demo", TOKEN = "test" } = process.env;

const client = new Dormouse({ url: SERVER, token: TOKEN });
const room = client.room(ROOM);

const COMMANDS = {
  help: () => "I know !roll 2d6 and !time.",
  time: () => `It is ${new Date().toUTCString()}.`,
  roll(what = "1d6") {
    const [, count, sides] = /^(\d{1,2})d(\d{1,3})$/.exec(what) ?? [];
    if (!Number(count) || !Number(sides)) return "Dice are said like 2d6.";
    const rolled = Array.from({ length: Number(count) }, () => randomInt(1, Number(sides) + 1));
    return `${rolled.join(" + ")} = ${rolled.reduce((sum, it) => sum + it, 0)}`;
  },
};

room.on("message", ({ data, user, offset }) => {
  const [, name, argument] = /^!(\w+)\s*(\S*)/.exec(data?.content ?? "") ?? [];
  if (user === room.user || !Object.hasOwn(COMMANDS, name ?? "")) return;
  const content = COMMANDS[name](argument || undefined);
  // The answer has the name of the question: said again after a lost answer, it is still said once.
  room
    .publish("message", { content }, { id: `answer-${room.position.epoch}-${offset}` })
    .catch(console.error);
});

room.link.on("state", ({ phase, error }, before) => {
  if (phase !== before.phase) console.log(phase, error?.message ?? "");
});

await room.connect();
console.log(`in ${ROOM} as ${room.user}`);
process.on("SIGINT", () => client.close());
