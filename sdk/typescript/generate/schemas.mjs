// Schemas of the document as types.
import { comment, property, typeName } from "./words.mjs";

// Decimals of credits are strings with one of these patterns. They stay strings: a float would lose some.
const AMOUNTS = new Map([
  ["^[0-9]+(\\.[0-9]+)?$", "Credits"],
  ["^-?[0-9]+(\\.[0-9]+)?$", "CreditsChange"],
]);

export const refName = (schema) => schema.$ref.slice("#/components/schemas/".length);

// All names of schemas that are reachable from `roots`.
export function reachable(document, roots) {
  const seen = new Set();
  const visit = (node) => {
    if (node === null || typeof node !== "object") return;
    if (typeof node.$ref === "string" && !seen.has(refName(node))) {
      seen.add(refName(node));
      visit(document.components.schemas[refName(node)]);
    }
    for (const value of Object.values(node)) visit(value);
  };
  roots.forEach(visit);
  return seen;
}

// `open`: whether a newer server may put there what this document does not know, as in any answer.
export function typeOf(schema, open) {
  const type = plainTypeOf(schema, open);
  return schema.nullable && type !== "unknown" ? `${type} | null` : type;
}

function plainTypeOf(schema, open) {
  if (schema.$ref) return typeName(refName(schema));
  if (schema.enum) return enumOf(schema.enum, open);
  if (schema.anyOf ?? schema.oneOf) return unionOf((schema.anyOf ?? schema.oneOf).map((one) => typeOf(one, open)));
  if (schema.allOf) return schema.allOf.map((one) => typeOf(one, open)).join(" & ");
  if (schema.type === "array") return `Array<${typeOf(schema.items, open)}>`;
  if (schema.type === "object" || schema.properties) return objectOf(schema, open);
  if (schema.type === "string") return stringOf(schema);
  if (schema.type === "integer" || schema.type === "number") return "number";
  if (schema.type === "boolean") return "boolean";
  if (schema.type === undefined) return "unknown";
  throw new Error(`The generator knows no type for ${JSON.stringify(schema)}: add one in generate/schemas.mjs.`);
}

function unionOf(types) {
  return [...new Set(types)].join(" | ");
}

function enumOf(values, open) {
  const union = values.map((value) => JSON.stringify(value)).join(" | ");
  return open ? `Open<${union}>` : union;
}

function stringOf(schema) {
  if (schema.format === "date-time") return "Timestamp";
  return AMOUNTS.get(schema.pattern) ?? "string";
}

function objectOf(schema, open) {
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length > 0) return `{ ${fields.map((field) => fieldOf(schema, field, open)).join("; ")} }`;
  const values = schema.additionalProperties;
  return `Record<string, ${values && typeof values === "object" ? typeOf(values, open) : "unknown"}>`;
}

function fieldOf(schema, [name, value], open) {
  const optional = schema.required?.includes(name) ? "" : "?";
  return `${property(name)}${optional}: ${typeOf(value, open)}`;
}

export function declarationOf(name, schema, open) {
  const head = comment(schema.description);
  if (!schema.properties || schema.allOf || schema.anyOf || schema.oneOf) {
    return `${head}export type ${typeName(name)} = ${typeOf(schema, open)};\n`;
  }
  const fields = Object.entries(schema.properties).map(
    (field) => `${comment(field[1].description, "  ")}  ${fieldOf(schema, field, open)};\n`,
  );
  return `${head}export interface ${typeName(name)} {\n${fields.join("")}}\n`;
}
