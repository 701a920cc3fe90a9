// The text of the files that are made. What is polished by hand is polished here.
import { declarationOf, typeOf } from "./schemas.mjs";
import { comment, pascal, property, typeName } from "./words.mjs";

const HEAD = "// Made from the OpenAPI document by `npm run generate`: change what is in generate/ instead.\n\n";

export function typesFile(document, methods, answered) {
  const schemas = Object.entries(document.components.schemas).map(([name, schema]) =>
    declarationOf(name, schema, answered.has(name)),
  );
  const queries = methods.filter(({ query }) => query.length > 0).map(queryOf);
  const values = 'import type { Credits, CreditsChange, Open, Timestamp } from "../values.js";\n';
  return HEAD + [values, ...schemas, ...queries].join("\n");
}

function queryOf({ query, queryName, resource, name }) {
  const fields = query.map(
    ({ name: field, description, required, schema }) =>
      `${comment(description, "  ")}  ${property(field)}${required ? "" : "?"}: ${typeOf(schema, false)};\n`,
  );
  return `/** What \`${resource}.${name}\` can be asked. */\nexport interface ${queryName} {\n${fields.join("")}}\n`;
}

export function resourcesFile(document, methods) {
  const classes = resourcesOf(methods).map((resource) => classOf(resource, methods, document));
  return HEAD + [importsOf(document, methods, classes.join("\n")), ...classes].join("\n");
}

const resourcesOf = (methods) => [...new Set(methods.map(({ resource }) => resource))];

const RUNTIME = {
  "../call.js": ["type Call"],
  "../download.js": ["type Download"],
  "../event-stream.js": ["type EventStream"],
  "../lines.js": ["type Lines"],
  "../operation.js": ["type Operation", "pathOf"],
  "../options.js": [
    "Conditional",
    "Deferred",
    "KeyRequired",
    "Keyed",
    "Positioned",
    "Ranged",
    "RequestOptions",
    "Resumed",
    "Uploaded",
    "Waiting",
  ].map((name) => `type ${name}`),
  "../paging.js": ["type Paged"],
  "../transport.js": ["type Transport"],
  "../upload.js": ["type Upload"],
};

function importsOf(document, methods, text) {
  const lines = methods.filter((method) => method.lines).map((method) => method.lines);
  const schemas = Object.keys(document.components.schemas).map(typeName);
  const queries = methods.map(({ queryName }) => queryName);
  const all = [
    ...lines.map(({ from, type, last }) => [from, [`type ${type}`, last]]),
    ...Object.entries(RUNTIME),
    ["./types.js", [...schemas, ...queries].sort().map((name) => `type ${name}`)],
  ];
  return all.map(([from, names]) => importOf(from, names, text)).join("");
}

function importOf(from, names, text) {
  const used = names.filter((name) =>
    new RegExp(`(?<![."\\w])${name.replace("type ", "")}\\b`).test(withoutComments(text)),
  );
  if (used.length === 0) return "";
  if (used.every((name) => name.startsWith("type "))) {
    return `import type { ${used.map((name) => name.replace("type ", "")).join(", ")} } from "${from}";\n`;
  }
  return `import { ${used.join(", ")} } from "${from}";\n`;
}

const withoutComments = (text) => text.replace(/\/\*\*.*?\*\//gs, "");

function classOf(resource, methods, document) {
  const tag = document.tags.find(({ name }) => className(name) === className(resource));
  const own = methods.filter((method) => method.resource === resource).map(methodText);
  return (
    comment(tag?.description) +
    `export class ${className(resource)} {\n` +
    "  protected readonly transport: Transport;\n\n" +
    "  constructor(transport: Transport) {\n    this.transport = transport;\n  }\n\n" +
    `${own.join("\n")}}\n`
  );
}

const className = (resource) => `${pascal(resource)}Operations`;

function methodText({ name, summary, description, signatures, widest, implementation }) {
  const head = comment(description ? `${summary}.\n\n${description}` : `${summary}.`, "  ");
  const body = ` {\n    ${implementation}\n  }\n`;
  const line = ({ parameters, returns }) => `  ${name}(${parameters}): ${returns}`;
  if (signatures.length === 1) return head + line(signatures[0]) + body;
  return `${signatures.map((one) => `${head}${line(one)};\n`).join("")}${line(widest)}${body}`;
}

export function apiFile(methods, { extended }) {
  const resources = resourcesOf(methods).map((resource) => ({
    resource,
    type: extended[resource]?.class ?? className(resource),
  }));
  const plain = resources.filter(({ resource }) => !extended[resource]).map(({ type }) => type);
  return (
    HEAD +
    Object.values(extended)
      .map((own) => `import { ${own.class} } from "${own.from}";\n`)
      .join("") +
    'import type { Transport } from "../transport.js";\n' +
    `import { ${plain.join(", ")} } from "./resources.js";\n\n` +
    "/** Everything that the API can do, by what it is about. */\nexport class Api {\n" +
    resources.map(({ resource, type }) => `  readonly ${resource}: ${type};\n`).join("") +
    "\n  constructor(transport: Transport) {\n" +
    resources.map(({ resource, type }) => `    this.${resource} = new ${type}(transport);\n`).join("") +
    "  }\n}\n"
  );
}
