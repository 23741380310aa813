import { Fault } from "@release-actions/codes";

/** One component of the release as the script gets it. */
export type ScriptImage = {
  /** The component's name. */
  name: string;
  /** Without tag and digest. */
  image: string;
  digest: string;
};

/** What every script is told. */
export type ScriptFacts = {
  version: string;
  environment: string;
  namespace: string;
  commit: string;
  images: readonly ScriptImage[];
  /** `deploy.vars`, filled. */
  vars: Readonly<Record<string, string>>;
};

/** Variables of the job that a program needs to find itself, its servers and their certificates. No token is among them. */
const inherited = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LC_ALL",
  "TZ",
  "CI",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "ALL_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "all_proxy",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "CURL_CA_BUNDLE",
  "REQUESTS_CA_BUNDLE",
  "GIT_SSL_CAINFO",
  "NODE_EXTRA_CA_CERTS",
  // The runner finds by it what a cancelled job has left running.
  "RUNNER_TRACKING_ID",
];

const ours = ["VERSION", "ENVIRONMENT", "NAMESPACE", "COMMIT", "KUBECONFIG", "TMPDIR"];

/** The variable of a component's image: `IMAGE_` and its name in capitals, with `_` for what is no letter or digit. */
export function imageVariable(component: string): string {
  return `IMAGE_${component.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`;
}

/** Every pair of names that would share a variable, a sentence each. */
export function variableClashes(components: readonly string[], vars: readonly string[]): string[] {
  const sharing = [...Map.groupBy(components, imageVariable)].filter(
    ([, names]) => names.length > 1,
  );
  const images = new Set(components.map(imageVariable));
  return [
    ...sharing.map(
      ([variable, names]) => `the components ${names.join(" and ")} would both be ${variable}`,
    ),
    ...vars
      .filter((name) => ours.includes(name) || images.has(name))
      .map((name) => `\`vars\` has ${name}, which the script already gets from the release`),
  ];
}

/**
 * The whole environment of a script: the release, `vars`, and what the job lends it. Inputs, tokens and files of the runner's
 * protocol are not in it.
 * @throws Fault RA3206
 */
export function scriptVariables(
  facts: ScriptFacts,
  job: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const clashes = variableClashes(
    facts.images.map(({ name }) => name),
    Object.keys(facts.vars),
  );
  if (clashes.length > 0) throw new Fault("RA3206", { saw: clashes.join("; ") });
  return {
    ...lentVariables(job),
    ...facts.vars,
    ...Object.fromEntries(
      facts.images.map(({ name, image, digest }) => [imageVariable(name), `${image}@${digest}`]),
    ),
    VERSION: facts.version,
    ENVIRONMENT: facts.environment,
    NAMESPACE: facts.namespace,
    COMMIT: facts.commit,
  };
}

/** What a foreign program gets of the job's variables. */
export function lentVariables(
  job: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    inherited.flatMap((name): [string, string][] => {
      const value = job[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
