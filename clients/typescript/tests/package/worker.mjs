// A Worker: server, room and words are in the query.
import { exchange } from "./exchange.mjs";

export default {
  async fetch(request) {
    const { searchParams } = new URL(request.url);
    const [url, room, said] = ["url", "room", "said"].map((it) => searchParams.get(it));
    return Response.json(await exchange(url, room, said));
  },
};
