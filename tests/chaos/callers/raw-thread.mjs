// A thread around examples/native-client.mjs, which goes on for as long as it is let.
import { parentPort, workerData } from "node:worker_threads";
import { join } from "../../../examples/native-client.mjs";

const { url, room, token } = workerData;
const publish = join(url, room, token, (heard) => parentPort.postMessage({ heard }));

parentPort.on("message", ({ text, event, data }) => {
  publish(event, data).then(
    ({ offset }) => parentPort.postMessage({ answer: text, offset }),
    (error) => parentPort.postMessage({ answer: text, error: String(error) }),
  );
});
