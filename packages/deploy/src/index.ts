export { openAwx, type Awx } from "./awx/awx.ts";
export type { AwxFailure } from "./awx/await-job.ts";
export { runTemplate, type TemplateRun } from "./awx/run-template.ts";
export { findTemplate, type AwxTemplate } from "./awx/template.ts";
export { applyStep, type Applied } from "./kubernetes/apply.ts";
export type { FieldChange } from "./kubernetes/difference.ts";
export { previewApply, type Preview } from "./kubernetes/preview.ts";
export type { Cause } from "./kubernetes/cause.ts";
export { connectCluster, type Cluster, type RequestDetails } from "./kubernetes/cluster.ts";
export {
  differencesOf,
  readConfiguration,
  type Configuration,
} from "./kubernetes/configuration.ts";
export { lastSuccessOf } from "./kubernetes/cron-job.ts";
export type { WaitedKind } from "./kubernetes/kinds.ts";
export type { ManifestFile } from "./kubernetes/manifests.ts";
export type { KubeObject, Metadata } from "./kubernetes/object.ts";
export type { Patience } from "./kubernetes/troubles.ts";
export { renderJob, type JobRole, type ReleaseJob } from "./kubernetes/release-job.ts";
export { renderManifests, type ReleasedImage, type Rendered } from "./kubernetes/rendered.ts";
export {
  awaitRollout,
  rollOut,
  rolloutStep,
  type Rollout,
  type RolloutOptions,
} from "./kubernetes/rollout.ts";
export { runJob, type JobEnd, type JobFailure } from "./kubernetes/run-job.ts";
export { readRunning, type Asked, type Running } from "./kubernetes/running.ts";
export type { RunningImage, Workload } from "./kubernetes/workload.ts";
export { checkArchive } from "./script/archive.ts";
export { runScript, type ScriptFailure, type ScriptRun } from "./script/run-script.ts";
export {
  scriptVariables,
  variableClashes,
  type ScriptFacts,
  type ScriptImage,
} from "./script/variables.ts";
export {
  lookForImages,
  verifyImages,
  type Expected,
  type Sight,
  type Verification,
} from "./script/verify.ts";
export { isReleaseName, valueName, wrongValueNames } from "./helm/chart-values.ts";
export { deployChart, type ChartRollout } from "./helm/deploy-chart.ts";
export { findHelm, openChart, type Chart, type OpenChart } from "./helm/helm.ts";
export { renderChart } from "./helm/render-chart.ts";
export { isKustomization, renderKustomization } from "./kustomize/render-kustomization.ts";
