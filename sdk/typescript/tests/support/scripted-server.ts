// A tiny server whose answers a test writes down, one for each request.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after } from "node:test";
import { type ClientOptions, Cooly } from "@cooly/sdk";

export interface Received {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

export type Reply = (response: ServerResponse, request: Received) => unknown;

export interface Scripted {
  baseUrl: string;
  received: Received[];
  client(options?: Partial<ClientOptions>): Cooly;
}

// An open server would keep the process of a test that failed from ending.
const servers = new Set<Server>();
after(() => {
  for (const server of servers) server.close().closeAllConnections();
});

// The last reply stands for all further requests.
export async function scripted(...replies: Reply[]): Promise<Scripted> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = "", url = "", headers } = request;
    const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
    received.push(one);
    await replies[Math.min(received.length, replies.length) - 1]?.(response, one);
  });
  servers.add(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    baseUrl,
    received,
    client: (options) => new Cooly({ baseUrl, token: "secret-token", backoffMs: 5, ...options }),
  };
}

export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Reply =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
    response.end(JSON.stringify(body));
  };

export const problem =
  (status: number, code: string, more: Record<string, unknown> = {}, headers: Record<string, string> = {}): Reply =>
  (response) => {
    const type = `urn:cooly:problem:${code}`;
    response.writeHead(status, { "content-type": "application/problem+json", ...headers });
    response.end(JSON.stringify({ type, title: code, status, code, detail: "why", request_id: "r-1", ...more }));
  };

/** The request arrives, and its answer gets lost. */
export const lost: Reply = (response) => {
  response.destroy();
};

/** Events, after which the connection breaks. */
export const events =
  (...texts: string[]): Reply =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(texts.join(""), () => setTimeout(() => response.destroy(), 20));
  };
