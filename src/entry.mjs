// The Worker's module. `#rust` is build/, or build-chaos/ in the chaos tests (package.json).
import worker, {
  AnalyticsDurableObject as Analytics,
  ChatRoomDurableObject as ChatRoom,
  CollaborationDurableObject as Collaboration,
  ConversationDurableObject as Conversation,
  DirectoryDurableObject as Directory,
  EchoDurableObject as Echo,
  HubDurableObject as Hub,
} from "#rust";
import { guarded } from "./guard.mjs";

export default worker;
export class ChatRoomDurableObject extends guarded(ChatRoom) {}
export class HubDurableObject extends guarded(Hub) {}
export class AnalyticsDurableObject extends guarded(Analytics) {}
export class CollaborationDurableObject extends guarded(Collaboration) {}
export class ConversationDurableObject extends guarded(Conversation) {}
export class DirectoryDurableObject extends guarded(Directory) {}
export class EchoDurableObject extends guarded(Echo) {}
