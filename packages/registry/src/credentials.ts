import { askProgram } from "./credential-program.ts";
import { readDockerConfig, type DockerConfig, type Login } from "./docker-config.ts";
import { canonicalHost } from "./reference.ts";

/** What to say to a host; undefined = nothing, ask as a stranger. @throws Fault RA2002 */
export type Credentials = (host: string) => Login | undefined | Promise<Login | undefined>;

/**
 * Credentials from the inputs, else from Docker's config.json, else from the credential program that it names: each program
 * is run when its host is first asked for, and once a host.
 * The inputs' login goes to `hosts` and to no other.
 * @throws Fault RA2002
 */
export function credentialsFrom(given: {
  username?: string | undefined;
  password?: string | undefined;
  hosts: string[];
  dockerConfig: string | undefined;
  /** The environment of credential programs; their PATH too. */
  env: Readonly<Record<string, string | undefined>>;
  /** Told of each secret before it is used. */
  mask: (secret: string) => void;
}): Credentials {
  const config = readDockerConfig(given.dockerConfig);
  const hosts = given.hosts.map(canonicalHost);
  const known = new Map<string, Promise<Login | undefined>>();
  return (host) => {
    const wanted = canonicalHost(host);
    if (given.password !== undefined && given.password !== "" && hosts.includes(wanted)) {
      return { username: given.username ?? "", password: given.password };
    }
    const login = known.get(wanted) ?? configured(config, wanted, given);
    known.set(wanted, login);
    return login;
  };
}

async function configured(
  config: DockerConfig,
  host: string,
  { env, mask }: Pick<Parameters<typeof credentialsFrom>[0], "env" | "mask">,
): Promise<Login | undefined> {
  const found = config(host);
  const login =
    found && ("login" in found ? found.login : await askProgram({ ...found.keeper, env }));
  if (login) for (const secret of secretsOf(login)) mask(secret);
  return login;
}

function secretsOf(login: Login): string[] {
  if ("identityToken" in login) return [login.identityToken];
  if ("registryToken" in login) return [login.registryToken];
  return [login.password, `${login.username}:${login.password}`];
}
