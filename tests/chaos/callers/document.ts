// Texts that are edited together, by the client package: every character that is put in stays, once.
import type { SharedText } from "../../../clients/typescript/src/document/index.ts";
import type { Scene } from "./caller.ts";
import { NativeCaller } from "./native.ts";

export class DocumentCaller extends NativeCaller {
  document: SharedText | undefined;
  readonly words: string[] = [];
  /** Those that were under way when something was refused: in the text, or not. */
  readonly refused = new Set<string>();

  constructor(scene: Scene) {
    super(scene, "json", "document");
  }

  override connect(): void {
    super.connect();
    void this.room.document("page").then((document) => {
      this.document = document;
      document.on("refused", () => {
        for (const it of this.words.slice(-20)) this.refused.add(it);
      });
    });
  }

  override say(): void {
    const { document } = this;
    if (!document) return;
    // One character, which nobody can split, and which nobody else puts in: of the 20,992 from here on.
    const first = 0x4e00 + (this.name.startsWith("editor-a") ? 0 : 10_000);
    const word = String.fromCodePoint(first + this.words.length);
    const place = Math.floor(this.scene.random() * (document.text.length + 1));
    this.words.push(word);
    document.edit(place, place, word);
    this.scene.trace.note(this.scene.room, { by: this.name, what: "edit", word, place });
  }

  get isSaved(): boolean {
    const state = this.document?.getSnapshot();
    return !this.words.length || (!!state?.isSaved && state.isJoined);
  }
}
