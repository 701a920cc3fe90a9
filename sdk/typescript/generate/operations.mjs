// Operations of the document, with all that a method needs to know of one.
import { refName, typeOf } from "./schemas.mjs";
import { camel, methodName, pascal } from "./words.mjs";

const JSON_TYPE = "application/json";

// The tag of what only a browser can use: signing in on the pages.
const FOR_BROWSERS = "Pages";

export function operationsOf(document, names) {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, operation]) => !operation.tags.includes(FOR_BROWSERS))
      .map(([method, operation]) => read(path, method, operation, document, names)),
  );
  refuseTwins(operations);
  return operations;
}

function refuseTwins(operations) {
  const seen = new Map();
  for (const { resource, name, id } of operations) {
    const twin = seen.get(`${resource}.${name}`);
    if (twin) throw new Error(`${twin} and ${id} would both be ${resource}.${name}: name one in generate/names.json.`);
    seen.set(`${resource}.${name}`, id);
  }
}

function read(path, method, operation, document, names) {
  const id = operation.operationId;
  const resource = camel(operation.tags[0]);
  const parameters = operation.parameters ?? [];
  const inPlace = (place) => parameters.filter((parameter) => parameter.in === place);
  const answers = successesOf(operation);
  return {
    id,
    resource,
    name: names.methods[resource]?.[id] ?? methodName(id, resource),
    method: method.toUpperCase(),
    path,
    summary: operation.summary,
    description: operation.description,
    secured: operation.security !== undefined,
    pathParameters: inPlace("path"),
    query: inPlace("query"),
    queryName: `${pascal(id)}Query`,
    headers: new Map(inPlace("header").map((header) => [header.name, header])),
    body: bodyOf(operation),
    dryRun: hasDryRun(operation, document),
    answers,
    conditional: operation.responses["304"] !== undefined,
    page: pageOf(answers, inPlace("query"), document),
    files: filesOf(answers, inPlace("query"), document),
    repeatable: names.repeatable.includes(id),
    lines: names.lines[id],
  };
}

function hasDryRun(operation, document) {
  const schema = operation.requestBody?.content[JSON_TYPE]?.schema;
  return schema?.$ref !== undefined && "dry_run" in document.components.schemas[refName(schema)].properties;
}

// The types that a success can answer with, each with its schema and status.
function successesOf(operation) {
  return Object.entries(operation.responses)
    .filter(([status]) => status < 300)
    .flatMap(([status, response]) =>
      Object.entries(response.content ?? {}).map(([media, { schema }]) => ({
        status: Number(status),
        media: media.split(";")[0],
        schema,
      })),
    );
}

function bodyOf(operation) {
  const content = operation.requestBody?.content;
  if (!content) return undefined;
  const [[media, { schema }]] = Object.entries(content);
  return { type: typeOf(schema, false), medias: Object.keys(content), json: media === JSON_TYPE };
}

// A list with cursors: the name of the field with its items, and their type.
function pageOf(answers, query, document) {
  const answer = answers.find(({ media }) => media === JSON_TYPE);
  if (!answer?.schema.$ref || !query.some(({ name }) => name === "cursor")) return undefined;
  const schema = document.components.schemas[refName(answer.schema)];
  const lists = Object.entries(schema.properties).filter(([, value]) => value.type === "array");
  if (!("next_cursor" in schema.properties) || lists.length !== 1) return undefined;
  return { field: lists[0][0], item: typeOf(lists[0][1].items, true), type: typeOf(answer.schema, true) };
}

// The formats in which an operation that answers JSON answers a file as well.
function filesOf(answers, query, document) {
  const format = query.find(({ name }) => name === "format");
  if (!format || !answers.some(({ media }) => media === JSON_TYPE)) return [];
  const schema = format.schema.$ref ? document.components.schemas[refName(format.schema)] : format.schema;
  return schema.enum.filter((word) => word !== "json");
}

// The distinct types of the JSON that an operation answers with at one of these statuses.
export function jsonTypes(operation, document, statuses) {
  const types = operation.answers
    .filter(({ media, status }) => media === JSON_TYPE && statuses(status))
    .flatMap(({ schema }) => {
      const named = schema.$ref && document.components.schemas[refName(schema)];
      return (named?.anyOf ?? [schema]).map((one) => typeOf(one, true));
    });
  return [...new Set(types)];
}
