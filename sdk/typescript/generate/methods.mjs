// One method for each operation: its signatures, and the one line that it does.
import { jsonTypes } from "./operations.mjs";
import { typeOf } from "./schemas.mjs";
import { camel } from "./words.mjs";

const OPTION_TYPES = new Map([
  ["Idempotency-Key", "Keyed"],
  ["Ledger-Position", "Positioned"],
  ["If-None-Match", "Conditional"],
  ["Range", "Ranged"],
  ["Last-Event-ID", "Resumed"],
]);
const REQUIRED_TYPES = { Keyed: "KeyRequired" };
// `If-Range` comes with `Range`, and `Prefer` means one of two things.
const KNOWN_HEADERS = new Set([...OPTION_TYPES.keys(), "If-Range", "Prefer"]);

export function methodOf(operation, document) {
  const kind = kindOf(operation);
  return {
    ...operation,
    signatures: SIGNATURES[kind](operation, document),
    widest: signature(operation, {}, "any"),
    implementation: implementationOf(operation, kind),
  };
}

function kindOf({ answers, page, lines, conditional, files }) {
  const medias = answers.map(({ media }) => media);
  if (medias.includes("text/event-stream")) return "events";
  if (lines) return "lines";
  if (page) return files.length > 0 ? "pagesOrFile" : "pages";
  if (medias.includes("text/plain")) return "text";
  if (!medias.includes("application/json")) return conditional ? "conditionalFile" : "file";
  if (files.length > 0) return "jsonOrFile";
  return conditional ? "conditional" : "json";
}

const SIGNATURES = {
  events: (operation) => [signature(operation, {}, `Promise<EventStream<${eventTypeOf(operation)}>>`)],
  lines: (operation) => [signature(operation, {}, `Promise<Lines<${operation.lines.type}>>`)],
  pages: (operation) => [signature(operation, {}, pagedTypeOf(operation))],
  pagesOrFile: (operation) => orFile(operation, pagedTypeOf(operation)),
  jsonOrFile: (operation, document) =>
    orFile(operation, `Call<${jsonTypes(operation, document, () => true).join(" | ")}>`),
  text: (operation) => [signature(operation, {}, "Call<string>")],
  file: (operation) => [signature(operation, {}, "Promise<Download>")],
  conditionalFile: (operation) => unlessKnown(operation, "Promise", "Download"),
  conditional: (operation, document) =>
    unlessKnown(operation, "Call", jsonTypes(operation, document, () => true).join(" | ")),
  json: jsonSignatures,
};

// The format that is asked for tells the type of the answer.
function orFile(operation, type) {
  const asked = (format) => ({ query: `${operation.queryName} & { ${format} }` });
  return [
    signature(operation, asked('format?: "json"'), type),
    signature(operation, asked(`format: ${literals(operation.files)}`), "Promise<Download>"),
  ];
}

function unlessKnown(operation, wrapper, type) {
  const options = optionsOf(operation);
  return [
    signature(operation, { options: options.replace(" & Conditional", "") }, `${wrapper}<${type}>`),
    signature(operation, { options, required: true }, `${wrapper}<${type} | null>`),
  ];
}

// What is only tried may answer with another type than what is done, and so may what a worker does later.
function jsonSignatures(operation, document) {
  const all = jsonTypes(operation, document, () => true);
  const later = jsonTypes(operation, document, (status) => status === 202);
  const now = all.filter((type) => !later.includes(type));
  if (later.length === 0 || now.length === 0) return [signature(operation, {}, `Call<${all.join(" | ")}>`)];
  const asynchronous = prefersAsync(operation);
  const async = { options: `${optionsOf(operation)} & { respondAsync: true }`, required: true };
  if (asynchronous) {
    return [
      signature(operation, { ...async, body: "& { dry_run?: false }" }, `Call<${later.join(" | ")}>`),
      signature(operation, async, `Call<${all.join(" | ")}>`),
      signature(operation, {}, `Call<${now.join(" | ")}>`),
    ];
  }
  return [
    signature(operation, { body: "& { dry_run: true }" }, `Call<${now.join(" | ")}>`),
    signature(operation, { body: "& { dry_run?: false }" }, `Call<${later.join(" | ")}>`),
    signature(operation, {}, `Call<${all.join(" | ")}>`),
  ];
}

const pagedTypeOf = ({ page }) => `Paged<${page.item}, ${page.type}>`;

const eventTypeOf = ({ answers }) => typeOf(answers[0].schema.items, true);

const prefersAsync = ({ headers }) => headers.get("Prefer")?.description.includes("respond-async") ?? false;

function optionsOf(operation) {
  const unknown = [...operation.headers.keys()].filter((name) => !KNOWN_HEADERS.has(name));
  if (unknown.length > 0) throw new Error(`${operation.id} has a header that the runtime does not know: ${unknown}.`);
  const types = ["RequestOptions"];
  for (const [header, type] of OPTION_TYPES) {
    if (!operation.headers.has(header)) continue;
    types.push(operation.headers.get(header).required ? REQUIRED_TYPES[type] : type);
  }
  if (operation.headers.has("Prefer")) types.push(prefersAsync(operation) ? "Deferred" : "Waiting");
  if (operation.body?.medias.length > 1) types.push(`Uploaded<${literals(operation.body.medias)}>`);
  return types.join(" & ");
}

const literals = (words) => words.map((word) => JSON.stringify(word)).join(" | ");

function signature(operation, overrides, returns) {
  const parts = operation.pathParameters.map(({ name, schema }) => `${camel(name)}: ${typeOf(schema, false)}`);
  if (operation.body) parts.push(`body: ${bodyTypeOf(operation.body, overrides.body)}`);
  const optionsRequired = overrides.required || [...operation.headers.values()].some(({ required }) => required);
  if (operation.query.length > 0) {
    const type = overrides.query ?? operation.queryName;
    const needed = operation.query.some(({ required }) => required) || type.includes("format: ");
    parts.push(needed ? `query: ${type}` : optionsRequired ? `query: ${type} | undefined` : `query?: ${type}`);
  }
  parts.push(`options${optionsRequired ? "" : "?"}: ${overrides.options ?? optionsOf(operation)}`);
  return { parameters: parts.join(", "), returns };
}

function bodyTypeOf(body, narrowed) {
  if (!body.json) return `Upload<${body.type}>`;
  return narrowed ? `${body.type} ${narrowed}` : body.type;
}

function implementationOf(operation, kind) {
  const fields = [
    `id: ${JSON.stringify(operation.id)}`,
    `method: ${JSON.stringify(operation.method)}`,
    `path: ${pathOf(operation)}`,
  ];
  if (operation.query.length > 0) fields.push("query");
  if (operation.body)
    fields.push(operation.body.json ? "body" : `upload: body, uploadTypes: [${literalsList(operation)}]`);
  if (operation.headers.has("Idempotency-Key")) fields.push(prefersAsync(operation) ? `keyed: "async"` : "keyed: true");
  if (operation.headers.has("Ledger-Position")) fields.push("positioned: true");
  if (operation.repeatable) fields.push("repeatable: true");
  if (!operation.secured) fields.push("open: true");
  const request = `{ ${fields.join(", ")} }`;
  return BODIES[kind](request, operation);
}

const literalsList = ({ body }) => body.medias.map((media) => JSON.stringify(media)).join(", ");

const BODIES = {
  events: (request) => `return this.transport.events(${request}, options);`,
  lines: (request, { lines }) => `return this.transport.lines(${request}, ${lines.last}, options);`,
  pages: (request, { page }) => `return this.transport.pages(${request}, "${page.field}", options);`,
  pagesOrFile: (request, { page, files }) =>
    `${downloadsIf(request, files)}    return this.transport.pages(request, "${page.field}", options);`,
  jsonOrFile: (request, { files }) => `${downloadsIf(request, files)}    return this.transport.json(request, options);`,
  text: (request) => `return this.transport.text(${request}, options);`,
  file: (request) => `return this.transport.download(${request}, options);`,
  conditionalFile: (request) => `return this.transport.download(${request}, options);`,
  conditional: (request) => `return this.transport.json(${request}, options);`,
  json: (request) => `return this.transport.json(${request}, options);`,
};

function downloadsIf(request, files) {
  const isFile = files.map((format) => `query?.format === ${JSON.stringify(format)}`).join(" || ");
  return `const request: Operation = ${request};\n    if (${isFile}) return this.transport.download(request, options);\n`;
}

function pathOf({ path, pathParameters }) {
  if (pathParameters.length === 0) return JSON.stringify(path);
  return `pathOf\`${path.replace(/\{(\w+)\}/g, (_, name) => `\${${camel(name)}}`)}\``;
}
