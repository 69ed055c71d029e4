// The entry "./large-data": what is larger than a message, in rooms of kind `hub`.
export { getObject } from "./get.ts";
export { deleteObject, type LargeOptions, type Progress, type PutOptions, putObject } from "./put.ts";
