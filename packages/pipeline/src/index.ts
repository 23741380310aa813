export { deployEnv } from "./deploy-env.ts";
export { gate } from "./gate-action.ts";
export type { ActionResult, Job } from "./job.ts";
export { promote } from "./promote.ts";
export { promoteImage } from "./promote-image.ts";
export { publishRelease } from "./publish-release.ts";
export { smokeTest } from "./smoke-test.ts";
export { validateTag } from "./validate-tag.ts";
export { zenodoDoi } from "./zenodo-doi.ts";
