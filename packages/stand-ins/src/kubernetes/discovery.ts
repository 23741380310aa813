import { groupVersion, type Resource } from "./resources.ts";

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const subresourceVerbs = {
  status: ["get", "patch", "update"],
  scale: ["get", "patch", "update"],
  log: ["get"],
  proxy: ["create", "delete", "get", "patch", "update"],
};

export const version = {
  major: "1",
  minor: "36",
  emulationMajor: "1",
  emulationMinor: "36",
  minCompatibilityMajor: "1",
  minCompatibilityMinor: "35",
  gitVersion: "v1.36.3",
  gitCommit: "",
  gitTreeState: "",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "go1.26.8",
  compiler: "gc",
  platform: "linux/amd64",
};

const groups = (resources: Resource[]): { name: string; version: string }[] => {
  const named = resources
    .filter((resource) => resource.group !== "")
    .map((resource) => ({ name: resource.group, version: resource.version }));
  return [...named, { name: "authorization.k8s.io", version: "v1" }].filter(
    (group, index, all) => all.findIndex((other) => other.name === group.name) === index,
  );
};

function apiGroup({ name, version }: { name: string; version: string }) {
  const preferred = { groupVersion: `${name}/${version}`, version };
  return { name, versions: [preferred], preferredVersion: preferred };
}

function apiResources(resource: Resource): object[] {
  const own = {
    name: resource.name,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs,
    ...(resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
    ...(resource.categories.length > 0 ? { categories: resource.categories } : {}),
  };
  const parts = resource.subresources.map((subresource) => ({
    name: `${resource.name}/${subresource}`,
    singularName: "",
    namespaced: resource.namespaced,
    ...(subresource === "scale" ? { group: "autoscaling", version: "v1" } : {}),
    kind: {
      status: resource.kind,
      scale: "Scale",
      log: "Pod",
      proxy: resource.kind === "Pod" ? "PodProxyOptions" : "ServiceProxyOptions",
    }[subresource],
    verbs: subresourceVerbs[subresource],
  }));
  return [own, ...parts];
}

function apiResourceList(name: string, resources: Resource[]): object | undefined {
  const rows = resources
    .filter((resource) => groupVersion(resource) === name)
    .flatMap(apiResources);
  if (name === "authorization.k8s.io/v1")
    rows.push({
      name: "selfsubjectaccessreviews",
      singularName: "selfsubjectaccessreview",
      namespaced: false,
      kind: "SelfSubjectAccessReview",
      verbs: ["create"],
    });
  return rows.length === 0
    ? undefined
    : { kind: "APIResourceList", apiVersion: "v1", groupVersion: name, resources: rows };
}

/** The document behind a discovery path; undefined when there is none. */
export function discover(path: string, resources: Resource[]): object | undefined {
  if (path === "/version") return version;
  if (path === "/api")
    return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
  if (path === "/apis")
    return { kind: "APIGroupList", apiVersion: "v1", groups: groups(resources).map(apiGroup) };
  if (path === "/openapi/v3") return openapiIndex(resources);
  const described = /^\/openapi\/v3\/apis?\/(.+)$/.exec(path)?.[1];
  if (described !== undefined) return openapi(described, resources);
  const named = /^\/api\/(v1)$|^\/apis\/([^/]+\/[^/]+)$/.exec(path);
  if (named) return apiResourceList(named[1] ?? named[2] ?? "", resources);
  const group = groups(resources).find(({ name }) => path === `/apis/${name}`);
  return group && { kind: "APIGroup", apiVersion: "v1", ...apiGroup(group) };
}

const root = (resource: Resource): string =>
  resource.group ? `apis/${groupVersion(resource)}` : "api/v1";

function openapiIndex(resources: Resource[]): object {
  return {
    paths: Object.fromEntries(
      resources.map((resource) => [
        root(resource),
        { serverRelativeURL: `/openapi/v3/${root(resource)}` },
      ]),
    ),
  };
}

/** As much of the OpenAPI document as clients read before they write: which kinds can be patched with `fieldValidation`. */
function openapi(name: string, resources: Resource[]): object | undefined {
  const rows = resources.filter((resource) => groupVersion(resource) === name);
  if (rows.length === 0) return undefined;
  const paths = rows.map((resource) => {
    const path = `/${root(resource)}/${resource.namespaced ? "namespaces/{namespace}/" : ""}${resource.name}/{name}`;
    return [path, patchable(resource)] as const;
  });
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: version.gitVersion },
    paths: Object.fromEntries(paths),
    components: { schemas: {} },
  };
}

function patchable({ group, version, kind }: Resource) {
  const parameters = ["dryRun", "fieldManager", "fieldValidation", "force"].map((name) => ({
    name,
    in: "query",
    schema: { type: "string", uniqueItems: true },
  }));
  const operation = {
    operationId: `patch${kind}`,
    parameters,
    responses: { 200: { description: "OK" } },
    "x-kubernetes-action": "patch",
    "x-kubernetes-group-version-kind": { group, version, kind },
  };
  return { patch: operation };
}
