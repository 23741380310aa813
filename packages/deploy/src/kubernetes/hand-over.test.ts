import { afterEach, expect, it } from "vitest";
import { renderManifests, rollOut } from "../index.ts";
import { testHandOver } from "../test/hand-over.ts";
import { openStandIn } from "../test/open-stand-in.ts";

let opened: Awaited<ReturnType<typeof openStandIn>>;
afterEach(() => opened.close());
const open = async () => (opened = await openStandIn());

testHandOver(open);

it("asks twice more once, and never again", async () => {
  const { cluster, namespace, standIn } = await open();
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const text = JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "c" },
    data: { a: "1" },
  });
  await cluster.request("POST", path, {
    query: { fieldManager: "kubectl-client-side-apply" },
    body: JSON.parse(text) as unknown,
  });
  const rendered = renderManifests({
    files: [{ path: "c.yml", text }],
    images: [],
    namespace,
    placeholders: {},
    version: "1.0.0",
  });
  const asked = async (entry: string): Promise<string[]> => {
    const from = standIn.requests.length;
    await rollOut(cluster, rendered, { timeout: 20_000, entry, now: () => performance.now() });
    return standIn.requests.slice(from).map(({ method }) => method);
  };
  expect(await asked("1")).toEqual(["PATCH", "PATCH", "PATCH"]);
  expect(await asked("2")).toEqual(["PATCH"]);
});
