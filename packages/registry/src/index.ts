export { type Missing } from "./completeness.ts";
export { type Copied } from "./copy.ts";
export { credentialsFrom, type Credentials } from "./credentials.ts";
export { type Login } from "./docker-config.ts";
export { type Manifest } from "./manifest.ts";
export {
  promotionSteps,
  type Promoted,
  type Promotion,
  type PromotionOptions,
} from "./promotion.ts";
export {
  formatReference,
  isHost,
  parseReference,
  type Reference,
  type Repository,
} from "./reference.ts";
export { createRegistry, type ImageLabels, type Registry } from "./registry.ts";
export { variantDigests } from "./variants.ts";
