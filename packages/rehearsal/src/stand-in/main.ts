import { registryUsage, serveRegistry } from "@release-actions/stand-ins";

const [what, ...options] = process.argv.slice(2);
const ended = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => ended.abort());

if (what === "registry") {
  process.exitCode = await serveRegistry(
    options,
    { line: (text) => console.log(text), error: (text) => console.error(text) },
    ended.signal,
  );
} else if (what === undefined || what === "--help" || what === "-h") {
  console.log(registryUsage);
} else {
  console.error(`There is no stand-in ${JSON.stringify(what)} to serve.\n\n${registryUsage}`);
  process.exitCode = 2;
}
