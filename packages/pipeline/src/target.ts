import { Fault } from "@release-actions/codes";
import { connectCluster, type Cluster } from "@release-actions/deploy";
import { kubeconfigOf, type ClusterAccess } from "./cluster-access.ts";
import type { EnvironmentSettings } from "./configuration/pipeline-file.ts";
import type { World } from "./connect.ts";
import { jobPaths } from "./release-jobs.ts";

/** Opens the environment's cluster and asks who it is, where the file says who it must be. @throws Fault RA1001, RA3001…, RA3014 */
export async function openCluster(
  world: Pick<World, "transport" | "job">,
  given: ClusterAccess,
  environment: Pick<EnvironmentSettings, "name"> & {
    deploy?: { cluster?: string | undefined } | undefined;
  },
): Promise<Cluster> {
  if (!given.kubeconfig) {
    throw new Fault("RA1001", {
      saw: `\`kubeconfig\` is not given, and ${environment.name} deploys to a cluster`,
      next: "Add the secret to GitHub's environment and `kubeconfig: ${{ secrets.KUBECONFIG }}` under `with:`.",
    });
  }
  const cluster = await connectCluster({
    transport: world.transport,
    kubeconfig: kubeconfigOf(given.kubeconfig, world.job),
    allowExec: given.allowExec ?? false,
    allowInsecure: given.insecureSkipTlsVerify ?? false,
  });
  for (const secret of cluster.secrets) world.job.mask(secret);
  for (const warning of cluster.warnings) world.job.warn("The cluster's access", warning);
  const wanted = environment.deploy?.cluster;
  if (wanted !== undefined) {
    const is = await cluster.identity();
    if (is !== wanted)
      throw new Fault("RA3014", {
        saw: `the kubeconfig leads to the cluster ${is}, and the file says ${wanted}`,
      });
  }
  return cluster;
}

/**
 * The cluster of an environment, where it has one: manifests need it, a script may do without, and then nothing of what it
 * made is verified. @throws as `openCluster`
 */
export async function openTarget(
  world: Pick<World, "transport" | "job">,
  given: ClusterAccess & { awxToken?: string },
  environment: EnvironmentSettings,
): Promise<Cluster | undefined> {
  const { deploy, gate } = environment;
  const asksCluster = (gate?.preflight ?? []).some(
    (check) => "backup" in check && check.backup.startsWith("cronjob/"),
  );
  if (deploy?.manifests?.length || deploy?.chart !== undefined)
    return openCluster(world, given, environment);
  const byAwx = deploy?.["awx-template"] !== undefined;
  if (byAwx && !given.awxToken)
    throw new Fault("RA1001", {
      saw: `\`awx-token\` is not given, and ${environment.name} is deployed by a job template of AWX`,
      next: "Add the secret to GitHub's environment and `awx-token: ${{ secrets.AWX_TOKEN }}` under `with:`.",
    });
  if (jobPaths(environment).length > 0) return openCluster(world, given, environment);
  if (deploy?.script === undefined && !byAwx && !asksCluster) return undefined;
  if (given.kubeconfig) return openCluster(world, given, environment);
  if (deploy?.cluster !== undefined)
    throw new Fault("RA1001", {
      saw: `\`kubeconfig\` is not given, and \`deploy.cluster\` of ${environment.name} says which cluster it must lead to`,
      next: "Give `kubeconfig`, or take `cluster` out of the file.",
    });
  return undefined;
}
