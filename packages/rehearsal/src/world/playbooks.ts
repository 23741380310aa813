import {
  createAwxStandIn,
  templateWith,
  type AwxJob,
  type AwxStandIn,
  type Clock,
  type KubernetesStandIn,
  type Played,
  type SavedAwx,
} from "@release-actions/stand-ins";
import { parseAllDocuments } from "yaml";
import type { RehearsalFile } from "./language.ts";
import type { Pipeline } from "./pipeline.ts";

/**
 * AWX with the file's templates. The playbook of one fills `{{ variable }}` in objects of the pipeline's folder with the
 * job's variables and applies them to a cluster; a variable that is not there fails its task, as Ansible's does.
 */
export function startAwx(
  awx: NonNullable<RehearsalFile["awx"]>,
  world: {
    clock: Clock;
    tokens: Record<string, string>;
    filesAt: Pipeline["filesAt"];
    clusters: Record<string, KubernetesStandIn>;
    saved: SavedAwx | undefined;
  },
): AwxStandIn {
  const names = Object.keys(awx.templates);
  return createAwxStandIn({
    clock: world.clock,
    tokens: Object.fromEntries(
      Object.entries(world.tokens).map(([user, token]) => [token, { user }]),
    ),
    templates: names.map((name, index) =>
      templateWith({
        id: index + 7,
        name,
        ask_variables_on_launch: awx.templates[name]?.["asks-for-variables"] ?? true,
      }),
    ),
    saved: world.saved,
    play: async (job, { name }) => {
      const template = awx.templates[name];
      if (template === undefined) return { status: "error", job_explanation: "no playbook" };
      const texts = Object.values(world.filesAt(template.applies));
      return play(
        job,
        texts.map((text) => text.toString("utf8")),
        world.clusters[template.cluster],
      );
    },
  });
}

function play(
  job: AwxJob,
  texts: readonly string[],
  cluster: KubernetesStandIn | undefined,
): Played {
  const about = { play: "Deploy", host: "localhost" };
  const missing = new Set<string>();
  const filled = texts.map((text) =>
    text.replaceAll(/\{\{\s*([A-Za-z_]\w*)\s*\}\}/g, (_, name: string) => {
      if (!Object.hasOwn(job.extra_vars, name)) missing.add(name);
      return String(job.extra_vars[name]);
    }),
  );
  const [undefinedName] = missing;
  const failed = (task: string, msg: string): Played => ({
    status: "failed",
    tasks: [{ ...about, task, result: "failed", msg }],
  });
  if (undefinedName !== undefined)
    return failed("Render the objects", `'${undefinedName}' is undefined`);
  try {
    for (const text of filled)
      for (const document of parseAllDocuments(text)) cluster?.apply(document.toJS() as never);
  } catch (error) {
    return failed("Apply the objects", error instanceof Error ? error.message : String(error));
  }
  return { status: "successful", tasks: [{ ...about, task: "Apply the objects", result: "ok" }] };
}
