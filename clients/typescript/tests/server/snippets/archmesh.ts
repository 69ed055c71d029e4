import { ArchMeshWebSocketClient } from '@dormouse/client/archmesh';

// As it stands in the document of workflows.
// Usage
const client = new ArchMeshWebSocketClient('your_auth_token');
client.connect();
// The end of it.
export { client };
