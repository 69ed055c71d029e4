import { readFileSync } from "node:fs";
import specs from "@asyncapi/specs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv } from "ajv";
import { expect, test } from "vitest";

/** The schema of AsyncAPI has words and formats that are not JSON Schema's. */
const options = { strict: false, validateFormats: false, allErrors: true };

const read = (name: string) => JSON.parse(readFileSync(`docs/${name}`, "utf8"));

test("docs/openapi.json is OpenAPI 3.1", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(read("openapi.json"));
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  expect(validator.version).toBe("3.1");
});

test("docs/asyncapi.json is AsyncAPI 3", () => {
  const document = read("asyncapi.json");
  const schema = specs.schemasWithoutId["3.0.0"];
  expect(document.asyncapi).toBe("3.0.0");
  const validate = new Ajv(options).compile(schema);
  validate(document);
  expect(validate.errors ?? []).toEqual([]);
});

test("the validators find what is wrong", async () => {
  const { paths, ...open } = read("openapi.json");
  expect((await new Validator().validate({ ...open, paths: { nowhere: paths } })).valid).toBe(false);
  const { channels, ...async } = read("asyncapi.json");
  const ajv = new Ajv(options);
  expect(ajv.validate(specs.schemasWithoutId["3.0.0"], { ...async, channels: [channels] })).toBe(false);
});
