import { registryUsage, serveRegistry } from "@release-actions/stand-ins";

/** Serves a stand-in on its own until SIGINT or SIGTERM. Returns the exit code. */
export async function serveStandIn(
  [what, ...options]: string[],
  out: { line(text: string): void; error(text: string): void },
): Promise<number> {
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => ended.abort());
  if (what === "registry") return serveRegistry(options, out, ended.signal);
  if (what === undefined || what === "--help" || what === "-h") {
    out.line(registryUsage);
    return 0;
  }
  out.error(`There is no stand-in ${JSON.stringify(what)} to serve.\n\n${registryUsage}`);
  return 2;
}
