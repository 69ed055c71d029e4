// Large data, on `/ws`: objects in several chunks, some of which are deleted again.
import { createHash } from "node:crypto";
import { ArchMeshWebSocketClient } from "../../../clients/typescript/src/faces/archmesh.ts";
import type { LargeObject } from "../history.ts";
import { Caller, nameOf, type Scene } from "./caller.ts";

/** Of an object. One of several chunks cannot come about by a single one that is late. */
const CHUNKS = [3, 7] as const;
const BYTES = [500, 6000] as const;
/** Of one caller: a room has 1,000, and the disk of a long run an end. */
const OBJECTS_MAX = 300;
/** What has no answer for so long is said again; between two looks for that. */
const AGAIN_MS = 3000;
const LOOK_EVERY_MS = 500;
const STANDS_MS = 1500;
/** Of those that may be deleted. */
const DELETED_SHARE = 0.7;

type Chunk = {
  data_id: string;
  chunk_index: number;
  total_chunks: number;
  chunk_data: string;
  checksum: string;
};

type Carried = {
  object: LargeObject;
  chunks: Chunk[];
  /** Of its chunks, with those that were sent again. */
  sends: number;
  /** Indexes that were sent on the connection that there is. */
  sent: Set<number>;
  deletions: number;
  saidAt: number;
};

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export class LargeCaller extends Caller {
  readonly objects: LargeObject[] = [];
  readonly #carried = new Map<string, Carried>();
  readonly #client: ArchMeshWebSocketClient;
  #looking: NodeJS.Timeout | undefined;

  constructor(scene: Scene) {
    super(scene, "workflow-large", "live");
    this.#client = new ArchMeshWebSocketClient(scene.token, {
      ...this.around,
      url: this.http,
      contextId: nameOf(scene.room),
    });
    this.#client.link.on("hello", () => {
      for (const it of this.#carried.values()) this.#again(it);
    });
    // Why a connection ended, to read in the trace.
    this.#client.link.on("close", (verdict) => this.#note("closed", verdict));
    this.#client.link.on("frame", ({ type, data }) => {
      if (type === "large_data_received") this.#received(data as Received);
      else if (type === "large_data_delete") this.#deleted((data as { data_id: string }).data_id);
      else if (type === "error") this.#refused(data as Refused);
    });
  }

  get isOpen(): boolean {
    return this.#client.link.isOpen;
  }

  override get open(): number {
    return this.objects.filter(isUnderWay).length;
  }

  connect(): void {
    void this.#client.connect().catch(() => {});
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  leave(): void {
    clearInterval(this.#looking);
    this.#client.disconnect();
  }

  override say(): void {
    if (OBJECTS_MAX <= this.objects.length) return;
    const { random } = this.scene;
    const id = this.next().slice(0, -1);
    const total_chunks = between(random, CHUNKS);
    const pieces = Array.from({ length: total_chunks }, () =>
      Uint8Array.from({ length: between(random, BYTES) }, () => 256 * random()),
    );
    const chunks = pieces.map((bytes, chunk_index) => ({
      data_id: id,
      chunk_index,
      total_chunks,
      chunk_data: Buffer.from(bytes).toString("base64"),
      checksum: sha256(bytes),
    }));
    const object: LargeObject = { id, sha256: sha256(Buffer.concat(pieces)), state: "open" };
    const carried = { object, chunks, sends: 0, sent: new Set<number>(), deletions: 0, saidAt: 0 };
    this.objects.push(object);
    this.#carried.set(id, carried);
    this.#note("sends", { id, chunks: chunks.length });
    this.#begin(carried);
  }

  /** Who counts from where is known from index 0 on; the others come in any order. */
  #begin(it: Carried): void {
    const order = it.chunks.slice(1).map(({ chunk_index }) => ({ chunk_index, at: this.scene.random() }));
    order.sort((a, b) => a.at - b.at);
    this.#send(it, [0, ...order.map(({ chunk_index }) => chunk_index)]);
  }

  /** What has no answer: any chunk brings what is missing. */
  #again(it: Carried): void {
    it.sent.clear();
    if (it.object.state === "open" && !it.sends) this.#begin(it);
    else if (it.object.state === "open") this.#send(it, [0]);
    else if (it.object.state === "deleting") this.#delete(it);
  }

  #look(): void {
    for (const it of this.#carried.values()) {
      if (isUnderWay(it.object) && AGAIN_MS < performance.now() - it.saidAt) this.#again(it);
    }
  }

  #send(it: Carried, indexes: number[]): void {
    if (!this.isOpen) return;
    it.saidAt = performance.now();
    for (const index of indexes) {
      const data = it.chunks[index];
      if (!data || it.sent.has(index)) continue;
      it.sent.add(index);
      it.sends += 1;
      this.#say("large_data", `${it.object.id}.${index}.${it.sends}`, data);
    }
  }

  #delete(it: Carried): void {
    // It is said on the next connection.
    if (!this.isOpen) return;
    it.saidAt = performance.now();
    it.deletions += 1;
    this.#note("deletes", { id: it.object.id });
    this.#say("large_data_delete", `${it.object.id}.delete`, { data_id: it.object.id });
  }

  #received({ data_id, status, missing = [] }: Received): void {
    this.#note("heard", { id: data_id, status, missing });
    const it = this.#carried.get(data_id);
    if (it?.object.state !== "open") return;
    if (status === "incomplete") this.#send(it, missing);
    else this.#stands(it);
  }

  /** All of it is there: from now on, or until it is deleted. */
  #stands(it: Carried): void {
    it.object.state = "acked";
    // Where each chunk was sent once, none is still on its way, to begin the object anew when it is deleted.
    const isAllHere = it.sends === it.chunks.length;
    const { random } = this.scene;
    if (!isAllHere || DELETED_SHARE < random()) {
      this.#carried.delete(it.object.id);
      return;
    }
    it.object.state = "deleting";
    it.saidAt = performance.now();
    setTimeout(() => {
      if (it.object.state === "deleting" && !it.deletions) this.#delete(it);
    }, STANDS_MS * random());
  }

  #deleted(id: string): void {
    const it = this.#carried.get(id);
    if (it?.object.state !== "deleting") return;
    it.object.state = "deleted";
    this.#carried.delete(id);
    this.#note("deleted", { id });
  }

  #refused({ error_code, error_details }: Refused): void {
    this.#note("refused", { error_code, error_details });
    const id = error_details?.request_id ?? "";
    const it = id.endsWith(".delete") ? this.#carried.get(id.slice(0, id.lastIndexOf("."))) : undefined;
    if (error_code !== "NOT_FOUND" || it?.object.state !== "deleting") return;
    // One before had no answer, and was done all the same. The first one finds what was acknowledged.
    if (1 < it.deletions) this.#deleted(it.object.id);
    else it.object.state = "acked";
  }

  #say(type: string, id: string, data: object): void {
    const timestamp = new Date(this.clock.now()).toISOString();
    this.#client.link.send({ type, id, timestamp, data }, { direct: true });
  }

  #note(what: string, details: object): void {
    this.scene.trace.note(this.scene.room, { by: this.name, what, ...details });
  }
}

type Received = { data_id: string; status: "received" | "incomplete"; missing?: number[] };
type Refused = { error_code: string; error_details?: { request_id?: string } };

const isUnderWay = ({ state }: LargeObject) => state === "open" || state === "deleting";

const between = (random: () => number, [low, high]: readonly [number, number]) =>
  low + Math.floor(random() * (high - low));
