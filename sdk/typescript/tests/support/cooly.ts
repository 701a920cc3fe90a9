// A real Cooly of the tests' own, with everything private to it.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Cooly } from "@cooly/sdk";

const START_MS = 180_000;
const STOP_MS = 30_000;

export interface RunningCooly {
  baseUrl: string;
  client(role: "user" | "admin" | "auditor", sub: string): Cooly;
  stop(): Promise<void>;
}

export async function startCooly(): Promise<RunningCooly> {
  const binary = process.env.COOLY_BIN;
  if (!binary) throw new Error("Set COOLY_BIN to the path of a built cooly: these tests start it.");
  const folder = await mkdtemp(join(tmpdir(), "cooly-sdk-"));
  const baseUrl = `http://127.0.0.1:${await freePort()}`;
  const args = ["up", "--listen", new URL(baseUrl).host, "--data-dir", folder];
  const delays = ["--sim-image-delay", "300ms", "--sim-video-delay", "2s"];
  const child = spawn(binary, [...args, ...delays], { stdio: ["ignore", "ignore", "inherit"], env: environment() });
  const stop = () => stopped(child, folder);
  try {
    await ready(baseUrl, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { baseUrl, stop, client: (role, sub) => new Cooly({ baseUrl, token: tokenOf(baseUrl, role, sub) }) };
}

// The tests' Cooly must not find the database or queue of whoever runs them.
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(COOLY_(?!PG_BIN)|DATABASE_URL|AWS_)/.test(name));
  return { ...Object.fromEntries(kept), COOLY_LOG: "warn" };
}

function tokenOf(baseUrl: string, role: "user" | "admin" | "auditor", sub: string) {
  let token: Promise<string> | undefined;
  return () => {
    token ??= new Cooly({ baseUrl }).operations.issueDevToken({ role, sub }).then((issued) => issued.token);
    return token;
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function ready(baseUrl: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_MS;
  const { operations } = new Cooly({ baseUrl, retries: 0 });
  for (;;) {
    if (child.exitCode !== null) throw new Error(`cooly ended with ${child.exitCode} before it was ready.`);
    if (
      await operations.isReady().then(
        () => true,
        () => false,
      )
    )
      return;
    if (Date.now() > deadline) throw new Error(`cooly was not ready within ${START_MS / 1000} s.`);
    await pause(200);
  }
}

async function stopped(child: ChildProcess, folder: string): Promise<void> {
  const ended = child.exitCode === null ? new Promise((resolve) => child.once("exit", resolve)) : undefined;
  child.kill("SIGTERM");
  await Promise.race([ended, pause(STOP_MS, undefined, { ref: false })]);
  if (child.exitCode === null) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
