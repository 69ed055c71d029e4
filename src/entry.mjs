// The Worker's module. `#rust` is build/, or build-chaos/ in the chaos tests (package.json).
import worker, {
  ChatRoomDurableObject as ChatRoom,
  DirectoryDurableObject as Directory,
  EchoDurableObject as Echo,
  HubDurableObject as Hub,
} from "#rust";
import { guarded } from "./guard.mjs";

export default worker;
export class ChatRoomDurableObject extends guarded(ChatRoom) {}
export class HubDurableObject extends guarded(Hub) {}
export class DirectoryDurableObject extends guarded(Directory) {}
export class EchoDurableObject extends guarded(Echo) {}
