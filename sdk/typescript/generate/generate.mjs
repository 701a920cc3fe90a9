// Writes src/generated from the OpenAPI document; with `--check`, only says whether it is as written.
import { readFile, writeFile } from "node:fs/promises";
import { methodOf } from "./methods.mjs";
import { operationsOf } from "./operations.mjs";
import { reachable } from "./schemas.mjs";
import { apiFile, resourcesFile, typesFile } from "./template.mjs";

const here = (path) => new URL(path, import.meta.url);
const DOCUMENT = here("../../../api/tests/openapi.json");
const OUT = "../src/generated/";

const json = async (url) => JSON.parse(await readFile(url, "utf8"));

async function made() {
  const [document, names] = [await json(DOCUMENT), await json(here("names.json"))];
  const methods = operationsOf(document, names).map((operation) => methodOf(operation, document));
  const responses = Object.values(document.paths).flatMap((item) =>
    Object.values(item).map(({ responses }) => responses),
  );
  const answered = reachable(document, responses);
  return {
    "types.ts": typesFile(document, methods, answered),
    "resources.ts": resourcesFile(document, methods),
    "api.ts": apiFile(methods, names),
  };
}

async function isAsWritten(name, text) {
  return (await readFile(here(OUT + name), "utf8").catch(() => undefined)) === text;
}

const files = Object.entries(await made());
if (process.argv.includes("--check")) {
  const stale = [];
  for (const [name, text] of files) if (!(await isAsWritten(name, text))) stale.push(`src/generated/${name}`);
  if (stale.length > 0) {
    console.error(
      `${stale.join(", ")}: not what the document makes. Run \`npm run generate\` and commit what changes.`,
    );
    process.exit(1);
  }
  console.log(`${files.length} generated files are what the document makes.`);
} else {
  for (const [name, text] of files) await writeFile(here(OUT + name), text);
  console.log(`Wrote ${files.map(([name]) => name).join(", ")} to src/generated.`);
}
