// Names of the document as TypeScript writes them, and its texts as comments.

const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

export const camel = (name) => name.charAt(0).toLowerCase() + name.slice(1);

// `list-accounts`, `Ledger-Position` or `listAccounts` as `ListAccounts`.
export const pascal = (name) =>
  name
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    .map(capital)
    .join("");

// `Order_NewGrant` is a grant that is ordered: `NewGrantOrder`.
export const typeName = (schema) => pascal(schema.replace(/^Order_(.+)$/, "$1_Order"));

// `listGenerations` of the resource `generations` is its `list`; `getGeneration` is its `get`.
export function methodName(operationId, resource) {
  const noun = capital(resource).replace(/s$/, "");
  const short = operationId.replace(new RegExp(`${noun}s?(?=[A-Z]|$)`), "");
  return short === "" ? operationId : camel(short);
}

export const property = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

export function comment(text, indent = "") {
  if (!text?.trim()) return "";
  const lines = text.trim().replaceAll("*/", "*\\/").split("\n");
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  const body = lines.map((line) => `${indent} * ${line}`.trimEnd()).join("\n");
  return `${indent}/**\n${body}\n${indent} */\n`;
}
