// The Worker's module.
import worker, { ChatRoomDurableObject as ChatRoom, EchoDurableObject as Echo } from "../build/index.js";
import { guarded } from "./guard.mjs";

export default worker;
export class ChatRoomDurableObject extends guarded(ChatRoom) {}
export class EchoDurableObject extends guarded(Echo) {}
