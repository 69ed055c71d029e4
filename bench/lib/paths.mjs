// Where things are.
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The Worker's folder. */
export const ROOT = at("../../");
export const BENCH = at("../");
export const PEERS = at("../peers/");
/** Everything that a run leaves behind, and may be deleted. */
export const STATE = at("../.state/");
export const LOAD = at("../load/target/release/load");

export const tool = (name) => `${ROOT}node_modules/.bin/${name}`;
