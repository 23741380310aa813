import { execFile, spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exampleCluster, webDeployment, webService } from "./example-cluster.ts";
import { crashingSource, serverSource } from "./example-image.ts";

const hasKubectl = spawnSync("kubectl", ["version", "--client"]).status === 0;
if (!hasKubectl)
  console.warn(
    "SKIPPED: kubectl is not on PATH, so the stand-in was not tried with the real client",
  );

describe.skipIf(!hasKubectl)("the real kubectl", () => {
  let cluster: Awaited<ReturnType<typeof exampleCluster>>;
  let url: string;
  // kubectl sends no token over plain HTTP: this door adds it.
  const door = createServer((request, response) => {
    request.headers.authorization ??= "Bearer admin";
    void cluster.standIn.handle(request, response);
  });

  beforeAll(async () => {
    cluster = await exampleCluster({
      "registry.example.org/web:v1": serverSource("v1"),
      "registry.example.org/web:v2": serverSource("v2"),
      "registry.example.org/web:broken": crashingSource,
    });
    await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    door.closeAllConnections();
    door.close();
    await cluster.close();
  });

  /** Runs kubectl; both outputs, and the exit code. */
  async function kubectl(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const env = {
      PATH: process.env["PATH"] ?? "",
      HOME: cluster.directory,
      KUBECONFIG: "/dev/null",
    };
    return promisify(execFile)("kubectl", ["--server", url, ...args], { env }).then(
      ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        out: error.stdout,
        err: error.stderr,
      }),
    );
  }

  const manifest = async (image: string): Promise<string> => {
    const file = join(cluster.directory, "web.json");
    const objects = [webDeployment(image, { spec: { progressDeadlineSeconds: 3 } }), webService()];
    await writeFile(file, objects.map((object) => JSON.stringify(object)).join("\n"));
    return file;
  };

  test("applies on the server's side and waits for the rollout", async () => {
    const file = await manifest("registry.example.org/web:v1");
    expect(await kubectl("apply", "--server-side", "-f", file)).toMatchObject({
      err: "",
      code: 0,
      out: "deployment.apps/web serverside-applied\nservice/web serverside-applied\n",
    });
    const status = await kubectl("rollout", "status", "deployment/web", "--timeout", "20s");
    expect(status).toMatchObject({
      code: 0,
      out: expect.stringContaining('deployment "web" successfully rolled out'),
    });
    expect(
      (await kubectl("get", "deployment", "web", "-o", "jsonpath={.status.readyReplicas}")).out,
    ).toBe("3");
    expect((await kubectl("get", "pods", "-l", "app=web")).out).toMatch(
      /NAME\s+READY\s+STATUS\s+RESTARTS\s+AGE\nweb-\S+\s+1\/1\s+Running\s+0\s+\d+s\n/,
    );
    expect((await kubectl("logs", "deployment/web")).out).toBe("starting v1\nlistening\n");
    expect((await kubectl("get", "deployment", "absent")).err).toBe(
      'Error from server (NotFound): deployments.apps "absent" not found\n',
    );
  });

  test("refuses an unknown field as the real server does", async () => {
    const file = join(cluster.directory, "bad.json");
    const good = webDeployment("registry.example.org/web:v1");
    await writeFile(file, JSON.stringify({ ...good, spec: { ...good.spec, replicaz: 3 } }));
    const { code, err } = await kubectl("apply", "--server-side", "-f", file);
    expect(code).toBe(1);
    expect(err).toContain(".spec.replicaz: field not declared in schema");
  });

  test("sees a crashing rollout pass its deadline, and undoes it", async () => {
    await kubectl("apply", "--server-side", "-f", await manifest("registry.example.org/web:v2"));
    expect((await kubectl("rollout", "status", "deployment/web", "--timeout", "20s")).code).toBe(0);
    await kubectl(
      "apply",
      "--server-side",
      "-f",
      await manifest("registry.example.org/web:broken"),
    );
    const failed = await kubectl("rollout", "status", "deployment/web", "--timeout", "20s");
    expect(failed).toMatchObject({
      code: 1,
      err: 'error: deployment "web" exceeded its progress deadline\n',
    });
    expect((await kubectl("rollout", "undo", "deployment/web")).code).toBe(0);
    expect((await kubectl("rollout", "status", "deployment/web", "--timeout", "20s")).code).toBe(0);
    // v1, v2 and the broken one: the undo made none of its own.
    expect((await kubectl("get", "replicasets", "-o", "name")).out.trim().split("\n")).toHaveLength(
      3,
    );
    const revisions = await kubectl("rollout", "history", "deployment/web");
    expect(revisions.out).toMatch(/1 +<none>\n3 +<none>\n4 +<none>/);
  });

  test("applies on the client's side, scales, restarts, deletes", async () => {
    const file = join(cluster.directory, "other.json");
    await writeFile(
      file,
      JSON.stringify(webDeployment("registry.example.org/web:v1", { name: "other", replicas: 1 })),
    );
    expect(await kubectl("apply", "-f", file)).toMatchObject({
      code: 0,
      out: "deployment.apps/other created\n",
    });
    await writeFile(
      file,
      JSON.stringify(webDeployment("registry.example.org/web:v2", { name: "other", replicas: 1 })),
    );
    expect(await kubectl("apply", "-f", file)).toMatchObject({
      code: 0,
      out: "deployment.apps/other configured\n",
    });
    expect((await kubectl("scale", "deployment/other", "--replicas", "2")).code).toBe(0);
    expect((await kubectl("rollout", "restart", "deployment/other")).code).toBe(0);
    expect((await kubectl("rollout", "status", "deployment/other", "--timeout", "20s")).code).toBe(
      0,
    );
    expect(
      (
        await kubectl(
          "get",
          "deployment",
          "other",
          "-o",
          "jsonpath={.spec.replicas} {.spec.template.spec.containers[0].image}",
        )
      ).out,
    ).toBe("2 registry.example.org/web:v2");
    expect((await kubectl("describe", "deployment", "other")).code).toBe(0);
    expect((await kubectl("delete", "deployment", "other", "--timeout", "20s")).code).toBe(0);
    await writeFile(
      file,
      JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } }),
    );
    expect(await kubectl("apply", "-f", file)).toMatchObject({
      code: 0,
      out: "namespace/team created\n",
    });
    expect((await kubectl("delete", "namespace", "team", "--timeout", "20s")).code).toBe(0);
  });
});
