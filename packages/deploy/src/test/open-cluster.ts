import type { Cluster } from "../index.ts";

/** A cluster for somebody who may do everything, with a namespace that holds nothing yet. */
export type OpenCluster = { cluster: Cluster; namespace: string };
