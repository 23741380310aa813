import { afterEach, expect, it } from "vitest";
import { renderManifests, rollOut } from "../index.ts";
import { openStandIn } from "../test/open-stand-in.ts";
import { testVerdicts } from "../test/verdicts.ts";

let close: () => Promise<void>;
afterEach(() => close());

const open = async () => {
  const opened = await openStandIn();
  close = opened.close;
  return opened;
};
testVerdicts(open);

it("waits for the address of a load balancer, and asks no more than that", async () => {
  const { cluster, namespace, standIn } = await open();
  const text = `{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}}`;
  const rendered = renderManifests({
    files: [{ path: "web.yml", text }],
    images: [],
    namespace,
    placeholders: {},
    version: "1",
  });
  const from = standIn.requests.length;
  const options = { timeout: 20_000, entry: "1", now: () => performance.now() };
  expect(await rollOut(cluster, rendered, options)).toMatchObject({ result: "passed", notes: [] });
  expect(standIn.requests.slice(from).map(({ method }) => method)).toEqual(["PATCH", "GET"]);
  expect((await rollOut(cluster, rendered, options)).result).toBe("unchanged");
});
