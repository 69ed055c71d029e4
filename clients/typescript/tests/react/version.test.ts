import { version } from "react";
import { version as ofDom } from "react-dom";
import { expect, test } from "vitest";

test("these tests run with the React that was asked for", () => {
  const wanted = `${process.env.REACT ?? "19"}.`;
  expect([version, ofDom].map((it) => it.slice(0, wanted.length))).toEqual([wanted, wanted]);
});
