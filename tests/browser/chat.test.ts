// Two people and a real browser: what they see is what is tested.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { mint } from "../../scripts/jwt.mjs";
import { launch, SOON } from "../support/browser.ts";
import { Client } from "../support/client.ts";
import { Process } from "../support/process.ts";
import { SECRET } from "../support/server.ts";

const SCREENSHOTS = fileURLToPath(new URL("screenshots/", import.meta.url));
/** What a browser says about a server that is down. */
const IS_DOWN = /^WebSocket connection to .* failed/;

const disk = mkdtempSync(join(tmpdir(), "dormouse-browser-"));
const server = new Process(disk, {
  MESSAGES_PER_MINUTE: "0",
  BROADCASTS_PER_MINUTE: "0",
  PRESENCE_GRACE_MS: "500",
});
const contexts: BrowserContext[] = [];
let browser: Browser;

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  [browser] = await Promise.all([launch(), server.start()]);
}, 600_000);

afterEach(async () => {
  await Promise.all(contexts.splice(0).map((it) => it.close()));
});

afterAll(async () => {
  await Promise.allSettled([browser?.close(), server.kill()]);
  rmSync(disk, { recursive: true, force: true });
});

type Options = Parameters<Browser["newContext"]>[0];

/** Someone with a browser of their own. */
class Person {
  /** Everything the browser complained about. */
  readonly problems: string[] = [];

  constructor(readonly page: Page) {
    page.on("console", (it) => it.type() === "error" && this.problems.push(it.text()));
    page.on("pageerror", (it) => this.problems.push(String(it)));
    page.on("dialog", (it) => this.problems.push(it.message()));
  }

  static async open(options: Options = {}): Promise<Person> {
    const context = await browser.newContext(options);
    contexts.push(context);
    return new Person(await context.newPage());
  }

  static async join(name: string, room: string, options: Options = {}): Promise<Person> {
    const person = await Person.open(options);
    await person.join(name, room);
    return person;
  }

  async join(name: string, room: string): Promise<void> {
    await this.page.goto(`${server.origin}/#context=${room}&token=${await token(name, room)}`);
    await this.page.getByRole("button", { name: "Join" }).click();
    await this.sees("connected");
  }

  get field() {
    return this.page.getByLabel("Message", { exact: true });
  }

  async says(content: string): Promise<void> {
    await this.field.fill(content);
    await this.field.press("Enter");
  }

  async sees(status: string): Promise<void> {
    await expect.poll(() => this.page.getByRole("status").textContent(), SOON).toBe(status);
  }

  messages(): Promise<string[]> {
    return this.page.locator("#said article p").allTextContents();
  }

  unsaid(): Promise<string[]> {
    return this.page.locator("#unsaid article p").allTextContents();
  }

  people(): Promise<string[]> {
    return this.page.getByRole("list", { name: "Who is here" }).getByRole("listitem").allTextContents();
  }

  typing(): Promise<string | null> {
    return this.page.locator("#typing").textContent();
  }

  screenshot(name: string): Promise<Buffer> {
    return this.page.screenshot({ path: `${SCREENSHOTS}${name}.png` });
  }
}

const token = (name: string, room: string) =>
  mint({ sub: name.toLowerCase(), name, contexts: [room] }, { secret: SECRET });

/** Says this many messages without a browser, and returns them once all are said. */
async function talk(name: string, room: string, count: number): Promise<string[]> {
  const url = `${server.url}/api/chat/ws?contextId=${room}`;
  const client = await Client.open(url, { protocols: ["chat", `bearer.${await token(name, room)}`] });
  const messages = Array.from({ length: count }, (_, index) => `number ${index + 1}`);
  for (const content of messages) client.say(content);
  const echoes = () => client.frames.filter(({ type }) => type === "message");
  await client.until(() => echoes().length === count, "all echoes");
  await client.leave();
  return messages;
}

test("[B8, B9, B11, B12, B13, B14] two people chat, and see who is here and who is typing", async () => {
  const size = { width: 900, height: 640 };
  const alice = await Person.join("Alice", "kitchen", { viewport: size });
  await expect.poll(() => alice.people(), SOON).toEqual(["Alice"]);
  const bob = await Person.join("Bob", "kitchen", {
    viewport: { width: 390, height: 640 },
    colorScheme: "dark",
  });
  for (const each of [alice, bob]) await expect.poll(() => each.people(), SOON).toEqual(["Alice", "Bob"]);

  const said = [
    "Good morning. Is there tea?",
    "There is.",
    "Two cups are on the table by the window, where the sun is; the other one is cold by now.",
    "Thank you!",
  ];
  for (const [index, content] of said.entries()) {
    await (index === 0 || index === 3 ? alice : bob).says(content);
    const soFar = said.slice(0, index + 1);
    for (const each of [alice, bob]) await expect.poll(() => each.messages(), SOON).toEqual(soFar);
  }
  expect([...(await alice.unsaid()), ...(await bob.unsaid())]).toEqual([]);

  await bob.field.pressSequentially("You are w");
  await expect.poll(() => alice.typing(), SOON).toMatch(/^\W?Bob\W? is typing…$/);
  expect(await bob.typing()).toBe("");
  await Promise.all([alice.screenshot("alice"), bob.screenshot("bob")]);
  await bob.field.clear();
  await expect.poll(() => alice.typing(), SOON).toBe("");

  await bob.page.close();
  await expect.poll(() => alice.people(), SOON).toEqual(["Alice"]);
  expect([...alice.problems, ...bob.problems]).toEqual([]);
}, 60_000);

test("[B12] somebody who stops in the middle of a word is no longer typing", async () => {
  const alice = await Person.join("Alice", "hall");
  const bob = await Person.join("Bob", "hall");
  await bob.field.pressSequentially("I was just about to");
  await expect.poll(() => alice.typing(), SOON).toContain("is typing");
  await expect.poll(() => alice.typing(), SOON).toBe("");
}, 60_000);

test("markup in words and names is text, and nothing of it runs", async () => {
  const hostile = [
    `<img src=x onerror="window.ran = 1">`,
    "<script>window.ran = 1</script>",
    `<a href="javascript:window.ran=1">here</a> &lt;b&gt;`,
  ];
  const name = "<i onmouseover=alert(1)>Mallory</i>";
  const alice = await Person.join("Alice", "cellar");
  const mallory = await Person.join(name, "cellar");
  for (const content of hostile) await mallory.says(content);
  await mallory.field.fill("<b>");
  await expect.poll(() => alice.messages(), SOON).toEqual(hostile);
  await expect.poll(() => alice.typing(), SOON).toContain(`${name}\u2069 is typing`);
  expect(await alice.people()).toContain(name);
  expect(await alice.page.getByRole("log").getByRole("heading").first().textContent()).toContain(name);

  const late = await Person.join("Lucy", "cellar");
  await expect.poll(() => late.messages(), SOON).toEqual(hostile);
  for (const { page, problems } of [alice, mallory, late]) {
    expect(await page.locator("main :is(script, a, i, b, p img)").count()).toBe(0);
    expect(await page.evaluate(() => "ran" in window)).toBe(false);
    expect(problems).toEqual([]);
  }
  // And if the page did make a mistake, the policy would stop it.
  const attempt = late.page.evaluate(() => {
    document.body.innerHTML = "<p>markup</p>";
  });
  await expect(attempt).rejects.toThrow("TrustedHTML");
}, 60_000);

test("[B10] scrolling up loads what was said before, and stays where one reads", async () => {
  const room = "attic";
  const said = await talk("Dora", room, 120);
  const alice = await Person.join("Alice", room, { viewport: { width: 390, height: 700 } });
  await expect.poll(() => alice.messages(), SOON).toEqual(said.slice(-50));
  const log = alice.page.getByRole("log");
  const isInView = async (content: string) => {
    const [outer, inner] = [await log.boundingBox(), await alice.page.getByText(content).boundingBox()];
    return !!outer && !!inner && outer.y <= inner.y && inner.y < outer.y + outer.height;
  };
  expect(await isInView("number 120")).toBe(true);

  await log.hover();
  await alice.page.mouse.wheel(0, -100_000);
  await expect.poll(() => alice.messages(), SOON).toEqual(said.slice(-100));
  expect(await isInView("number 71")).toBe(true);
  await talk("Dora", room, 1);
  await expect.poll(() => alice.messages(), SOON).toHaveLength(101);
  expect(await isInView("number 71")).toBe(true);

  await log.focus();
  await alice.page.keyboard.press("Home");
  await expect.poll(() => alice.messages(), SOON).toEqual([...said, "number 1"]);
  expect(alice.problems).toEqual([]);
}, 60_000);

test("[B22] a server that is killed and started again loses nothing and repeats nothing", async () => {
  const alice = await Person.join("Alice", "garden");
  const bob = await Person.join("Bob", "garden");
  await alice.says("first");
  await bob.says("second");
  for (const each of [alice, bob]) await expect.poll(() => each.messages(), SOON).toHaveLength(2);
  const before = await alice.messages();

  await server.kill();
  for (const each of [alice, bob]) await each.sees("reconnecting…");
  await alice.says("third, into the dark");
  await alice.says("fourth");
  expect(await alice.unsaid()).toEqual(["third, into the dark", "fourth"]);
  await alice.screenshot("down");
  await server.start();

  const after = [...before, "third, into the dark", "fourth"];
  for (const each of [alice, bob]) {
    await each.sees("connected");
    await expect.poll(() => each.messages(), SOON).toEqual(after);
    await expect.poll(() => each.people(), SOON).toEqual(["Alice", "Bob"]);
  }
  await expect.poll(() => alice.unsaid(), SOON).toEqual([]);
  await bob.says("fifth");
  const carol = await Person.join("Carol", "garden");
  for (const each of [alice, bob, carol]) {
    await expect.poll(() => each.messages(), SOON).toEqual([...after, "fifth"]);
    expect(each.problems.filter((it) => !IS_DOWN.test(it))).toEqual([]);
  }
}, 120_000);

test("[B10, B22] whoever was away sees all that was said, and an unanswered message is said once", async () => {
  const room = "porch";
  const alice = await Person.open();
  let [isAway, isAnswerLost] = [false, false];
  await alice.page.routeWebSocket(/\/ws\/v2\/connect/, (page) => {
    if (isAway) return void page.close({ code: 1013 });
    const upstream = page.connectToServer();
    upstream.onMessage((frame) => {
      if (String(frame).includes("did you hear that?") && !isAnswerLost) {
        [isAway, isAnswerLost] = [true, true]; // The room has it, and its answer is lost on the way.
        page.close({ code: 1001 });
        upstream.close();
      }
      if (!isAway) page.send(frame);
    });
  });
  await alice.join("Alice", room);
  await alice.says("hello");
  await expect.poll(() => alice.messages(), SOON).toEqual(["hello"]);
  await alice.says("did you hear that?");
  await alice.sees("reconnecting…");
  const missed = await talk("Dora", room, 450);
  expect(await alice.messages()).toEqual(["hello"]);
  expect(await alice.unsaid()).toEqual(["did you hear that?"]);

  isAway = false;
  await alice.says("I am back");
  const all = ["hello", "did you hear that?", ...missed, "I am back"];
  await expect.poll(() => alice.messages(), SOON).toEqual(all);
  await expect.poll(() => alice.unsaid(), SOON).toEqual([]);
  const late = await Person.join("Lucy", room);
  await expect.poll(() => late.messages(), SOON).toEqual(all.slice(-50));
}, 60_000);

test("a message that is too large is given up, and the others are not", async () => {
  const alice = await Person.join("Alice", "larder");
  const bob = await Person.join("Bob", "larder");
  await alice.says("before");
  await alice.says("x".repeat(1_100_000));
  await alice.says("after");
  await expect.poll(() => bob.messages(), SOON).toEqual(["before", "after"]);
  await alice.page.getByText("Not sent: too long").waitFor();
  await alice.sees("connected");
}, 60_000);

test("[P8] a server that has lost its disk starts another log, and the page shows that one", async () => {
  const alice = await Person.join("Alice", "ruin");
  for (const content of ["one", "two", "three"]) await alice.says(content);
  await expect.poll(() => alice.messages(), SOON).toHaveLength(3);
  await server.kill();
  await alice.sees("reconnecting…");
  rmSync(disk, { recursive: true });
  await alice.says("four");
  await server.start();
  await expect.poll(() => alice.messages(), SOON).toEqual(["four"]);
  await expect.poll(() => alice.unsaid(), SOON).toEqual([]);
}, 120_000);

test("the page loads nothing from elsewhere and lets nobody frame it", async () => {
  const { page } = await Person.open();
  const headers = (await page.goto(server.origin))?.headers() ?? {};
  const policy = headers["content-security-policy"]?.split("; ");
  expect(policy).toEqual(
    expect.arrayContaining(["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]),
  );
  expect(headers["x-content-type-options"]).toBe("nosniff");
  expect(headers["referrer-policy"]).toBe("no-referrer");
}, 60_000);

test("a bad token is refused with the reason, and the form comes back", async () => {
  const alice = await Person.open();
  await alice.page.goto(`${server.origin}/#context=kitchen&token=not.a.token`);
  await alice.page.getByRole("button", { name: "Join" }).click();
  await alice.sees("the token is not valid");
  await alice.screenshot("refused");
  await alice.page.getByLabel("Token").fill("");
  await alice.page.getByRole("button", { name: "Join" }).click();
  await alice.sees("connected");
  await expect.poll(() => alice.people(), SOON).toContain("test");
  expect(alice.problems).toEqual([]);
}, 60_000);
