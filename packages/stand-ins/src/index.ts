export * from "./stand-in.ts";
export {
  createRegistryStandIn,
  type ProfileName,
  type Quirks,
  type RegistryStandIn,
  type RegistryStandInOptions,
  type SavedRegistry,
} from "./registry/registry-stand-in.ts";
export { registryUsage, serveRegistry } from "./registry/serve.ts";
export {
  buildImage,
  pushImage,
  type Image,
  type ImageFile,
  type ImageSource,
} from "./registry/image.ts";
export { pullImage, type PullFetch, type PulledImage } from "./registry/pull.ts";
export {
  createZenodoStandIn,
  type SavedZenodo,
  type ZenodoRecord,
  type ZenodoStandIn,
} from "./zenodo/zenodo.ts";
export {
  createKubernetesStandIn,
  type AccessRule,
  type Endpoint,
  type Identity,
  type KubernetesStandIn,
  type NodeFault,
  type NodeTroubleName,
  type SavedKubernetes,
  type PodView,
  type ServicePort,
  type Webhook,
} from "./kubernetes/index.ts";
export {
  createGitHub,
  enterpriseVersions,
  type EnterpriseVersion,
  type GitHub,
  type GitHubEvent,
  type FileChanges,
  type GitHubRepository,
  type GitHubState,
  type SavedGitHub,
} from "./github/index.ts";
export type {
  Access as GitHubAccess,
  Links as GitHubLinks,
  Permissions as GitHubPermissions,
  TokenRequest as GitHubTokenRequest,
} from "./github/index.ts";
export {
  createChatStandIn,
  type ChatPost,
  type ChatStandIn,
  type SavedChat,
} from "./chat/chat-stand-in.ts";
export {
  createSmtpStandIn,
  type SavedSmtp,
  type SmtpMail,
  type SmtpStandIn,
  type SmtpStandInOptions,
} from "./smtp/smtp-stand-in.ts";
export type { SmtpFault, SmtpPoint } from "./smtp/fault.ts";
export {
  askControlPlane,
  bootControlPlane,
  kubeconfigOf,
  openNamespace,
  signServiceAccountToken,
  standBefore,
  type ClusterAnswer,
  type ClusterFront,
  type ControlPlane,
  type ControlPlaneAccess,
  type PassedRequest,
  type PodFault,
} from "./control-plane/index.ts";
export {
  createAwxStandIn,
  type AwxStandIn,
  type AwxUser,
  type SavedAwx,
} from "./awx/awx-stand-in.ts";
export type { AwxJob, Played, PlayedTask } from "./awx/job.ts";
export { templateWith, type AwxTemplate } from "./awx/template.ts";
