import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { appTokenInputs } from "./app-token.ts";
import { readYaml, type Step } from "./document.ts";

/** Where the files of actions are. */
export type Sources = {
  /** Tree of an action repository by `owner/repo`. */
  actions: Record<string, string>;
  workspace: string;
  /** The repository whose file says `uses: $/path`, where that file comes from an action's tree. */
  self?: Origin;
};

export type Origin = { repository: string; ref: string; root: string };

export type Input = { default?: unknown; deprecationMessage?: string };

export type Runs =
  | {
      kind: "node";
      main: string;
      pre?: string;
      post?: string;
      preIf: unknown;
      postIf: unknown;
      using: string;
    }
  | { kind: "composite"; steps: Step[] }
  /** Actions of others that the rehearsal plays itself. */
  | { kind: "checkout" }
  | { kind: "app-token" };

export type Action = {
  uses: string;
  name: string;
  directory: string;
  /** Undefined for an action of the workspace. */
  origin?: Origin;
  inputs: Record<string, Input>;
  outputs: Record<string, { value?: unknown }>;
  runs: Runs;
};

type Manifest = {
  name?: unknown;
  inputs?: Record<string, Input | null>;
  outputs?: Record<string, { value?: unknown } | null>;
  runs?: Record<string, unknown>;
};

/** The inputs of actions/checkout that the rehearsal's own checkout knows, with their defaults. */
const checkoutInputs: Record<string, Input> = {
  repository: { default: "${{ github.repository }}" },
  ref: {},
  token: { default: "${{ github.token }}" },
  "persist-credentials": { default: "true" },
  path: {},
  clean: { default: "true" },
  "fetch-depth": { default: "1" },
  "fetch-tags": { default: "false" },
  "show-progress": { default: "true" },
  lfs: { default: "false" },
  submodules: { default: "false" },
  "set-safe-directory": { default: "true" },
  "ssh-key": {},
  filter: {},
  "sparse-checkout": {},
};

/** Finds and reads the action that a step uses. Throws with the sentence that the step's log then shows. */
export async function loadAction(uses: string, sources: Sources): Promise<Action> {
  if (uses.startsWith("docker://")) {
    throw new Error(`RA9002 ${uses} is a container action; the rehearsal has no containers.`);
  }
  if (uses.startsWith("./")) {
    const directory = join(sources.workspace, uses);
    return readAction(
      uses,
      directory,
      undefined,
      " Did you forget to run actions/checkout before running your local action?",
    );
  }
  if (uses.startsWith("$/")) {
    if (sources.self === undefined) {
      throw new Error(
        `RA9002 ${uses}: \`$/\` is rehearsed inside actions only; use ./ after a checkout.`,
      );
    }
    return readAction(uses, join(sources.self.root, uses.slice(2)), sources.self);
  }
  const found = /^([^/@]+\/[^/@]+)((?:\/[^@]+)?)@(.+)$/.exec(uses);
  if (found === null) {
    throw new Error(`${uses} must be {org}/{repo}[/path]@ref, or begin with ./`);
  }
  const [, repository = "", path = "", ref = ""] = found;
  const root = sources.actions[repository];
  if (root !== undefined) return readAction(uses, join(root, path), { repository, ref, root });
  if (repository === "actions/checkout" && path === "") return checkout(uses, ref);
  if (repository === "actions/create-github-app-token" && path === "") {
    return {
      ...checkout(uses, ref),
      name: "Create GitHub App Token",
      origin: { repository, ref, root: "" },
      inputs: appTokenInputs,
      runs: { kind: "app-token" },
    };
  }
  throw new Error(
    `RA9002 ${uses} is not in the rehearsal: it knows actions/checkout, actions/create-github-app-token and ${Object.keys(sources.actions).join(", ") || "no other repository"}. Nothing is downloaded.`,
  );
}

function checkout(uses: string, ref: string): Action {
  return {
    uses,
    name: "Checkout",
    directory: "",
    origin: { repository: "actions/checkout", ref, root: "" },
    inputs: checkoutInputs,
    outputs: {},
    runs: { kind: "checkout" },
  };
}

async function readAction(
  uses: string,
  directory: string,
  origin: Origin | undefined,
  hint = "",
): Promise<Action> {
  const text =
    (await textOf(join(directory, "action.yml"))) ?? (await textOf(join(directory, "action.yaml")));
  if (text === undefined) {
    throw new Error(
      `Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action '${uses}'.${hint}`,
    );
  }
  const manifest = readYaml(text) as Manifest | null;
  const runs = runsOf(uses, manifest?.runs ?? {});
  await requireFiles(uses, directory, runs);
  return {
    uses,
    name: typeof manifest?.name === "string" ? manifest.name : uses,
    directory,
    ...(origin === undefined ? {} : { origin }),
    inputs: filled(manifest?.inputs),
    outputs: filled(manifest?.outputs),
    runs,
  };
}

function runsOf(uses: string, runs: Record<string, unknown>): Runs {
  const using = String(runs["using"] ?? "");
  if (using === "composite") {
    if (!Array.isArray(runs["steps"]))
      throw new Error(`${uses}: runs.steps is required for a composite action`);
    return { kind: "composite", steps: runs["steps"] as Step[] };
  }
  if (using === "docker")
    throw new Error(`RA9002 ${uses} is a container action; the rehearsal has no containers.`);
  // The runner gives node12, node16 and node20 the Node that it has by now.
  if (!/^node(12|16|20|24)$/i.test(using))
    throw new Error(`${uses}: 'using: ${using}' is not supported`);
  const text = (key: string): string | undefined =>
    runs[key] === undefined || runs[key] === null ? undefined : String(runs[key]);
  const main = text("main");
  if (main === undefined) throw new Error(`${uses}: runs.main is missing`);
  const pre = text("pre");
  const post = text("post");
  return {
    kind: "node",
    using,
    main,
    ...(pre === undefined ? {} : { pre }),
    ...(post === undefined ? {} : { post }),
    preIf: runs["pre-if"] ?? "always()",
    postIf: runs["post-if"] ?? "always()",
  };
}

/** A bundle that is not there is a fault of the action's release, so it is told before anything of the action runs. */
async function requireFiles(uses: string, directory: string, runs: Runs): Promise<void> {
  if (runs.kind !== "node") return;
  for (const file of [runs.main, runs.pre, runs.post]) {
    if (file === undefined) continue;
    const found = await stat(join(directory, file)).catch(() => undefined);
    if (found?.isFile() !== true) throw new Error(`File not found: '${file}' of action ${uses}`);
  }
}

function filled<T extends object>(
  entries: Record<string, T | null> | undefined,
): Record<string, T | Record<string, never>> {
  return Object.fromEntries(
    Object.entries(entries ?? {}).map(([name, entry]) => [name, entry ?? {}]),
  );
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  });
}
