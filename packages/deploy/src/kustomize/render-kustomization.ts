import { Fault } from "@release-actions/codes";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ManifestFile } from "../kubernetes/manifests.ts";
import { unpackArchive } from "../script/archive.ts";
import { findProgram } from "../script/find-program.ts";
import { runProgram } from "../script/program.ts";
import { lentVariables } from "../script/variables.ts";

const names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/** Is this file the one that makes its folder a kustomization? */
export function isKustomization(path: string): boolean {
  return names.includes(basename(path));
}

/** Bases in files are read at once; one that takes longer waits for something. */
const longest = 60_000;

/** What lets kustomize reach nothing but the files of the commit: a remote base would be another one tomorrow. */
const noNetwork = {
  GIT_ALLOW_PROTOCOL: "none",
  HTTP_PROXY: "http://127.0.0.1:9",
  HTTPS_PROXY: "http://127.0.0.1:9",
  http_proxy: "http://127.0.0.1:9",
  https_proxy: "http://127.0.0.1:9",
  NO_PROXY: "",
  no_proxy: "",
};

/**
 * Renders a folder of a commit by the job's `kubectl kustomize` or `kustomize build`. Remote bases, plugins and charts are not
 * fetched. @throws Fault RA3411, RA3412, RA3205
 */
export async function renderKustomization(
  archive: Buffer,
  folder: string,
  job: { variables: Readonly<Record<string, string | undefined>>; temp: string },
): Promise<ManifestFile[]> {
  const program = await findKustomize(job.variables["PATH"]);
  await mkdir(job.temp, { recursive: true });
  const place = await mkdtemp(join(job.temp, "release-kustomization-"));
  try {
    const tree = join(place, "tree");
    await mkdir(tree);
    await unpackArchive(archive, tree);
    const at = join(tree, folder);
    if (!(await stat(at).catch(() => undefined))?.isDirectory())
      throw new Fault("RA3412", { saw: `${folder} is not a folder at the released commit` });
    const said: string[] = [];
    const chunks: Buffer[] = [];
    const end = await runProgram(program.path, {
      args: [...program.command, at],
      cwd: tree,
      env: { ...lentVariables(job.variables), ...noNetwork, KUBECONFIG: "/dev/null" },
      timeout: longest,
      line: (text) => said.push(text),
      output: (bytes) => chunks.push(bytes),
    });
    if (end.how === "exited" && end.code === 0)
      return documentsOf(`${folder} (${program.name})`, Buffer.concat(chunks).toString("utf8"));
    const why = end.how === "timed-out" ? "it was not done after a minute" : said.join(" ");
    const remote = /git|proxyconnect|127\.0\.0\.1:9|hit \d+s? timeout/.test(why);
    throw new Fault("RA3412", {
      saw: `${folder}: ${why.replaceAll(`${tree}/`, "").replaceAll(tree, ".").slice(0, 1000) || "kustomize said nothing"}`,
      ...(remote
        ? { next: "Remote bases are not fetched: commit the base beside the kustomization." }
        : {}),
    });
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

async function findKustomize(
  path: string | undefined,
): Promise<{ path: string; name: string; command: string[] }> {
  const kubectl = await findProgram("kubectl", path);
  if (kubectl !== undefined)
    return { path: kubectl, name: "kubectl kustomize", command: ["kustomize"] };
  const kustomize = await findProgram("kustomize", path);
  if (kustomize !== undefined)
    return { path: kustomize, name: "kustomize build", command: ["build"] };
  throw new Fault("RA3411", { saw: "there is neither `kubectl` nor `kustomize` on the PATH" });
}

/** A file each: a line that begins with three hyphens is never inside a text, those are indented. */
function documentsOf(path: string, text: string): ManifestFile[] {
  return text
    .split(/^---(?=\s|$)/m)
    .filter((part) => part.trim() !== "")
    .map((part, index) => ({ path: `${path}, object ${index + 1}`, text: part }));
}
