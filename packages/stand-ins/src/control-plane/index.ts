export {
  askControlPlane,
  kubeconfigOf,
  signServiceAccountToken,
  type ClusterAnswer,
  type ControlPlaneAccess,
} from "./access.ts";
export { bootControlPlane, type ControlPlane } from "./control-plane.ts";
export { openNamespace, type PlaneNamespace, type Rule } from "./namespace.ts";
export type { PodFault } from "./stages.ts";
export { standBefore, type ClusterFront, type PassedRequest } from "./front.ts";
