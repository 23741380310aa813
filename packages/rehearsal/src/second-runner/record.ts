import type { RecordedRequest } from "@release-actions/stand-ins";
import type { Happening } from "../world/happening.ts";
import type { RunRecord } from "../world/runs.ts";
import type { World } from "../world/world.ts";
import { createNormalForm, type NormalForm } from "./normal-form.ts";

/** A request that changed something, or would have. Mails and chat messages are requests to their servers. */
export type Write = {
  to: string;
  /** The repository that it is about, where the system has several: to two of them an action may write at once. */
  within: string;
  what: string;
  status: number;
  body: string;
  /** It came when the run had ended, and before the next one began: people write then, and nobody else should. */
  late: boolean;
};

/** What one run left; runs that went on at the same time are one. */
export type RecordedRun = {
  title: string;
  jobs: Record<string, { result: string; outputs: Record<string, string> }>;
  writes: Write[];
};

/** Told of a world and what happens in it; gives the runs with their writes, once the world is closed. */
export function createRecorder(): {
  opened(world: World): void;
  tell(happening: Happening): void;
  runs(): RecordedRun[];
} {
  let world: World | undefined;
  const going = new Set<RunRecord>();
  const spans: { runs: RunRecord[]; from: Record<string, number>; to: Record<string, number> }[] =
    [];

  const marks = (): Record<string, number> => world?.marks() ?? {};
  return {
    opened: (opened) => {
      world = opened;
    },
    tell: (happening) => {
      if (happening.kind === "run-started") {
        if (going.size === 0) spans.push({ runs: [], from: marks(), to: {} });
        spans.at(-1)?.runs.push(happening.run);
        going.add(happening.run);
      }
      if (happening.kind === "run-ended") {
        going.delete(happening.run);
        const span = spans.at(-1);
        if (span && going.size === 0) span.to = marks();
      }
    },
    runs: () => {
      const seen = world;
      if (!seen) throw new Error("no world was opened");
      const known = knownValues(seen);
      return spans.map(({ runs, from, to }, index) => {
        const next = spans[index + 1]?.from ?? {};
        const forms = new Map<string, NormalForm>();
        const formOf = (place: string): NormalForm => {
          const form = forms.get(place) ?? createNormalForm(known);
          forms.set(place, form);
          return form;
        };
        return {
          title: runs.map(titleOf).join(" and "),
          jobs: Object.assign({}, ...runs.map((run) => jobsOf(run, runs.length > 1, formOf("")))),
          writes: Object.keys(from)
            .filter((name) => !name.startsWith("("))
            .flatMap((name) =>
              seen
                .standIn(name)
                .requests.slice(from[name], next[name])
                .map((request, at) => ({
                  request,
                  late: at >= (to[name] ?? 0) - (from[name] ?? 0),
                }))
                .filter(({ request }) => writes(request))
                .map(({ request, late }) => ({ ...writeOf(name, request, formOf), late })),
            ),
        };
      });
    },
  };
}

const titleOf = (run: RunRecord): string =>
  `${run.name} #${run.number}${run.attempt > 1 ? `, attempt ${run.attempt}` : ""}${run.act === undefined ? "" : ` (${run.act})`}`;

function jobsOf(run: RunRecord, several: boolean, normal: NormalForm): RecordedRun["jobs"] {
  return Object.fromEntries(
    Object.entries(run.result?.jobs ?? {}).map(([id, { result, outputs }]) => [
      several ? `${titleOf(run)}: ${id}` : id,
      {
        result,
        outputs: Object.fromEntries(
          Object.entries(outputs).map(([name, value]) => [name, normal(value)]),
        ),
      },
    ]),
  );
}

/** A query is sent as a POST too, and changes nothing. */
const writes = ({ wrote, method, path }: RecordedRequest): boolean =>
  wrote || (!["GET", "HEAD"].includes(method) && !path.endsWith("/graphql"));

function writeOf(
  to: string,
  request: RecordedRequest,
  formOf: (place: string) => NormalForm,
): Omit<Write, "late"> {
  const { method, path, status } = request;
  const body = readable(request.body);
  const within = repositoryIn(path, body);
  const normal = formOf(`${to} ${within}`);
  const field = path.endsWith("/graphql") ? mutationIn(body) : undefined;
  const what = [method, path, field].filter(Boolean).join(" ");
  return { to, within, what: normal(what), status, body: normal(body) };
}

/** The repository of a path of GitHub's or a registry's, or of a GraphQL mutation. */
const repositoryIn = (path: string, body: string): string =>
  (/^\/repos\/([^/]+\/[^/?]+)/.exec(path) ??
    /^\/v2\/(.+)\/(?:manifests|blobs)\//.exec(path) ??
    /"repositoryNameWithOwner": "([^"]+)"/.exec(body))?.[1] ?? "";

/** The field of a GraphQL mutation: all have one path. */
const mutationIn = (body: string): string | undefined =>
  /mutation\b[^{]*\{\s*(?:\w+\s*:\s*)?(\w+)/.exec(body)?.[1];

/** JSON with files that are sent inside it, or the text; of other bytes only that there are some. */
function readable(body: Buffer): string {
  const text = body.toString("utf8");
  if (text.includes("\uFFFD")) return "(bytes)";
  if (!text.startsWith("{")) return text;
  try {
    return JSON.stringify(JSON.parse(text), decoded, 1);
  } catch {
    return text;
  }
}

/** `contents` of a file in a commit is base64. */
function decoded(key: string, value: unknown): unknown {
  return key === "contents" && typeof value === "string"
    ? Buffer.from(value, "base64").toString("utf8")
    : value;
}

/** What has a name in the world: commits by their acts, images by their builds, secrets by theirs. */
function knownValues(world: World): Record<string, string> {
  const known: Record<string, string> = {};
  for (const [act, { sha }] of world.traces) if (sha !== undefined) known[`commit ${act}`] = sha;
  for (const build of world.builds.values())
    for (const [component, digest] of Object.entries(build.digests))
      known[`image ${component} of ${build.name}`] = digest.replace(/^sha256:/, "");
  for (const [environment, { secrets }] of Object.entries(world.pipeline.file.environments)) {
    for (const [name, value] of Object.entries(world.secretsOf(secrets))) {
      known[`${name} of ${environment}`] = value;
      if (URL.canParse(value)) known[`path of ${name}`] = new URL(value).pathname;
    }
  }
  return known;
}
