import { Fault } from "@release-actions/codes";
import { execFile } from "node:child_process";
import type { Keeper, Login } from "./docker-config.ts";

/** What keeps logins outside config.json: `docker-credential-<name>`, found on PATH. */
export type CredentialProgram = Keeper & {
  env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds; default 30 000. */
  timeout?: number;
};

const defaultTimeout = 30_000;
const outputLimit = 64 * 1024;

/**
 * Asks a credential program of Docker's protocol for one login; undefined when it knows none. It runs without a shell, and
 * without the action's inputs in its environment. @throws Fault RA2002
 */
export async function askProgram(program: CredentialProgram): Promise<Login | undefined> {
  const { name, server } = program;
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/.test(name)) {
    throw new Fault("RA2002", {
      saw: `config.json names a credential program with a name that cannot be one, for ${server}`,
    });
  }
  const { failure, output } = await run(program);
  if (failure === undefined) return loginIn(output, `docker-credential-${name}`, server);
  // The protocol's own words, which Docker compares as well; a failure's output is a message and holds no login.
  const said = output.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
  if (/^credentials not found\b/i.test(said)) return undefined;
  const why = said === "" ? failure : `${failure}: ${said.slice(0, 200)}`;
  throw new Fault("RA2002", {
    saw: `docker-credential-${name} gave no login of ${server} (${why})`,
  });
}

function run(program: CredentialProgram): Promise<{ failure: string | undefined; output: string }> {
  const timeout = program.timeout ?? defaultTimeout;
  const env = Object.fromEntries(
    Object.entries(program.env).filter(([name]) => !name.startsWith("INPUT_")),
  );
  return new Promise((resolve) => {
    const child = execFile(
      `docker-credential-${program.name}`,
      ["get"],
      { env, timeout, maxBuffer: outputLimit, killSignal: "SIGKILL", windowsHide: true },
      (error, output) => resolve({ failure: error ? reason(error, timeout) : undefined, output }),
    );
    // A program may end without reading what it was asked.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(program.server);
  });
}

function reason(error: Error & { code?: unknown; killed?: boolean }, timeout: number): string {
  if (error.code === "ENOENT") return "it is not on PATH";
  if (error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") return "it wrote too much";
  if (error.killed) return `no answer within ${timeout / 1000} s`;
  return typeof error.code === "number" ? `exit code ${error.code}` : "it could not be run";
}

function loginIn(output: string, program: string, server: string): Login | undefined {
  const answer = parse(output);
  const username = answer?.["Username"];
  const secret = answer?.["Secret"];
  if (typeof username !== "string" || typeof secret !== "string") {
    // The output may hold the login in another form, so none of it is shown.
    throw new Fault("RA2002", {
      saw: `${program} answered for ${server} in a form that is not its protocol's`,
    });
  }
  if (secret === "") return undefined;
  return username === "<token>" ? { identityToken: secret } : { username, password: secret };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
