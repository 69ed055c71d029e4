import { expect, test } from "vitest";
import { sizes } from "../scripts/sizes.mjs";

type Row = { name: string; gzip: number; bar?: number };

test("no entry is larger than its bar", async () => {
  const rows: Row[] = await sizes();
  expect(rows.map((it) => it.name)).toContain("index");
  expect(rows.filter(({ gzip, bar = Number.POSITIVE_INFINITY }) => bar < gzip)).toEqual([]);
});
