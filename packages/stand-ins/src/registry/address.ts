const loopback = /^(?:127\.0\.0\.1|localhost)(?=:|$)/;

/** The origin by which a request came. Plain http is served on loopback only; behind a real name stands TLS. */
export function originOf(host: string): string {
  return `${loopback.test(host) ? "http" : "https"}://${host}`;
}

/** The origin of another host of the same service. On loopback that is the other name of this machine. */
export function siblingOf(host: string, name: string): string {
  return originOf(
    loopback.test(host)
      ? host.replace(loopback, (own) => (own === "localhost" ? "127.0.0.1" : "localhost"))
      : name,
  );
}
