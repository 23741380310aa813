export {
  createKubernetesStandIn,
  type KubernetesStandIn,
  type PodView,
  type SavedKubernetes,
} from "./kubernetes-stand-in.ts";
export type { AccessRule, Identity } from "./access.ts";
export type { Webhook } from "./admission.ts";
export type { Endpoint, ServicePort } from "./endpoints.ts";
export type { NodeFault, NodeTroubleName } from "./node-faults.ts";
