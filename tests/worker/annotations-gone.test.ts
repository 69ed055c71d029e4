// What was deleted is nowhere on the disk: the databases' files are searched for it.
import { expect, test } from "vitest";
import { Client } from "../support/client.ts";
import { Webhooks } from "../support/webhooks.ts";
import { Workerd } from "../support/workerd.ts";

/** How often each of these is found in the files. */
const found = (pages: Buffer, words: string[]) =>
  words.map((word) => {
    let count = 0;
    for (let at = pages.indexOf(word); at !== -1; at = pages.indexOf(word, at + 1)) count++;
    return [word, count];
  });

test("[U3] nothing of what was deleted is in the database's files, short or long, or edited", async () => {
  const server = new Workerd();
  try {
    await server.start();
    const ann = await Client.open(`${server.url}/api/chat/ws?token=test&contextId=r`);
    let count = 0;
    const say = async (content: string, id?: string) => {
      ann.say(content, id);
      await ann.next("message");
      return ++count;
    };
    const others = async (many: number) => {
      for (let it = 0; it < many; it++) await say(`other ${it} ${"x".repeat((it * 37) % 900)}`);
    };
    const gone: number[] = [];
    await others(20);
    gone.push(await say("shortsecret", "s1"));
    await others(20);
    gone.push(await say("longsecret ".repeat(1_500), "s2"));
    gone.push(await say("firstsecret"));
    await others(20);
    ann.send({
      type: "edit_message",
      id: "e",
      data: { offset: gone[2], content: "secondsecret ".repeat(40) },
    });
    await ann.next("edit_message");
    count++;
    await others(20);
    for (const offset of gone) {
      ann.send({ type: "delete_message", data: { offset } });
      await ann.next("delete_message");
      count++;
    }
    await server.kill();
    const pages = server.pages();
    const words = ["shortsecret", "longsecret", "firstsecret", "secondsecret"];
    expect(found(pages, words)).toEqual(words.map((it) => [it, 0]));
    expect(found(pages, ["other 7 "])[0]?.[1]).toBeGreaterThan(3);
  } finally {
    await server.stop();
  }
});

test("[U3, Y3] nothing of what a service was told before it was deleted is in the database's files", async () => {
  const webhooks = await Webhooks.start();
  const server = new Workerd();
  try {
    await server.start(webhooks.variables("message"));
    const ann = await Client.open(`${server.url}/api/chat/ws?token=test&contextId=r`);
    ann.say("toldsecret");
    ann.say("keptsecret");
    await webhooks.until("chat:r", 2);
    // What is told after it is told when it was taken, and no longer waits.
    ann.say("after");
    await webhooks.until("chat:r", 3);
    ann.send({ type: "delete_message", data: { offset: 1 } });
    await ann.upTo("delete_message");
    await server.kill();
    expect(found(server.pages(), ["toldsecret"])).toEqual([["toldsecret", 0]]);
    expect(found(server.pages(), ["keptsecret"])[0]?.[1]).toBeGreaterThan(0);
  } finally {
    await server.stop();
    await webhooks.stop();
  }
});
