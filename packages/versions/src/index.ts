export { imageTag } from "./image-tag.ts";
export { manifestVersion } from "./manifest.ts";
export { schemeOf } from "./scheme.ts";
export type { Kind, Scheme, Version } from "./version.ts";
