// The Worker's module. `#rust` is build/, or build-chaos/ in the chaos tests (package.json).
import worker, { ChatRoomDurableObject as ChatRoom, EchoDurableObject as Echo } from "#rust";
import { guarded } from "./guard.mjs";

export default worker;
export class ChatRoomDurableObject extends guarded(ChatRoom) {}
export class EchoDurableObject extends guarded(Echo) {}
