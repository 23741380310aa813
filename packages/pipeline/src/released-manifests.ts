import { isKustomization, renderKustomization, type ManifestFile } from "@release-actions/deploy";
import { Fault } from "@release-actions/codes";
import { dirname } from "node:path/posix";
import { isGlob, isOf } from "./manifest-paths.ts";
import type { ReleaseFiles } from "./elsewhere.ts";
import type { Job } from "./job.ts";

/**
 * The manifests of a release: files as they are, and each folder that is a kustomization as the job's kustomize renders it.
 * A glob takes files only. `read`: what the paths hold, folders with one level below. @throws Fault RA3411, RA3412, RA5004, RA50xx
 */
export async function manifestFiles(
  job: Pick<Job, "variables" | "env">,
  paths: readonly string[],
  read: readonly ManifestFile[],
  files: ReleaseFiles,
): Promise<ManifestFile[]> {
  const written = await Promise.all(
    paths.map(async (given): Promise<ManifestFile[]> => {
      const below = read.filter((file) => isOf(given, file.path));
      if (isGlob(given)) {
        if (below.length === 0)
          throw new Fault("RA5004", { saw: `${given} takes no file of the released commit` });
        return below;
      }
      const path = given.replace(/\/+$/, "");
      const kustomized = below.find(
        (file) => isKustomization(file.path) && (file.path === path || dirname(file.path) === path),
      );
      if (kustomized === undefined)
        return below.filter(({ path: one }) => /\.(ya?ml|json)$/.test(one));
      const { archive, path: folder } = await files.archive(dirname(kustomized.path));
      return renderKustomization(archive, folder, { variables: job.variables, temp: job.env.temp });
    }),
  );
  return written.flat();
}
