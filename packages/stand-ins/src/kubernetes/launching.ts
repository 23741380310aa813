import { cp, rm } from "node:fs/promises";
import { createContainerLog, type ContainerLog } from "./container-log.ts";
import { startProcess, type ContainerProcess } from "./container-process.ts";
import { expanded } from "./environment.ts";
import type { NodeImage } from "./images.ts";
import type { ContainerSpec } from "./workloads.ts";

/** Gives a container a fresh copy of its image and starts its command there. Throws StartFailure. */
export async function launch(container: {
  spec: ContainerSpec;
  image: NodeImage;
  env: Record<string, string>;
  folder: string;
  nodeBinary: string;
  /** Its files are there. */
  created(): void;
}): Promise<{ process: ContainerProcess; log: ContainerLog }> {
  const { spec, image, env, folder, nodeBinary } = container;
  await rm(folder, { recursive: true, force: true });
  await cp(image.directory, folder, { recursive: true, verbatimSymlinks: true });
  container.created();
  const command = [
    ...(spec.command ?? image.config.entrypoint),
    ...(spec.args ?? (spec.command ? [] : image.config.cmd)),
  ].map((part) => expanded(part, env));
  const log = createContainerLog();
  const workingDir = spec.workingDir ?? image.config.workingDir;
  const process = await startProcess({ root: folder, command, workingDir, env, nodeBinary, log });
  return { process, log };
}

/** Runs another command in a container's files to its end. One that cannot be started has exit code 127, and says why. */
export async function execute(container: {
  command: string[];
  env: Record<string, string>;
  folder: string;
  workingDir: string;
  nodeBinary: string;
}): Promise<{ exitCode: number; output: string }> {
  const log = createContainerLog();
  try {
    const process = await startProcess({ ...container, root: container.folder, log });
    return { exitCode: (await process.exited).exitCode, output: log.text() };
  } catch (error) {
    return { exitCode: 127, output: error instanceof Error ? error.message : String(error) };
  }
}
