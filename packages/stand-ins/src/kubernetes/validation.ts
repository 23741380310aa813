import { isSchedule, isTimeZone, scheduleFault } from "./cron-schedule.ts";
import { schemaCauses } from "./custom-resources.ts";
import { immutableCauses } from "./immutable.ts";
import { at, isFields, type Fields, type KubeObject } from "./object.ts";
import type { Resource } from "./resources.ts";
import { labelsMatch } from "./selectors.ts";
import { invalid, type Invalid } from "./status.ts";

const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const dnsName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const labelRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/** Throws 422 with every cause when the object, or its change, is not allowed. */
export function validate(
  resource: Resource,
  object: KubeObject,
  before: KubeObject | undefined,
): void {
  const causes = [
    ...metadataCauses(object),
    ...(resource.openapi
      ? schemaCauses(object, resource.openapi, "")
      : (rules[resource.kind]?.(object) ?? [])),
    ...(before ? immutableCauses(resource, object, before) : []),
  ];
  if (causes.length > 0) throw invalid(resource, object.metadata.name, causes);
}

const required = (field: string, detail = ""): Invalid => ({
  reason: "FieldValueRequired",
  field,
  message: `Required value${detail && `: ${detail}`}`,
});
const wrong = (field: string, value: unknown, why: string): Invalid => ({
  reason: "FieldValueInvalid",
  field,
  message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
});

const rules: Record<string, (object: KubeObject) => Invalid[]> = {
  Deployment: (object) => [
    ...selectorCauses(object),
    ...podSpecCauses(at(object, "spec", "template", "spec"), "spec.template.spec"),
    ...countCauses(object),
  ],
  ReplicaSet: (object) => [
    ...selectorCauses(object),
    ...podSpecCauses(at(object, "spec", "template", "spec"), "spec.template.spec"),
    ...countCauses(object),
  ],
  StatefulSet: (object) => [...alwaysCauses(object), ...countCauses(object)],
  DaemonSet: alwaysCauses,
  PersistentVolumeClaim: ({ spec }) => [
    ...(items(at(spec, "accessModes")).length > 0 || Array.isArray(at(spec, "accessModes"))
      ? []
      : [required("spec.accessModes", "at least 1 access mode is required")]),
    ...(at(spec, "resources", "requests", "storage") === undefined
      ? [required("spec.resources[storage]")]
      : []),
  ],
  CustomResourceDefinition: definitionCauses,
  Job: (object) => jobCauses(object["spec"], "spec"),
  CronJob: cronJobCauses,
  Pod: (object) => podSpecCauses(object["spec"], "spec"),
  Service: (object) => {
    const spec = isFields(object["spec"]) ? object["spec"] : {};
    if (
      spec["type"] === "ExternalName" ||
      spec["clusterIP"] === "None" ||
      items(spec["ports"]).length > 0
    )
      return [];
    return [required("spec.ports")];
  },
  Ingress: (object) =>
    items(at(object, "spec", "rules")).flatMap((rule, ruleIndex) =>
      items(at(rule, "http", "paths")).flatMap((path, pathIndex) =>
        path["pathType"]
          ? []
          : [
              required(
                `spec.rules[${ruleIndex}].http.paths[${pathIndex}].pathType`,
                "pathType must be specified",
              ),
            ],
      ),
    ),
};

const items = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);

function metadataCauses({ kind, metadata }: KubeObject): Invalid[] {
  // Roles may be called anything that a path can hold.
  const isRole = /Role(Binding)?$/.test(kind);
  const good = isRole || (dnsName.test(metadata.name) && metadata.name.length <= 253);
  const labels = Object.entries(metadata.labels ?? {}).filter(
    ([, value]) => !labelValue.test(String(value)) || String(value).length > 63,
  );
  return [
    ...(good || kind === "Event" ? [] : [wrong("metadata.name", metadata.name, subdomainRule)]),
    ...labels.map(([, value]) => wrong("metadata.labels", value, labelRule)),
  ];
}

function selectorCauses(object: KubeObject): Invalid[] {
  const selector = at(object, "spec", "selector");
  const labels = at(object, "spec", "template", "metadata", "labels");
  if (!isFields(selector)) return [required("spec.selector")];
  if (Object.keys(selector).length === 0)
    return [wrong("spec.selector", selector, "empty selector is invalid for deployment")];
  if (!labelsMatch(selector, isFields(labels) ? (labels as Record<string, string>) : {}))
    return [
      wrong(
        "spec.template.metadata.labels",
        labels ?? null,
        "`selector` does not match template `labels`",
      ),
    ];
  return [];
}

/** Selector and pods of a workload whose pods are always there. */
function alwaysCauses(object: KubeObject): Invalid[] {
  const policy = at(object, "spec", "template", "spec", "restartPolicy");
  const claims = items(at(object, "spec", "volumeClaimTemplates"));
  return [
    ...selectorCauses(object),
    ...podSpecCauses(
      at(object, "spec", "template", "spec"),
      "spec.template.spec",
      claims.map((claim) => at(claim, "metadata", "name")),
    ),
    ...(policy === "Always"
      ? []
      : [unsupported("spec.template.spec.restartPolicy", policy, ["Always"])]),
  ];
}

function definitionCauses({ metadata, spec }: KubeObject): Invalid[] {
  const name = `${String(at(spec, "names", "plural"))}.${String(at(spec, "group"))}`;
  const versions = items(at(spec, "versions"));
  return [
    ...(metadata.name === name
      ? []
      : [wrong("metadata.name", metadata.name, 'must be spec.names.plural+"."+spec.group')]),
    ...(versions.filter((version) => version["storage"] === true).length === 1
      ? []
      : [
          wrong(
            "spec.versions",
            versions.map((version) => version["name"]),
            "must have exactly one version marked as storage version",
          ),
        ]),
    ...versions.flatMap((version, index) =>
      isFields(at(version, "schema", "openAPIV3Schema"))
        ? []
        : [required(`spec.versions[${index}].schema.openAPIV3Schema`, "schemas are required")],
    ),
  ];
}

function countCauses(object: KubeObject): Invalid[] {
  const replicas = at(object, "spec", "replicas");
  return typeof replicas === "number" && replicas < 0
    ? [wrong("spec.replicas", replicas, "must be greater than or equal to 0")]
    : [];
}

function podSpecCauses(spec: unknown, path: string, claims: unknown[] = []): Invalid[] {
  if (!isFields(spec) || items(spec["containers"]).length === 0)
    return [required(`${path}.containers`)];
  const volumes = [...items(spec["volumes"]).map((volume) => volume["name"]), ...claims];
  return ["initContainers", "containers"].flatMap((list) =>
    items(spec[list]).flatMap((container, index, all) => {
      const here = `${path}.${list}[${index}]`;
      const { name, image } = container;
      const mounts = items(container["volumeMounts"]);
      return [
        ...(typeof name === "string" && name !== "" ? [] : [required(`${here}.name`)]),
        ...(typeof name !== "string" || name === "" || dnsLabel.test(name)
          ? []
          : [
              wrong(
                `${here}.name`,
                name,
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
              ),
            ]),
        ...(all.findIndex((other) => other["name"] === name) === index
          ? []
          : [
              {
                reason: "FieldValueDuplicate" as const,
                field: `${here}.name`,
                message: `Duplicate value: ${JSON.stringify(name)}`,
              },
            ]),
        ...(typeof image === "string" && image !== "" ? [] : [required(`${here}.image`)]),
        ...mounts.flatMap((mount, at) =>
          volumes.includes(mount["name"])
            ? []
            : [
                {
                  reason: "FieldValueInvalid" as const,
                  field: `${here}.volumeMounts[${at}].name`,
                  message: `Not found: ${JSON.stringify(mount["name"])}`,
                },
              ],
        ),
      ];
    }),
  );
}

/** A Job's pods end: they may not be restarted for ever. */
function jobCauses(spec: unknown, path: string): Invalid[] {
  const policy = at(spec, "template", "spec", "restartPolicy");
  return [
    ...podSpecCauses(at(spec, "template", "spec"), `${path}.template.spec`),
    ...(["OnFailure", "Never"].includes(String(policy))
      ? []
      : [unsupported(`${path}.template.spec.restartPolicy`, policy, ["OnFailure", "Never"])]),
  ];
}

const policies = ["Allow", "Forbid", "Replace"];

function cronJobCauses({ metadata, spec }: KubeObject): Invalid[] {
  const [schedule, policy, zone] = [
    at(spec, "schedule"),
    at(spec, "concurrencyPolicy"),
    at(spec, "timeZone"),
  ];
  return [
    // The Jobs that it makes add eleven characters to its name.
    ...(metadata.name.length > 52
      ? [wrong("metadata.name", metadata.name, "must be no more than 52 characters")]
      : []),
    ...(typeof schedule !== "string" || schedule === ""
      ? [required("spec.schedule")]
      : isSchedule(schedule)
        ? []
        : [wrong("spec.schedule", schedule, scheduleFault(schedule))]),
    ...(zone === undefined || isTimeZone(zone)
      ? []
      : [wrong("spec.timeZone", zone, `unknown time zone ${String(zone)}`)]),
    ...(policies.includes(String(policy))
      ? []
      : [unsupported("spec.concurrencyPolicy", policy, policies)]),
    ...jobCauses(at(spec, "jobTemplate", "spec"), "spec.jobTemplate.spec"),
  ];
}

const unsupported = (field: string, value: unknown, supported: string[]): Invalid => ({
  reason: "FieldValueNotSupported",
  field,
  message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported.map((one) => JSON.stringify(one)).join(", ")}`,
});
