import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export type DockerRegistry = { host: string; folder: string } & AsyncDisposable;

/** Starts Docker's own registry on a free port, with its content in a folder that goes with it. */
export async function startDockerRegistry(
  program: string,
  /** Settings besides storage and address; each value is JSON, which is YAML. */
  settings: Record<string, unknown> = {},
): Promise<DockerRegistry> {
  const folder = mkdtempSync(join(tmpdir(), "docker-registry-"));
  const host = `127.0.0.1:${await freePort()}`;
  const configuration = {
    version: "0.1",
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, "content") }, delete: { enabled: true } },
    http: { addr: host, secret: "of this test", relativeurls: true },
    ...settings,
  };
  writeFileSync(join(folder, "configuration.yml"), JSON.stringify(configuration));
  const child = spawn(program, ["serve", join(folder, "configuration.yml")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (text) => (said += String(text)));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let round = 0; ; round += 1) {
    const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
    if (answer) return { host, folder, [Symbol.asyncDispose]: stop };
    if (child.exitCode !== null || round > 200) {
      await stop();
      throw new Error(`Docker's registry did not start:\n${said}`);
    }
    await pause(25);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
