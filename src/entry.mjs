// The Worker's module. `#rust` is build/, or build-chaos/ in the chaos tests (package.json).
import worker, {
  DirectoryDurableObject as Directory,
  EchoDurableObject as Echo,
  RoomObject as Room,
} from "#rust";
import { guarded } from "./guard.mjs";

export default worker;
export class ChatRoomDurableObject extends guarded(Room, "chat") {}
export class HubDurableObject extends guarded(Room, "hub") {}
export class AnalyticsDurableObject extends guarded(Room, "analytics") {}
export class CollaborationDurableObject extends guarded(Room, "collaboration") {}
export class ConversationDurableObject extends guarded(Room, "conversation") {}
export class DirectoryDurableObject extends guarded(Directory) {}
export class EchoDurableObject extends guarded(Echo) {}
