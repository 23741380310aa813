import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A connection that a Node program of a step tried to open past the proxy. */
export type DirectConnection = { host: string; port: number; program: string; job: string };

/**
 * Loaded into every Node program of a step before its own code, so it is written for old versions of Node too. Whatever
 * the program's client is - http, fetch, a library - its connections begin in this one method of Node's sockets.
 */
const watch = String.raw`"use strict";
const { appendFileSync } = require("node:fs");
const { Socket } = require("node:net");
const { basename } = require("node:path");
const proxy = new URL(PROXY);
const { connect } = Socket.prototype;
const own = /^(localhost|127\.[\d.]+|::1)$/;

function target([first, second]) {
  if (Array.isArray(first)) return target(first);
  if (typeof first === "object") return first.path ? undefined : { host: first.host || "localhost", port: Number(first.port) };
  if (isNaN(first)) return undefined;
  return { host: typeof second === "string" ? second : "localhost", port: Number(first) };
}

Socket.prototype.connect = function (...given) {
  const to = target(given);
  if (!to || (to.host === proxy.hostname && to.port === Number(proxy.port)) || own.test(to.host)) return connect.apply(this, given);
  const { GITHUB_JOB: job = "" } = process.env;
  appendFileSync(LOG, JSON.stringify({ ...to, program: basename(process.argv[1] || "node"), job }) + "\n");
  const error = Object.assign(new Error("a rehearsal lets nobody past its proxy: " + to.host + ":" + to.port), { code: "ECONNREFUSED" });
  process.nextTick(() => this.destroy(error));
  return this;
};
`;

/**
 * Keeps Node programs of steps from going past the proxy. Programs that are not Node, or that get another environment
 * than the step's, are led by the proxy variables alone: what they do besides is not seen here.
 */
export function watchConnections(
  directory: string,
  proxyUrl: string,
): { environment: Record<string, string>; seen(): DirectConnection[] } {
  const log = join(directory, "direct-connections.log");
  const preload = join(directory, "direct-connections.cjs");
  const values = { PROXY: JSON.stringify(proxyUrl), LOG: JSON.stringify(log) };
  writeFileSync(
    preload,
    watch.replace(/\b(PROXY|LOG)\b/g, (name) => values[name as "LOG"]),
  );
  return {
    environment: { NODE_OPTIONS: `--require ${JSON.stringify(preload)}` },
    seen: () =>
      existsSync(log)
        ? readFileSync(log, "utf8")
            .trimEnd()
            .split("\n")
            .map((line) => JSON.parse(line) as DirectConnection)
        : [],
  };
}
