import { describe, expect, test } from "vitest";
import {
  bindTextarea,
  type Change,
  difference,
  make,
  Replica,
  type SharedText,
  type Splice,
  splice,
  type TextAdapter,
  type TextField,
  transform,
} from "../src/document/index.ts";

const insert = (at: number, content: string): Change => ({ at, content, cuts: [] });
const cut = (start: number, end: number): Change => ({ at: start, content: "", cuts: [[start, end]] });
const replace = (start: number, end: number, content: string): Change => ({ ...cut(start, end), content });

describe("changes of a text", () => {
  test.each([
    [insert(3, "X"), insert(3, "Y"), "abcYXdef"],
    [cut(1, 5), insert(3, "X"), "aXf"],
    [insert(3, "X"), cut(1, 5), "aXf"],
    [cut(1, 4), cut(2, 6), "a"],
    [cut(1, 5), cut(2, 4), "af"],
    [replace(1, 3, "X"), replace(2, 5, "Y"), "aXYf"],
    [replace(1, 3, "X"), replace(1, 3, "Y"), "aYXdef"],
  ])("[T9, T10] the table of the protocol, %j and %j, whichever is heard first", (first, second, text) => {
    const there = make(make("abcdef", first), transform(second, first, true));
    const here = make(make("abcdef", second), transform(first, second, false));
    expect([there, here]).toEqual([text, text]);
  });

  test.each([
    ["", "abc"],
    ["abc", ""],
    ["aaaa", "aaa"],
    ["a😀b", "a😁b"],
    ["😀", "😀😀"],
    ["x😀", "x"],
    ["😀x", "😁x"],
    ["ab", "aXb"],
  ])(
    "[T3] the difference of %j and %j makes the one of the other, and cuts no pair of surrogates",
    (before, after) => {
      const found = difference(before, after) as Splice;
      expect(splice(before, found)).toBe(after);
      for (const it of [before.slice(0, found.start), before.slice(found.end), found.content]) {
        expect(it.isWellFormed()).toBe(true);
      }
      expect(difference(after, after)).toBeNull();
    },
  );
});

/** A room that makes what it is told, in the order in which it hears it, and tells the others. */
function authority() {
  const made: { change: Change; by: Replica }[] = [];
  let text = "";
  const send = (replica: Replica) => {
    const next = replica.next(() => "id");
    if (!next) return;
    let { change } = { change: next.change };
    for (const it of made.slice(next.version)) change = transform(change, it.change, true);
    // Every operation is one version here, also one of which nothing is left.
    text = make(text, change);
    made.push({ change, by: replica });
  };
  return { made, send, text: () => text };
}

describe("a replica", () => {
  test("[T11, T12] what is typed on at the end of what was typed goes as one operation", () => {
    const replica = new Replica();
    for (const [at, letter] of [..."hello"].entries()) replica.edit({ start: at, end: at, content: letter });
    const first = replica.next(() => "1");
    expect(first?.operation).toEqual({ operation: "insert", position: 0, content: "hello" });
    expect(replica.next(() => "2")).toBeNull();
    replica.acknowledged(1);
    expect(replica.isAtRest).toBe(true);
  });

  test("[T12] a change of several cuts goes as several operations, the last cut first", () => {
    const replica = new Replica();
    replica.adopt("abcdef", 1);
    replica.edit({ start: 1, end: 5, content: "" });
    replica.heard({ operation: "insert", position: 3, content: "X" }, 2);
    expect(replica.text).toBe("aXf");
    expect(replica.next(() => "1")?.operation).toEqual({ operation: "delete", position: 4, length: 2 });
    replica.acknowledged(3);
    expect(replica.next(() => "2")?.operation).toEqual({ operation: "delete", position: 1, length: 2 });
    replica.acknowledged(4);
    expect(replica.text).toBe("aXf");
  });

  test("[T13] replicas converge, whatever is typed while others type", () => {
    const room = authority();
    const replicas = [new Replica(), new Replica(), new Replica()];
    const heard = replicas.map(() => 0);
    let state = 7;
    const dice = (sides: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * sides);
    };
    const hear = (at: number) => {
      const replica = replicas[at] as Replica;
      const it = room.made[heard[at] as number];
      if (!it) return;
      heard[at] = (heard[at] as number) + 1;
      if (it.by === replica) replica.acknowledged(heard[at] as number);
      else {
        // A change of several cuts is one version of this room: it is made as its steps.
        const { at: position, content, cuts } = it.change;
        const [first] = cuts;
        if (1 < cuts.length) throw new Error("several cuts");
        const length = first ? first[1] - first[0] : 0;
        const operation = first ? (content ? "replace" : "delete") : "insert";
        replica.heard(
          { operation, position: first ? first[0] : position, content, length },
          heard[at] as number,
        );
      }
    };
    for (let step = 0; step < 3000; step++) {
      const at = dice(3);
      const replica = replicas[at] as Replica;
      if (dice(3) === 0) {
        const start = dice(replica.text.length + 1);
        replica.edit({ start, end: start, content: "abc"[dice(3)] as string });
      }
      if (dice(2) === 0) room.send(replica);
      hear(dice(3));
    }
    for (let at = 0; at < 3; at++) {
      while (!replicas[at]?.isAtRest || (heard[at] as number) < room.made.length) {
        room.send(replicas[at] as Replica);
        for (let other = 0; other < 3; other++) hear(other);
      }
    }
    for (let at = 0; at < 3; at++) while ((heard[at] as number) < room.made.length) hear(at);
    expect(replicas.map((it) => it.text)).toEqual(Array(3).fill(room.text()));
    expect(room.made.length).toBeGreaterThan(300);
  });

  test("what was typed without a connection is made to the text that is there afterwards", () => {
    const replica = new Replica();
    replica.adopt("one two", 1);
    replica.edit({ start: 7, end: 7, content: " three" });
    const steps = replica.adopt("zero one two", 5);
    expect(replica.text).toBe("zero one two three");
    expect(steps).toEqual([{ start: 0, end: 0, content: "zero " }]);
    expect(replica.next(() => "1")).toMatchObject({
      version: 5,
      operation: { operation: "insert", position: 12, content: " three" },
    });
  });

  test("[T16] what was sent and is in is not there twice; what was refused is taken back", () => {
    const sent = () => {
      const replica = new Replica();
      replica.adopt("ab", 1);
      replica.edit({ start: 1, end: 1, content: "X" });
      replica.next(() => "1");
      replica.edit({ start: 0, end: 0, content: "Y" });
      return replica;
    };
    const isIn = sent();
    isIn.acknowledged(1);
    isIn.adopt("aXb!", 3);
    expect(isIn.text).toBe("YaXb!");
    const isRefused = sent();
    isRefused.adopt("ab!", 2);
    expect(isRefused.text).toBe("Yab!");
    const isReturned = sent();
    isReturned.returned();
    isReturned.adopt("ab!", 2);
    expect(isReturned.text).toBe("YaXb!");
  });
});

describe("a text field", () => {
  class Field implements TextField {
    value = "";
    selectionStart = 0;
    selectionEnd = 0;
    listeners = new Map<string, () => void>();
    setSelectionRange(start: number, end: number) {
      [this.selectionStart, this.selectionEnd] = [start, end];
    }
    addEventListener(name: string, listener: () => void) {
      this.listeners.set(name, listener);
    }
    removeEventListener(name: string) {
      this.listeners.delete(name);
    }
  }

  /** A text without a room. */
  function bound(text: string) {
    const field = new Field();
    const edits: [number, number, string][] = [];
    let adapter: TextAdapter | undefined;
    const document = {
      text,
      edit: (...edit: [number, number, string]) => edits.push(edit),
      cursor: () => {},
      bind: (it: TextAdapter) => {
        adapter = it;
        return () => {
          adapter = undefined;
        };
      },
    };
    const unbind = bindTextarea(document as unknown as SharedText, field);
    return { field, edits, unbind, splice: (it: Splice) => adapter?.splice(it) };
  }

  test("shows the text, and says what is typed", () => {
    const { field, edits, unbind } = bound("hello");
    expect(field.value).toBe("hello");
    field.value = "hello!";
    field.listeners.get("input")?.();
    expect(edits).toEqual([[5, 5, "!"]]);
    unbind();
    expect(field.listeners.size).toBe(0);
  });

  test.each([
    ["before it, moves it on", { start: 0, end: 0, content: "ab" }, [4, 6]],
    ["behind it, leaves it", { start: 4, end: 5, content: "" }, [2, 4]],
    ["around it, leaves a place of it", { start: 1, end: 5, content: "" }, [1, 1]],
  ] as const)("keeps the selection: what is done %s", (_, step, selection) => {
    const { field, splice: others } = bound("hello");
    field.setSelectionRange(2, 4);
    others(step);
    expect([field.selectionStart, field.selectionEnd]).toEqual(selection);
    expect(field.value).toBe(splice("hello", step));
  });
});
