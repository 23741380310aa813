import { createTransport, type Transport } from "@release-actions/net";
import { runStep, type RunnerOfSteps, type Step } from "@release-actions/plan";
import {
  buildImage,
  createRegistryStandIn,
  listen,
  movableClock,
  pushImage,
  type Image,
  type RegistryStandIn,
  type RegistryStandInOptions,
} from "@release-actions/stand-ins";
import { onTestFinished } from "vitest";
import type { Credentials } from "./credentials.ts";
import { createRegistry, type Registry } from "./registry.ts";

/** One registry stand-in on a port of its own, and its clock. */
export async function startRegistry(
  options: Omit<RegistryStandInOptions, "clock"> = {},
): Promise<{ standIn: RegistryStandIn; host: string; clock: ReturnType<typeof movableClock> }> {
  const clock = movableClock(new Date("2026-01-06T09:00:00Z"));
  const standIn = createRegistryStandIn({ ...options, clock });
  const server = await listen(standIn);
  onTestFinished(() => server.close());
  return { standIn, host: new URL(server.url).host, clock };
}

/** The product's client on a real transport that does not wait between tries. */
export function connect(credentials: Credentials = () => undefined): {
  registry: Registry;
  transport: Transport;
} {
  const transport = createTransport({ env: {}, userAgent: "test", sleep: async () => {} });
  onTestFinished(() => transport.close());
  return { registry: createRegistry({ transport, credentials }), transport };
}

/** Runs steps as a pipeline does, up to the first refusal. */
export async function runAll<T>(
  steps: Step<T>[],
): Promise<{ values: T[]; results: string[]; refusal?: string }> {
  const by: RunnerOfSteps = {
    now: () => performance.now(),
    sleep: async () => {},
    resuming: false,
  };
  const values: T[] = [];
  const results: string[] = [];
  for (const step of steps) {
    const outcome = await runStep(step, by);
    results.push(outcome.record.result);
    if ("refusal" in outcome) return { values, results, refusal: outcome.refusal.code };
    values.push(outcome.value);
  }
  return { values, results };
}

/** A two-platform image with attestations, of one version. */
export function imageOf(version: string): Promise<Image> {
  return buildImage({
    files: [{ path: "app/version", content: version }],
    entrypoint: ["node", "/app/server.mjs"],
    labels: {
      "org.opencontainers.image.version": version,
      "org.opencontainers.image.revision": "4bf2",
    },
    attestations: true,
    created: new Date("2026-01-05T12:00:00Z"),
  });
}

/** Builds an image and puts it in place without a request; returns its digest. */
export async function seedImage(
  standIn: RegistryStandIn,
  repository: string,
  tag: string,
  version: string,
): Promise<string> {
  return pushImage(standIn, repository, tag, await imageOf(version));
}
