import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { release } from "../../test-support/shop.ts";
import { openStage, type Stage } from "../../test-support/stage.ts";

/** A folder of the runner with `docker-credential-team` in `bin`, which gives the registry's login away. */
function install(stage: Stage): { folder: string; secret: string } {
  const folder = mkdtempSync(join(tmpdir(), "docker-login-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const secret = stage.registryLogin["registry-password"];
  const answer = { ServerURL: stage.registryHost, Username: "ci", Secret: secret };
  const program = `#!${process.execPath}
let server = "";
process.stdin.on("data", (bytes) => (server += bytes)).on("end", () => {
  const inputs = Object.keys(process.env).filter((name) => name.startsWith("INPUT_"));
  if (inputs.length > 0 || server !== ${JSON.stringify(stage.registryHost)}) process.exit(3);
  process.stderr.write(${JSON.stringify(`debug: ${secret}\n`)});
  console.log(${JSON.stringify(JSON.stringify(answer))});
});
`;
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin/docker-credential-team"), program);
  chmodSync(join(folder, "bin/docker-credential-team"), 0o755);
  return { folder, secret };
}

describe.concurrent("docker login's file", () => {
  test.each(["credHelpers", "credsStore"])(
    "%s: the program that it names gives the login",
    async (key) => {
      await using stage = await openStage();
      const { digest, image } = await release(stage, "1.0.0");
      const { folder, secret } = install(stage);
      const config = key === "credsStore" ? "team" : { [stage.registryHost]: "team" };
      writeFileSync(join(folder, "config.json"), JSON.stringify({ [key]: config }));
      const end = await stage.run("promote-image", {
        inputs: { config: "", images: `${image}@${digest} -> ${image}`, "image-tags": "stable" },
        variables: { DOCKER_CONFIG: folder, PATH: `${join(folder, "bin")}:/usr/bin:/bin` },
        secrets: [secret],
      });
      expect(end.annotations).toEqual([]);
      expect(end.outputs).toMatchObject({ digest, changed: "true" });
      expect(stage.registry.tags("shop/web")["stable"]).toBe(digest);
    },
  );

  test("a program that is not there is named", async () => {
    await using stage = await openStage();
    const { digest, image } = await release(stage, "1.0.0");
    const end = await stage.run("promote-image", {
      inputs: { config: "", images: `${image}@${digest} -> ${image}`, "image-tags": "stable" },
      dockerConfig: JSON.stringify({ credsStore: "desktop" }),
    });
    expect(end.status).toBe(1);
    expect(end.annotations[0]).toMatchObject({
      title: expect.stringContaining("RA2002") as string,
      message: expect.stringContaining("docker-credential-desktop") as string,
    });
    expect(stage.writes()).toEqual([]);
  });
});
