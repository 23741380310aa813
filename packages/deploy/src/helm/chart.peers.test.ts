import type { ControlPlaneAccess } from "@release-actions/stand-ins";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, inject, test } from "vitest";
import { deployChart, readRunning, type ChartRollout } from "../index.ts";
import {
  chartOf,
  digestOf,
  image,
  openChartGround,
  peerProgram,
  type ChartGround,
} from "../test/chart-ground.ts";
import { contentLabel, entryLabel, readRevisions } from "./revisions.ts";

declare module "vitest" {
  interface ProvidedContext {
    controlPlane: ControlPlaneAccess | undefined;
  }
}

const plane = inject("controlPlane");

describe.each(["helm3", "helm4"])("%s on a real control plane", (name) => {
  const helm = plane === undefined ? undefined : peerProgram(name);

  const onGround =
    (body: (ground: ChartGround) => Promise<void>) =>
    async ({ skip }: { skip: (why: string) => void }): Promise<void> => {
      if (plane === undefined || helm === undefined) return skip(`${name} is not here`);
      const ground = await openChartGround(plane, helm);
      try {
        await body(ground);
      } finally {
        await ground.close();
      }
    };

  test(
    "an upgrade costs at most 15 requests, and the pods run the digest",
    onGround(async (ground) => {
      const first = await bring(ground, "staging-1", "1.0.0");
      expect(first).toMatchObject({ result: "passed", again: true });
      const from = ground.passed.length;
      const second = await bring(ground, "staging-2", "2.0.0");
      expect(ground.passed.slice(from).length, ground.passed.slice(from).join("\n")).toBe(
        name === "helm3" ? 15 : 14,
      );
      expect(second.result).toBe("passed");
      // What ran before is told by Helm's own record: nobody has to ask for it.
      expect(second.before).toMatchObject([
        {
          kind: "Deployment",
          name: "web",
          version: "1.0.0",
          images: [{ digest: digestOf("1.0.0") }],
        },
      ]);
      expect(second.workloads[0]?.images).toEqual([
        {
          container: "web",
          reference: `${image}:2.0.0@${digestOf("2.0.0")}`,
          digest: digestOf("2.0.0"),
        },
      ]);
      expect(await revisions(ground)).toMatchObject([
        { number: 1, status: "superseded", entry: "staging-1" },
        { number: 2, status: "deployed", entry: "staging-2" },
      ]);
    }),
  );

  test(
    "a crash is told with its reason, and the recorded chart comes back",
    onGround(async (ground) => {
      await bring(ground, "staging-1", "1.0.0", { vars: { replicas: "2", greeting: "first" } });
      const crashed = await bring(ground, "staging-2", "2.0.0", { tag: "fault-crash" });
      expect(crashed).toMatchObject({
        result: "failed",
        written: 1,
        cause: { code: "RA3108", container: "web", exitCode: 3 },
      });
      const back = await bring(ground, "staging-2", "1.0.0", {
        vars: { replicas: "2", greeting: "first" },
      });
      expect(back).toMatchObject({ result: "passed", again: true });
      const [running] = await runningOf(ground);
      expect(running).toMatchObject({
        ready: 2,
        wanted: 2,
        version: "1.0.0",
        images: [{ digest: digestOf("1.0.0") }],
      });
      const deployment = await ground.ask(
        "GET",
        `/apis/apps/v1/namespaces/${ground.namespace}/deployments/web`,
      );
      expect(JSON.stringify(deployment)).toContain('{"name":"GREETING","value":"first"}');
    }),
  );

  test(
    "the same release again is unchanged, and no pod is started anew",
    onGround(async (ground) => {
      await bring(ground, "staging-1", "1.0.0");
      const before = await podNames(ground);
      expect(await bring(ground, "staging-2", "1.0.0")).toMatchObject({
        result: "unchanged",
        again: true,
      });
      expect(await podNames(ground)).toEqual(before);
    }),
  );

  test(
    "what helm refuses is told in its words, and nothing was written",
    onGround(async (ground) => {
      const refused = await bring(ground, "staging-1", "1.0.0", {
        files: {
          "templates/odd.yaml": "apiVersion: example.org/v1\nkind: Odd\nmetadata: {name: odd}\n",
        },
      });
      expect(refused).toMatchObject({ result: "failed", written: 0, cause: { code: "RA3406" } });
      expect(refused.cause?.plain).toContain('no matches for kind "Odd"');
      expect(refused.cause?.plain).not.toContain(ground.temp);
      expect(await revisions(ground)).toEqual([]);
    }),
  );

  test(
    "an object of somebody else is not taken over, and the recorded chart comes back",
    onGround(async (ground) => {
      await bring(ground, "staging-1", "1.0.0");
      const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "theirs" } };
      await ground.ask("POST", `/api/v1/namespaces/${ground.namespace}/serviceaccounts`, account);
      const refused = await bring(ground, "staging-2", "2.0.0", {
        files: { "templates/account.json": JSON.stringify(account) },
      });
      expect(refused).toMatchObject({ result: "failed", written: 0, cause: { code: "RA3406" } });
      expect(refused.cause?.next, JSON.stringify(refused)).toContain(
        "Helm takes over nothing unasked",
      );
      expect(await bring(ground, "staging-2", "1.0.0")).toMatchObject({ result: "unchanged" });
    }),
  );

  test(
    "a first install that fails leaves what it made, and the next release is brought out over it",
    onGround(async (ground) => {
      const failed = await bring(ground, "staging-1", "1.0.0", { tag: "fault-not-found" });
      expect(failed).toMatchObject({ result: "failed", written: 1, cause: { code: "RA3101" } });
      expect(await bring(ground, "staging-2", "2.0.0")).toMatchObject({ result: "passed" });
    }),
  );

  test(
    "an attempt that was cut off after helm is found again: helm is not run twice",
    onGround(async (ground) => {
      await bring(ground, "staging-0", "0.9.0");
      await bring(ground, "staging-1", "1.0.0");
      expect(await bring(ground, "staging-1", "1.0.0")).toMatchObject({
        result: "passed",
        again: false,
        before: [{ version: "0.9.0" }],
      });
      expect(await revisions(ground)).toHaveLength(2);
      // Another entry, or other values, are another wish.
      await bring(ground, "staging-1", "1.0.0", { vars: { greeting: "other" } });
      expect(await revisions(ground)).toHaveLength(3);
    }),
  );

  test(
    "an operation of this run that was cut off half-way is taken back and done again",
    onGround(async (ground) => {
      await bring(ground, "staging-1", "1.0.0");
      await leavePending(ground, "staging-2");
      const lines: string[] = [];
      const again = await bring(
        ground,
        "staging-2",
        "2.0.0",
        {},
        { say: (line) => lines.push(line) },
      );
      expect(again).toMatchObject({ result: "passed", again: true });
      expect(lines.join("\n")).toContain("Revision 2 of web was left pending-upgrade");
      expect((await runningOf(ground))[0]).toMatchObject({
        version: "2.0.0",
        images: [{ digest: digestOf("2.0.0") }],
      });
    }),
  );

  test(
    "an operation of somebody else is left alone and told with the command",
    onGround(async (ground) => {
      await bring(ground, "staging-1", "1.0.0");
      await leavePending(ground, "another-7");
      const refused = await bring(ground, "staging-2", "2.0.0");
      expect(refused).toMatchObject({
        result: "failed",
        written: 0,
        cause: {
          code: "RA3405",
          reason: "helm-busy",
          next: `If no helm is at work any more: helm -n ${ground.namespace} rollback web 1`,
        },
      });
      expect(refused.cause?.plain).toMatch(/^Revision 2 of web is pending-upgrade .* by another-7/);
      expect(await revisions(ground)).toHaveLength(2);
    }),
  );

  test(
    "a helm that is killed while it works leaves a record that the next attempt heals",
    onGround(async (ground) => {
      await bring(ground, "staging-1", "1.0.0");
      const { chart } = await ground.open(
        await chartOf("2.0.0", {
          files: {
            "templates/hook.yaml": hookOf(
              "pre-upgrade",
              "registry.example.org/shop/tool:fault-unready",
            ),
          },
        }),
      );
      // As a job that is cut off: helm waits for its hook when the whole group goes.
      const child = spawn(
        chart.helm.path,
        [
          "upgrade",
          "web",
          join(chart.tree, "charts/web"),
          "-n",
          ground.namespace,
          "--labels",
          `${entryLabel}=staging-2,${contentLabel}=x`,
        ],
        { env: { ...ground.variables, KUBECONFIG: await kubeconfigFile(ground) }, stdio: "ignore" },
      );
      while (!(await revisions(ground)).some(({ status }) => status === "pending-upgrade"))
        await new Promise((resolve) => setTimeout(resolve, 50));
      child.kill("SIGKILL");
      await once(child, "exit");
      expect(await bring(ground, "staging-2", "2.0.0")).toMatchObject({ result: "passed" });
      expect(await revisions(ground)).toMatchObject([
        { number: 1, status: "superseded" },
        { number: 2, status: "deployed", entry: "staging-2" },
      ]);
    }),
  );

  test(
    "a hook with a component's image runs the digest, or is refused before anything is written",
    onGround(async (ground) => {
      const files = {
        "templates/hook.yaml": hookOf("pre-install", `${image}:latest`),
      };
      if (name === "helm3") {
        await expect(bring(ground, "staging-1", "1.0.0", { files })).rejects.toMatchObject({
          code: "RA3404",
          saw: `charts/web: Job hook (${image}:latest), and helm is version 3`,
        });
        const pinned = {
          "templates/hook.yaml": hookOf("pre-install", `${image}@{{ .Values.digest }}`),
        };
        const vars = { digest: digestOf("1.0.0") };
        expect(await bring(ground, "staging-1", "1.0.0", { files: pinned, vars })).toMatchObject({
          result: "passed",
        });
      } else
        expect(await bring(ground, "staging-1", "1.0.0", { files })).toMatchObject({
          result: "passed",
        });
      const job = await ground.ask(
        "GET",
        `/apis/batch/v1/namespaces/${ground.namespace}/jobs/hook`,
      );
      expect(JSON.stringify(job["spec"])).toContain(`@${digestOf("1.0.0")}"`);
      // It is no part of what is waited for.
      const { rendered } = await ground.open(await chartOf("1.0.0"));
      expect(rendered.objects.map(({ kind }) => kind)).toEqual(["Deployment"]);
    }),
  );

  test(
    "a hook that fails ends the release with its name, and nothing of the release is out",
    onGround(async (ground) => {
      await bring(ground, "staging-1", "1.0.0");
      const hook = hookOf("pre-upgrade", "registry.example.org/shop/tool:fault-fails");
      const failed = await bring(ground, "staging-2", "2.0.0", {
        files: { "templates/hook.yaml": hook },
      });
      expect(failed).toMatchObject({ result: "failed", written: 1, cause: { code: "RA3406" } });
      expect(failed.cause?.plain).toContain("pre-upgrade hooks failed");
      expect((await runningOf(ground))[0]).toMatchObject({ version: "1.0.0" });
      expect(await bring(ground, "staging-2", "1.0.0")).toMatchObject({ result: "unchanged" });
    }),
  );

  test(
    "a release that somebody made by hand with the other helm, or took away, is carried on",
    onGround(async (ground) => {
      const other = peerProgram(name === "helm3" ? "helm4" : "helm3");
      if (helm === undefined || other === undefined) return;
      const { chart } = await ground.open(await chartOf("0.9.0"));
      const byHand = (program: string, ...args: string[]): Promise<unknown> =>
        promisify(execFile)(program, [...args, "-n", ground.namespace], {
          env: { ...ground.variables, KUBECONFIG: kubeconfig },
        });
      const kubeconfig = await kubeconfigFile(ground);
      await byHand(other, "install", "web", join(chart.tree, "charts/web"));
      const brought = await bring(ground, "staging-1", "1.0.0");
      expect(brought, JSON.stringify(brought)).toMatchObject({
        result: "passed",
        before: [{ images: [{ reference: `${image}:latest`, digest: "" }] }],
      });
      await byHand(helm, "uninstall", "web", "--keep-history", "--wait");
      expect(await bring(ground, "staging-2", "2.0.0")).toMatchObject({ result: "passed" });
      expect((await runningOf(ground))[0]).toMatchObject({ version: "2.0.0" });
    }),
  );

  test(
    "texts that YAML could take for something else come to the cluster as they were",
    onGround(async (ground) => {
      const values = JSON.stringify({ texts: nasty });
      const template = `apiVersion: apps/v1
kind: Deployment
metadata: {name: texts}
spec:
  replicas: 0
  selector: {matchLabels: {app: texts}}
  template:
    metadata:
      labels: {app: texts}
      annotations:
{{- range $i, $text := .Values.texts }}
        "t{{ $i }}": {{ $text | toJson }}
{{- end }}
    spec:
      containers: [{name: web, image: ${image}}]
`;
      const brought = await bring(ground, "staging-1", "1.0.0", {
        files: { "templates/texts.yaml": template },
        values: [{ name: "texts.yaml", text: values }],
      });
      expect(brought).toMatchObject({ result: "passed" });
      const deployment = await ground.ask(
        "GET",
        `/apis/apps/v1/namespaces/${ground.namespace}/deployments/texts`,
      );
      const { template: made } = deployment["spec"] as {
        template: { metadata: { annotations: Record<string, string> } };
      };
      expect(nasty.map((_, index) => made.metadata.annotations[`t${index}`])).toEqual(nasty);
    }),
  );
});

const nasty = [
  "yes",
  "on",
  "null",
  "~",
  "",
  " ",
  "0644",
  "0o17",
  "1e3",
  ".5",
  "1_000",
  "0x1F",
  "12:30",
  "2001-01-01",
  "- a",
  "a: b",
  "# c",
  "|",
  "> x",
  "a\nb\n",
  "  a\n b",
  "tab\there",
  "\u{1f600}",
  "\u2028",
  "'",
  '"',
  "\\n",
  "---",
  "\n---\nkind: Secret\n",
  "{{ x }}",
  "*a",
  "&a",
  "!a",
  "%a",
  "@a",
  "`a",
];

const hookOf = (moment: string, runs: string): string => `apiVersion: batch/v1
kind: Job
metadata:
  name: hook
  annotations: {"helm.sh/hook": ${moment}}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: hook, image: "${runs}"}]
`;

async function bring(
  ground: ChartGround,
  entry: string,
  version: string,
  more: Parameters<typeof chartOf>[1] = {},
  options: { say?: (line: string) => void } = {},
): Promise<ChartRollout> {
  const { chart, rendered } = await ground.open(await chartOf(version, more));
  return deployChart(ground.cluster, chart, rendered, {
    timeout: 60_000,
    entry,
    now: Date.now,
    steady: 0,
    outliving: 100,
    say: () => undefined,
    ...options,
  });
}

const revisions = (ground: ChartGround) => readRevisions(ground.cluster, ground.namespace, "web");
const runningOf = (ground: ChartGround) =>
  readRunning(ground.cluster, {
    namespace: ground.namespace,
    workloads: [{ kind: "Deployment", name: "web" }],
  });

async function podNames(ground: ChartGround): Promise<string[]> {
  const list = await ground.ask("GET", `/api/v1/namespaces/${ground.namespace}/pods`);
  return (list["items"] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
}

async function kubeconfigFile(ground: ChartGround): Promise<string> {
  const path = join(ground.temp, "kubeconfig");
  await writeFile(path, ground.cluster.kubeconfig);
  return path;
}

/** Leaves what a helm leaves that was ended half-way: the record of an upgrade that is never finished. */
async function leavePending(ground: ChartGround, entry: string): Promise<void> {
  const path = `/api/v1/namespaces/${ground.namespace}/secrets`;
  const first = (await ground.ask("GET", `${path}/sh.helm.release.v1.web.v1`)) as {
    metadata: { labels: Record<string, string> };
    data: Record<string, string>;
    type: string;
  };
  await ground.cluster.request("POST", path, {
    body: {
      apiVersion: "v1",
      kind: "Secret",
      type: first.type,
      metadata: {
        name: "sh.helm.release.v1.web.v2",
        labels: {
          ...first.metadata.labels,
          version: "2",
          status: "pending-upgrade",
          [entryLabel]: entry,
        },
      },
      data: first.data,
    },
  });
}
