import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { PulledImage } from "../registry/pull.ts";

/** For tests: a web server of a few lines that reads PORT and says which build it is. `/ready` answers what `READY` says. */
export const serverSource = (version: string): string => `import { createServer } from "node:http";
console.log("starting ${version}");
createServer((request, response) => {
  if (request.url === "/ready") response.statusCode = Number(process.env.READY ?? "200");
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ version: ${JSON.stringify(version)}, path: request.url, host: request.headers.host, greeting: process.env.GREETING, pod: process.env.HOSTNAME }));
}).listen(Number(process.env.PORT), () => console.log("listening"));
`;

export const crashingSource = `console.log("starting"); console.error("FATAL: cannot reach the database"); process.exit(3);\n`;

/** For tests: what a registry would give for some references; anything else is not found. */
export function examplePull(
  images: Record<string, string>,
  addFiles?: (directory: string) => Promise<void>,
): (reference: string) => Promise<PulledImage> {
  return async (reference) => {
    const source = images[reference];
    if (source === undefined) throw new Error(`${reference}: not found`);
    const digest = `sha256:${createHash("sha256").update(source).digest("hex")}`;
    return {
      digest,
      manifestDigest: digest,
      config: {
        entrypoint: ["node", "/app/server.mjs"],
        cmd: [],
        env: { NODE_ENV: "production" },
        workingDir: "/app",
        labels: {},
      },
      unpack: async (directory) => {
        const file = join(directory, "app/server.mjs");
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, source);
        await addFiles?.(directory);
      },
    };
  };
}
