// Makes one module of all TypeScript blocks of the README, so that they are checked and run as a reader would.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

const [target] = process.argv.slice(2);
const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
await mkdir(dirname(target), { recursive: true });
await writeFile(target, blocks.join("\n"));
