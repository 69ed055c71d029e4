// The examples, started by their commands, over the real Worker.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { launch, SOON } from "../../../../tests/support/browser.ts";
import { SECRET, type Server } from "../../../../tests/support/server.ts";
import { Dormouse } from "../../src/index.ts";
import { messagesOf } from "../../src/messages/index.ts";
import { start } from "../server/support.ts";
import { faults } from "./support.ts";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));
const SCREENSHOTS = fileURLToPath(new URL("screenshots/", import.meta.url));

let server: Server;
let browser: Browser;
const running: ChildProcess[] = [];

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  [server, browser] = await Promise.all([start(), launch()]);
});

afterEach(() => {
  // npm, its shell and the program: all of a group.
  for (const { pid } of running.splice(0)) if (pid !== undefined) process.kill(-pid, "SIGTERM");
});

afterAll(() => Promise.allSettled([browser?.close(), server?.stop()]));

/** Runs the command of an example, until it has printed what is looked for. */
function run(name: string, looksFor: RegExp, count: number): Promise<string[]> {
  const args = ["run", "--silent", `example:${name}`, "--", "--server", server.http, "--secret", SECRET];
  const child = spawn("npm", [...args, "--port", "0"], { cwd: PACKAGE, detached: true });
  running.push(child);
  let printed = "";
  return new Promise((resolve, reject) => {
    const heard = (text: Buffer) => {
      printed += text;
      const found = printed.match(looksFor) ?? [];
      if (count <= found.length) resolve(found);
    };
    child.stdout.on("data", heard);
    child.stderr.on("data", heard);
    child.on("exit", (code) => reject(new Error(`ended with ${code}: ${printed}`)));
  });
}

interface Person {
  page: Page;
  problems: string[];
}

/** Both people of an example, each with a window. */
async function people(name: string, sizes = [{ width: 860, height: 680 }]): Promise<[Person, Person]> {
  const addresses = await run(name, /http:\S+#\S+/g, 2);
  const open = async (url: string, at: number) => {
    const page = await browser.newPage({ viewport: sizes[at] ?? sizes[0] ?? null });
    const problems: string[] = [];
    page.on("console", (it) => ["error", "warning"].includes(it.type()) && problems.push(it.text()));
    page.on("pageerror", (it) => problems.push(String(it)));
    await page.goto(url);
    // The look that they share is not beside them.
    const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await expect.poll(colour, SOON).toBe("rgb(244, 245, 249)");
    return { page, problems };
  };
  return Promise.all(addresses.slice(0, 2).map(open)) as Promise<[Person, Person]>;
}

test("chat: two people talk, react, edit and delete, and see who is there and who types", async () => {
  const [alice, bob] = await people("chat", [
    { width: 860, height: 680 },
    { width: 390, height: 760 },
  ]);
  const says = async ({ page }: Person, text: string) => {
    await page.getByLabel("Message", { exact: true }).fill(text);
    await page.getByLabel("Message", { exact: true }).press("Enter");
  };
  const texts = ({ page }: Person) => page.locator("article p").allTextContents();
  for (const it of [alice, bob]) {
    await expect.poll(() => it.page.getByRole("status").textContent(), SOON).toBe("connected");
    await expect.poll(() => it.page.getByRole("listitem").count(), SOON).toBe(2);
  }
  const said = ["Good morning! Is there tea?", "There is.", "Two cups, on the table by the window."];
  for (const [at, text] of said.entries()) {
    await says(at ? bob : alice, text);
    for (const it of [alice, bob]) await expect.poll(() => texts(it), SOON).toEqual(said.slice(0, at + 1));
  }
  const last = alice.page.getByRole("article").last();
  await last.hover();
  expect(await faults(alice.page)).toEqual([]);
  await last.getByRole("button", { name: "React with ❤️" }).click();
  await expect.poll(() => bob.page.locator(".reaction").allTextContents(), SOON).toEqual(["❤️ 1"]);
  const first = alice.page.getByRole("article").first();
  await first.hover();
  await first.getByRole("button", { name: "Edit" }).click();
  expect(await faults(alice.page)).toEqual([]);
  await first.getByLabel("Edit the message").fill("Good morning. Is there coffee?");
  await first.getByLabel("Edit the message").press("Enter");
  await expect.poll(() => texts(bob), SOON).toContain("Good morning. Is there coffee?");
  await bob.page.getByLabel("Message", { exact: true }).pressSequentially("Now there");
  await alice.page.getByText("Bob is typing…").waitFor();
  await alice.page.screenshot({ path: `${SCREENSHOTS}chat-alice.png` });
  await bob.page.emulateMedia({ colorScheme: "dark" });
  await bob.page.screenshot({ path: `${SCREENSHOTS}chat-bob.png` });
  await bob.page.emulateMedia({ colorScheme: "light" });
  await bob.page.getByRole("article").last().hover();
  await bob.page.getByRole("article").last().getByRole("button", { name: "Delete" }).click();
  await expect.poll(() => texts(alice), SOON).toEqual(["Good morning. Is there coffee?", said[1], "deleted"]);
  // What waits to be sent is shown already.
  await alice.page.context().setOffline(true);
  await alice.page.evaluate(() => dispatchEvent(new Event("offline")));
  await says(alice, "Thank you!");
  await alice.page.getByText("sending…").waitFor();
  for (const it of [alice, bob]) expect(await faults(it.page)).toEqual([]);
  expect([...alice.problems, ...bob.problems]).toEqual([]);
}, 120_000);

test("poll: votes and new places are everybody's at once, and there after a reload", async () => {
  const [alice, bob] = await people("poll");
  const counts = async ({ page }: Person) =>
    Object.fromEntries(
      await page
        .locator("#options button")
        .evaluateAll((all) =>
          all.map((it) => [it.querySelector("span")?.textContent, it.querySelector("b")?.textContent]),
        ),
    );
  await alice.page.getByRole("button", { name: "Pizza" }).click();
  await expect.poll(() => counts(bob), SOON).toMatchObject({ Pizza: "1", Noodles: "0" });
  await bob.page.getByLabel("Another place").fill("Dumplings");
  await bob.page.getByLabel("Another place").press("Enter");
  await expect.poll(() => counts(alice), SOON).toMatchObject({ Pizza: "1", Dumplings: "1" });
  await alice.page.getByRole("button", { name: "Dumplings" }).click();
  await expect.poll(() => counts(bob), SOON).toMatchObject({ Pizza: "0", Dumplings: "2" });
  await alice.page.screenshot({ path: `${SCREENSHOTS}poll.png` });
  expect(await faults(alice.page)).toEqual([]);
  await bob.page.reload();
  await expect.poll(() => counts(bob), SOON).toMatchObject({ Pizza: "0", Dumplings: "2" });
  expect([...alice.problems, ...bob.problems]).toEqual([]);
});

test("pad: two people type into one text, and one takes back what they typed", async () => {
  const [alice, bob] = await people("pad");
  const field = ({ page }: Person) => page.getByRole("textbox", { name: "Notes" });
  const status = ({ page }: Person) => page.getByRole("status").textContent();
  for (const it of [alice, bob]) await expect.poll(() => status(it), SOON).toBe("saved");
  await field(alice).pressSequentially("Bread, apples and a kilo of flour.");
  await expect.poll(() => field(bob).inputValue(), SOON).toBe("Bread, apples and a kilo of flour.");
  await field(bob).evaluate((it: HTMLTextAreaElement) => it.setSelectionRange(5, 5));
  await Promise.all([
    field(bob).pressSequentially(", butter"),
    field(alice).pressSequentially("\nAnd something sweet."),
  ]);
  const all = "Bread, butter, apples and a kilo of flour.\nAnd something sweet.";
  for (const it of [alice, bob]) await expect.poll(() => field(it).inputValue(), SOON).toBe(all);
  await alice.page.getByText("Bob, line 1").waitFor();
  await alice.page.screenshot({ path: `${SCREENSHOTS}pad.png` });
  expect(await faults(alice.page)).toEqual([]);
  await bob.page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => field(alice).inputValue(), SOON).not.toContain(", butter,");
  await expect.poll(() => field(bob).inputValue(), SOON).toBe(await field(alice).inputValue());
  expect([...alice.problems, ...bob.problems]).toEqual([]);
});

test("bot: it answers a question once, in the room", async () => {
  await run("bot", /in chat:demo as robot/g, 1);
  const token = await server.token({ user: "carol", room: "demo" });
  const client = new Dormouse({ url: server.http, token });
  const room = client.room("chat:demo");
  const list = messagesOf<{ content: string }>(room);
  list.subscribe(() => {});
  await room.connect();
  list.send({ content: "!roll 2d6" });
  list.send({ content: "!nothing" });
  list.send({ content: "!help" });
  const answers = () =>
    list
      .getSnapshot()
      .messages.filter((it) => it.user === "robot")
      .map((it) => it.data.content);
  await expect
    .poll(answers, SOON)
    .toEqual([expect.stringMatching(/^\d \+ \d = \d+$/), "I know !roll 2d6 and !time."]);
  client.close();
});
