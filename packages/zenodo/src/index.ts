export { readMetadata, type Citation, type Metadata } from "./citation.ts";
export type { ReleaseFile } from "./files.ts";
export {
  createZenodo,
  type Publication,
  type Reservation,
  type Zenodo,
  type ZenodoState,
  type ZenodoSteps,
} from "./zenodo.ts";
export { recordId } from "./deposition.ts";
