import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes the workflows that the actions' READMEs show into a folder, as files that linters read.
 * Returns their names. @throws Error for an action whose README shows none
 */
export function writeReadmeWorkflows(root: string, folder: string): string[] {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, ".github/workflows"), { recursive: true });
  return actionFolders(root).map((name) => {
    const readme = readFileSync(join(root, "actions", name, "README.md"), "utf8");
    const workflow = /^```yaml\n(name: [^]*?\n)```$/m.exec(readme)?.[1];
    if (workflow === undefined) throw new Error(`actions/${name}/README.md shows no workflow`);
    writeFileSync(join(folder, ".github/workflows", `${name}.yml`), workflow);
    return name;
  });
}

function actionFolders(root: string): string[] {
  return readdirSync(join(root, "actions"), { withFileTypes: true })
    .filter(
      (entry) =>
        entry.isDirectory() &&
        readdirSync(join(root, "actions", entry.name)).includes("action.yml"),
    )
    .map((entry) => entry.name);
}
