import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { objectStore } from "./git/objects.ts";
import { refStore } from "./git/refs.ts";
import { addPerson, findRepository, nodeId, type Repository, type World } from "./world.ts";

/** Environment of a git process that reads nobody's configuration and asks nobody. */
export const plainGit = {
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: process.platform === "win32" ? "NUL" : "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
};

const namePattern = /^[A-Za-z0-9_.-]+$/;

export function addRepository(
  world: World,
  wanted: { owner: string; name: string; private?: boolean; defaultBranch?: string },
): Repository {
  const fullName = `${wanted.owner}/${wanted.name}`;
  if (
    !namePattern.test(wanted.owner) ||
    !namePattern.test(wanted.name) ||
    wanted.name.startsWith(".")
  ) {
    throw new Error(`${fullName} is no name for a repository`);
  }
  if (findRepository(world, fullName))
    throw new Error(`The GitHub stand-in already has a repository ${fullName}.`);
  const defaultBranch = wanted.defaultBranch ?? "main";
  const directory = join(world.directory, bareFolder({ fullName }));
  createBare(directory, defaultBranch);
  const id = world.nextId();
  const now = world.clock.now();
  const repository: Repository = {
    id,
    nodeId: nodeId("R", id),
    owner: addPerson(world, { login: wanted.owner, type: "Organization" }),
    name: wanted.name,
    fullName,
    private: wanted.private ?? false,
    defaultBranch,
    directory,
    createdAt: now,
    pushedAt: now,
    objects: objectStore(directory),
    refs: refStore(directory),
    access: new Map(),
    issues: [],
    labels: [],
    milestones: [],
    releases: [],
    deployments: [],
    checkRuns: [],
    statuses: [],
    environments: [],
    actionsMayPropose: true,
    verified: new Set(),
  };
  world.repositories.set(fullName.toLowerCase(), repository);
  return repository;
}

/** Where a repository is below the folder of all. */
export const bareFolder = ({ fullName }: { fullName: string }): string => `${fullName}.git`;

function createBare(directory: string, defaultBranch: string): void {
  mkdirSync(directory, { recursive: true });
  const git = (...args: string[]) =>
    execFileSync("git", ["--git-dir", directory, ...args], {
      env: { ...process.env, ...plainGit },
      stdio: "pipe",
    });
  git("init", "--quiet", "--bare", `--initial-branch=${defaultBranch}`, "--template=");
  const settings = {
    "http.receivepack": "true",
    "http.uploadpack": "true",
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    // What arrives stays loose, so that it is read without starting git.
    "receive.unpackLimit": "100000",
    "fetch.unpackLimit": "100000",
    "fastimport.unpackLimit": "100000",
    "gc.auto": "0",
    "receive.autogc": "false",
  };
  const sections = Object.entries(settings).map(([key, value]) => {
    const [section, name] = key.split(".");
    return `[${section}]\n\t${name} = ${value}\n`;
  });
  writeFileSync(
    join(directory, "config"),
    `[core]\n\trepositoryformatversion = 0\n\tbare = true\n${sections.join("")}`,
  );
  mkdirSync(join(directory, "hooks"), { recursive: true });
  const hook = join(directory, "hooks", "pre-receive");
  writeFileSync(hook, workflowGuard);
  chmodSync(hook, 0o755);
}

/**
 * Refuses a push by a token without `workflows` whose workflow files are on no branch yet, as GitHub does:
 * for tags as well as for branches.
 */
const workflowGuard = `#!/bin/sh
while read -r old new ref; do
  [ -z "$STAND_IN_NO_WORKFLOWS" ] && continue
  case "$new" in *[!0]*) ;; *) continue ;; esac
  files=$(git rev-parse --quiet --verify "$new^{commit}:.github/workflows") || continue
  known=
  for tip in $(git for-each-ref --format='%(objectname)' refs/heads); do
    [ "$(git rev-parse --quiet --verify "$tip:.github/workflows")" = "$files" ] && known=yes
  done
  if [ -z "$known" ]; then
    file=$(git ls-tree --name-only "$new^{commit}" .github/workflows/ | head -n 1)
    echo "refusing to allow a GitHub App to create or update workflow \\\`$file\\\` without \\\`workflows\\\` permission" >&2
    exit 1
  fi
done
`;
