import { tellReason, type Code } from "@release-actions/codes";
import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { resourceFinder } from "../kubernetes/apply.ts";
import type { Cause } from "../kubernetes/cause.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import type { KubeObject } from "../kubernetes/object.ts";
import { imagesByName, type Rendered } from "../kubernetes/rendered.ts";
import { awaitRollout, type Rollout, type RolloutOptions } from "../kubernetes/rollout.ts";
import { lastWords, type OpenChart } from "./helm.ts";
import { pinManifest, type PinnedManifest } from "./pin-manifest.ts";
import { answerPostRenderer } from "./post-renderer.ts";
import { renderedOf } from "./render-chart.ts";
import {
  contentLabel,
  entryLabel,
  forgetRevision,
  readRevisions,
  workloadsOf,
  type Revision,
} from "./revisions.ts";

export type ChartOptions = RolloutOptions & {
  /** Told of each line that helm prints. Foreign text, secrets hidden. */
  say: (line: string) => void;
  /** Milliseconds that a pending operation of ours may still be the work of a helm that outlived its job; default 30 000. */
  outliving?: number;
};

/** A rollout by helm; `again` is false where an earlier attempt of this entry had brought the chart to the cluster already. */
export type ChartRollout = Rollout & { again: boolean };

/** Milliseconds between two looks at a pending operation. */
const between = 2_000;

/**
 * Brings a chart out by the job's helm, which does not wait, and then waits, judges and explains as for manifests. `rendered`:
 * the chart as it was rendered without the cluster. An attempt that was cut off is found by the labels of helm's own record.
 * A rollback is this function with the recorded release's chart.
 * @throws Fault RA3008, RA3013, RA3120 when it is not known how it ended
 */
export async function deployChart(
  cluster: Cluster,
  chart: OpenChart,
  rendered: Rendered,
  options: ChartOptions,
): Promise<ChartRollout> {
  const started = options.now();
  const entry = labelOf(options.entry);
  const stopped = (cause: Cause, written: number): ChartRollout => ({
    result: "failed",
    workloads: [],
    notes: [],
    cause,
    written,
    seconds: (options.now() - started) / 1000,
    again: true,
  });

  const before = await settledRevisions(cluster, chart, entry, options, started);
  if ("cause" in before) return stopped(before.cause, 0);
  const last = before.revisions.at(-1);
  const ran = before.revisions.findLast(({ status }) => status === "deployed");
  const other = before.revisions.findLast(
    (one) => one.entry !== entry && ["deployed", "superseded"].includes(one.status),
  );
  const had = other === undefined ? [] : workloadsOf(other, chart.namespace);
  options.looked?.(had);
  if (last?.status === "deployed" && last.entry === entry && last.content === chart.content) {
    options.say(`Revision ${last.number} of ${chart.name} is this run's: helm is not run again.`);
    const rollout = await awaitObjects(cluster, rendered, options, started);
    return { ...rollout, before: had, again: false };
  }

  const brought = await runHelm(cluster, chart, last, entry, options, started);
  if ("cause" in brought) {
    const after = await readRevisions(cluster, chart.namespace, chart.name);
    const wrote = (after.at(-1)?.number ?? 0) > (last?.number ?? 0);
    return { ...stopped(brought.cause, wrote ? 1 : 0), before: had };
  }
  const rollout = await awaitObjects(cluster, renderedOf(chart, brought), options, started);
  const same = rollout.result === "passed" && ran?.content === chart.content;
  return { ...rollout, result: same ? "unchanged" : rollout.result, before: had, again: true };
}

/** What helm was given, watched until it runs. Helm does not hand on the cluster's answers: the watches tell all. */
async function awaitObjects(
  cluster: Cluster,
  rendered: Rendered,
  options: ChartOptions,
  started: number,
): Promise<Rollout> {
  const objects: KubeObject[] = rendered.objects.map((object) => ({
    ...object,
    metadata: { ...object.metadata, generation: 1 },
  }));
  const applied = {
    entry: options.entry,
    objects,
    created: objects.length,
    resumed: false,
    reach: resourceFinder(cluster, rendered),
  };
  return awaitRollout(cluster, rendered, applied, options, started);
}

/** Helm's revisions, none of them pending; what an attempt of this entry left pending is taken back, of others it is told. */
async function settledRevisions(
  cluster: Cluster,
  chart: OpenChart,
  entry: string,
  options: ChartOptions,
  started: number,
): Promise<{ revisions: Revision[] } | { cause: Cause }> {
  const { namespace, name } = chart;
  const seen = options.now();
  for (;;) {
    const revisions = await readRevisions(cluster, namespace, name);
    const last = revisions.at(-1);
    if (!last?.status.startsWith("pending")) return { revisions };
    if (last.entry !== entry) return { cause: pendingCause(chart, last, revisions) };
    const patient = Math.min(seen + (options.outliving ?? 30_000), started + options.timeout);
    if (options.now() < patient) {
      options.say(`Revision ${last.number} of ${name} is ${last.status}; is its helm still there?`);
      await wait(Math.min(between, patient - options.now()));
      continue;
    }
    // Helm's own lock for the release: had its helm gone on, the record would have changed and stays.
    if (await forgetRevision(cluster, namespace, last))
      options.say(
        `Revision ${last.number} of ${name} was left ${last.status} by an attempt of this run that was cut off; its record was taken back.`,
      );
  }
}

async function runHelm(
  cluster: Cluster,
  chart: OpenChart,
  last: Revision | undefined,
  entry: string,
  options: ChartOptions,
  started: number,
): Promise<PinnedManifest | { cause: Cause }> {
  const images = imagesByName(chart.images);
  const manifests: PinnedManifest[] = [];
  const ended = new AbortController();
  const words = lastWords(chart, cluster.secrets);
  const left = Math.max(1_000, options.timeout - (options.now() - started));
  const answering = answerPostRenderer(
    chart.postRenderer.folder,
    (text) => {
      const pinned = pinManifest(text, images, chart.version);
      manifests.push(pinned);
      return pinned.text;
    },
    ended.signal,
  );
  const command =
    last === undefined
      ? ["install"]
      : last.status === "uninstalled"
        ? ["install", "--replace"]
        : ["upgrade"];
  let end;
  try {
    end = await chart.run(
      [
        ...command,
        ...chart.postRenderer.options,
        // Helm asks for the schemas only to learn that the server checks by itself.
        "--disable-openapi-validation",
        "--labels",
        `${entryLabel}=${entry},${contentLabel}=${chart.content}`,
        "--description",
        `${chart.version} by release-actions, ${options.entry}`,
        "--timeout",
        `${Math.ceil(left / 1000)}s`,
      ],
      {
        timeout: left,
        kubeconfig: cluster.kubeconfig,
        line: (text) => options.say(words.line(text)),
        // The notes of a chart are for people who install it by hand.
        output: () => undefined,
      },
    );
  } finally {
    ended.abort();
    await answering;
  }
  const [manifest] = manifests;
  if (end.how === "exited" && end.code === 0 && manifest !== undefined) return manifest;
  const why =
    end.how === "timed-out"
      ? `helm was not done after ${Math.round(left / 1000)} seconds and was ended`
      : end.how === "exited"
        ? words.why()
        : end.how === "signalled"
          ? `helm was ended by ${end.signal}`
          : `helm could not be started: ${end.why}`;
  return { cause: helmCause(chart, why, words.all) };
}

/** What helm's errors mean in our words, where there is a better next step than to read them. */
const meanings: readonly [RegExp, Code, string | undefined][] = [
  [/another operation .* is in progress/, "RA3405", undefined],
  [/is forbidden: /, "RA3120", undefined],
  [/field is immutable/, "RA3122", undefined],
  [/Apply failed with \d+ conflict/, "RA3121", undefined],
  [
    /invalid ownership metadata|cannot be imported into the current release/,
    "RA3406",
    "Delete the object that is named, or give it the labels and annotations of this Helm release; Helm takes over nothing unasked.",
  ],
  [
    /hooks? failed/,
    "RA3406",
    "Look at the hook's Job and its pods, correct it, then run the job again.",
  ],
];

function helmCause(chart: OpenChart, why: string, log: string[]): Cause {
  const [, code, next] = meanings.find(([pattern]) => pattern.test(why)) ?? [];
  const { namespace, name } = chart;
  return {
    code: code ?? "RA3406",
    plain: `Helm ${chart.helm.version} did not bring out ${name}: ${why}`,
    clusterSaid: why,
    object: `Helm release ${namespace}/${name}`,
    ...(log.length > 0 ? { log } : {}),
    next: next ?? `helm -n ${namespace} history ${name}`,
  };
}

function pendingCause(chart: OpenChart, last: Revision, revisions: readonly Revision[]): Cause {
  const { namespace, name } = chart;
  const good = revisions.findLast(({ status }) => status === "deployed");
  const whose = last.entry === undefined ? "not by this pipeline" : `by ${last.entry}`;
  const since =
    last.since > 0 ? ` since ${new Date(last.since * 1000).toISOString().slice(0, 16)} UTC` : "";
  return {
    code: "RA3405",
    reason: "helm-busy",
    plain: `Revision ${last.number} of ${name} is ${last.status}${since}, ${whose}: nothing was changed.`,
    clusterSaid: `${last.record.name} ${last.status}`,
    object: `Helm release ${namespace}/${name}`,
    next:
      good === undefined
        ? `If no helm is at work any more: helm -n ${namespace} uninstall ${name}`
        : `If no helm is at work any more: ${tellReason("helm-busy", { namespace, release: name, good: String(good.number) }).command}`,
  };
}

/** An entry as a label's value: as it is, where Kubernetes allows it. */
function labelOf(entry: string): string {
  return /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(entry)
    ? entry
    : createHash("sha256").update(entry).digest("hex").slice(0, 32);
}
