// Components that show what the hooks give, in a document without a browser.
import { act, type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import type { DormouseOptions } from "../../src/index.ts";
import { DormouseProvider } from "../../src/react/index.ts";
import { faked } from "../support/fake.ts";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

export function shown(options: Partial<DormouseOptions> = {}, around = faked(options)) {
  const root = createRoot(document.body.appendChild(document.createElement("main")));
  const render = (children: ReactNode, isStrict = true) => {
    const tree = <DormouseProvider client={around.client}>{children}</DormouseProvider>;
    return act(async () => root.render(isStrict ? <StrictMode>{tree}</StrictMode> : tree));
  };
  /** Lets time pass, and React show what came of it. */
  const advance = (ms: number) => act(() => around.clock.advance(ms));
  return { ...around, root, render, advance };
}

/** Renders what a hook gives, and keeps it. */
export function probe<T>(use: () => T) {
  const seen: T[] = [];
  // biome-ignore lint/correctness/noComponentHookFactories: each test calls it once, outside of components
  function Probe() {
    seen.push(use());
    return null;
  }
  return { Probe, seen, now: () => seen.at(-1) as T };
}
