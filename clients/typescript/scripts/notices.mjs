// The licences of what is bundled and not ours.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const HEAD = `This package has code of the packages below in it. Each is listed with its licence and its
notice. The text of the Apache License 2.0 is in the file LICENSE-APACHE.
`;

/**
 * @param metafiles those of esbuild, whose paths begin at `folder`
 * @returns the text of THIRD-PARTY-NOTICES.txt
 * @throws {Error} if a package that is bundled has no licence
 */
export function notices(metafiles, folder) {
  const paths = metafiles
    .flatMap(({ outputs }) => Object.values(outputs))
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput)
    .map(([path]) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  const packages = [...new Set(paths.filter(Boolean))].map((it) => notice(join(folder, it)));
  return `${[HEAD, ...packages.sort()].join(`\n${"-".repeat(80)}\n\n`).trimEnd()}\n`;
}

function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = readdirSync(folder).filter((it) => /^(licen[cs]e|notice|copying)/i.test(it));
  if (!license || !files.length) throw new Error(`${name} has no licence`);
  const texts = files.map((it) => readFileSync(join(folder, it), "utf8").trim());
  return `${name} ${version} (${license})\n\n${texts.join("\n\n")}\n`;
}
