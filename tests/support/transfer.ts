// Large data as clients of /ws send and read it.
import { createHash, randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { Client, Frame } from "./client.ts";

export const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** The data of one chunk. */
export const chunkOf = (data_id: string, chunk_index: number, total_chunks: number, bytes: Buffer) => ({
  data_id,
  chunk_index,
  total_chunks,
  chunk_data: bytes.toString("base64"),
  checksum: sha256(bytes),
});

/** An object of so many random chunks of so many bytes, each as the frame that carries it. */
export function largeData(data_id: string, count: number, bytes = 1000, base = 0) {
  const pieces = Array.from({ length: count }, () => randomBytes(bytes));
  const frames = pieces.map((it, at) => ({
    type: "large_data",
    id: `${data_id}-${at + base}`,
    timestamp: "2024-01-01T00:00:00Z",
    data: chunkOf(data_id, at + base, count, it),
  }));
  return { id: data_id, frames, content: Buffer.concat(pieces) };
}

/** What a socket was sent of an object, in the order in which it came; every chunk is checked. */
export function streamed(client: Client, data_id: string): { indexes: number[]; content: Buffer } {
  const chunks = client.frames.filter((it) => it.type === "large_data" && it.data.data_id === data_id);
  const pieces = chunks.map(({ data }) => {
    const bytes = Buffer.from(data.chunk_data, "base64");
    expect(data.checksum).toBe(sha256(bytes));
    return bytes;
  });
  return { indexes: chunks.map((it) => it.data.chunk_index), content: Buffer.concat(pieces) };
}

/** Asks for an object and waits until its last chunk is there. */
export async function fetchAll(client: Client, data_id: string, last: number, from?: number) {
  client.send({ type: "large_data_request", id: "fetch", data: { data_id, from } });
  const isLast = ({ type, data }: Frame) =>
    type === "large_data" && data.data_id === data_id && data.chunk_index === last;
  await client.until(() => client.frames.some(isLast), "the last chunk");
  return streamed(client, data_id);
}

export const request = (data_id: string, from?: number) => ({
  type: "large_data_request",
  id: "r1",
  data: { data_id, from },
});

/** The numbers from one to another, without it. */
export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, at) => from + at);

/** In an order that is none, and the same every time. */
export const shuffled = <T>(items: T[]): T[] =>
  items
    .map((it, at) => [(at * 7919) % 1009, it] as const)
    .sort(([a], [b]) => a - b)
    .map(([, it]) => it);
