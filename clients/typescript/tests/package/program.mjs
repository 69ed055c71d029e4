// A program for Node, Bun and Deno: server, room and words are its arguments.
import { exchange } from "./exchange.mjs";

const [url, room, said] = process.argv.slice(2);
console.log(JSON.stringify(await exchange(url, room, said)));
