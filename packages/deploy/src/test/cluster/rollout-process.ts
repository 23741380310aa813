import { createTransport } from "@release-actions/net";
import { connectCluster, readRunning, rollOut, type Rendered } from "../../index.ts";

/**
 * A deployment as a process of its own, which can be killed: it reads `{ kubeconfig, rendered, before }` from its environment,
 * rolls out, and where that fails goes back to `before`; the last line is what runs.
 */
const given = JSON.parse(process.env["ROLLOUT"] ?? "{}") as {
  kubeconfig: string;
  rendered: Rendered;
  before: Rendered;
};
const transport = createTransport({ env: {}, userAgent: "test" });
const cluster = await connectCluster({ transport, kubeconfig: given.kubeconfig, allowExec: false });
// Pods that a killed run left are given a minute to come up; the simulated ones never do.
const patience = { old: 1_000 };
const options = { timeout: 60_000, entry: "319", now: Date.now, patience };
const rollout = await rollOut(cluster, given.rendered, options);
if (rollout.result === "failed") await rollOut(cluster, given.before, options);
const runs = await readRunning(cluster, given.rendered);
transport.close();
// oxlint-disable-next-line no-console
console.log(JSON.stringify({ result: rollout.result, runs }));
