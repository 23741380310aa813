import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { listen, movableClock } from "../stand-in.ts";
import { profiles, type ProfileName } from "./quirks.ts";
import { createRegistryStandIn } from "./registry-stand-in.ts";

export const registryUsage = `stand-in registry [--port N] [--profile NAME] [--auth basic|bearer --user NAME:PASSWORD] [--on-disk]

A container registry on 127.0.0.1, after the OCI distribution spec 1.1 and its draft of several tags in one push. It is
empty when it starts, and what it holds is gone when it ends.

  --port N         the port; a free one unless it is given
  --profile NAME   behaves as ${Object.keys(profiles).join(", ")}
  --auth SCHEME    basic, or bearer with a token realm of its own; open to all unless it is given
  --user U:P       the account that may pull and push; may be given several times
  --anonymous      everybody may pull
  --on-disk        keeps blobs in a temporary folder and not in memory`;

/** Serves a registry until the signal. Returns the exit code. */
export async function serveRegistry(
  args: string[],
  out: { line(text: string): void; error(text: string): void },
  ended: AbortSignal,
): Promise<number> {
  const asked = read(args);
  if (typeof asked === "string") {
    out.error(`${asked}\n\n${registryUsage}`);
    return 2;
  }
  if (asked === undefined) {
    out.line(registryUsage);
    return 0;
  }
  const { port, onDisk, ...options } = asked;
  const folder = onDisk ? await mkdtemp(join(tmpdir(), "registry-")) : undefined;
  try {
    const registry = createRegistryStandIn({
      ...options,
      clock: movableClock(),
      ...(folder !== undefined && { folder }),
    });
    const server = await listen(registry, port);
    out.line(server.url);
    if (!ended.aborted)
      await new Promise((resolve) => ended.addEventListener("abort", resolve, { once: true }));
    await server.close();
    return 0;
  } catch (error) {
    out.error(`The registry does not start: ${error instanceof Error ? error.message : error}`);
    return 1;
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

type Asked = {
  port: number;
  onDisk: boolean;
  profile?: ProfileName;
  realm?: "basic" | "bearer";
  accounts?: Record<string, string>;
  anonymousPull?: boolean;
};

/** Undefined when help was asked for; a sentence when something is wrong. */
function read(args: string[]): Asked | string | undefined {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        help: { type: "boolean", short: "h" },
        port: { type: "string", default: "0" },
        profile: { type: "string" },
        auth: { type: "string" },
        user: { type: "string", multiple: true, default: [] },
        anonymous: { type: "boolean", default: false },
        "on-disk": { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { help, profile, auth, user, anonymous } = values;
  if (help) return undefined;
  if (!/^\d+$/.test(values.port) || Number(values.port) > 65535)
    return `--port ${values.port} is not a port.`;
  if (profile !== undefined && !isProfile(profile)) return `There is no profile ${profile}.`;
  if (auth !== undefined && auth !== "basic" && auth !== "bearer")
    return `--auth is basic or bearer, and not ${auth}.`;
  if ((auth === undefined) !== (user.length === 0)) return "--auth and --user belong together.";
  const accounts = user.map((one) => one.split(/:(.*)/s).slice(0, 2));
  if (accounts.some(([name, password]) => !name || !password)) return "--user is NAME:PASSWORD.";
  return {
    port: Number(values.port),
    onDisk: values["on-disk"],
    ...(profile !== undefined && { profile }),
    ...(auth !== undefined && {
      realm: auth,
      accounts: Object.fromEntries(accounts) as Record<string, string>,
      anonymousPull: anonymous,
    }),
  };
}

function isProfile(name: string): name is ProfileName {
  return Object.hasOwn(profiles, name);
}
