import { ledgerFile } from "../../test-support/shop.ts";
import type { JobWish, Stage } from "../../test-support/stage.ts";

/** A step that promotes into an environment, with every secret. */
export const into = (stage: Stage, environment: string, more: JobWish = {}): JobWish => ({
  ...more,
  inputs: { environment, kubeconfig: stage.kubeconfig, ...stage.registryLogin, ...more.inputs },
});

export type Entry = {
  id: string;
  result: string;
  actor: string;
  run: { id: number };
  release: { version: string };
  why?: string;
};
type Current = { latest: Entry; passed: { entry: string; release: { version: string } }[] };
export const currentOf = (stage: Stage, environment: string) =>
  ledgerFile<Current>(stage, `${environment}/current.json`);
