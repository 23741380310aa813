/** RA80xx: the network. */
export const network = {
  RA8001: {
    title: "A server could not be reached",
    means:
      "No connection, no name, or no answer after several tries. Nothing was written by this request.",
    next: "Check the address, the proxy variables and the server's status page, then run the job again.",
  },
  RA8002: {
    title: "A write was sent and its outcome is not known",
    means:
      "The connection ended or the server failed before it answered. The next run reads the outcome before it writes.",
    next: "Run the job again: it looks first and repeats nothing that was done.",
  },
  RA8003: {
    title: "A server's certificate is not trusted",
    means:
      "The certificate is expired, for another name, or signed by somebody the runner does not know.",
    next: "Renew the certificate, or give its authority to the runner with NODE_EXTRA_CA_CERTS.",
  },
  RA8004: {
    title: "A server's answer is larger than allowed",
    means: "The answer was cut off before memory ran out.",
    next: "Check that the address is the right one.",
  },
  RA8005: {
    title: "A server's answer cannot be read",
    means: "It is not the JSON or the form that its protocol promises.",
    next: "Check the address and whether a proxy answers in the server's place.",
  },
  RA8006: {
    title: "A redirect was refused",
    means: "A redirect from https to http, in a circle, or of a request that writes.",
    next: "Give the final address.",
  },
  RA8007: {
    title: "The address of the proxy cannot be used",
    means:
      "`https_proxy` or `http_proxy` is set on the runner, and holds something else than the address of an HTTP proxy. Nothing was sent.",
    next: "Set it on the runner to `http://host:port`, with `user:password@` before the host if the proxy wants a login.",
  },
  RA8008: {
    title: "The proxy refused the way",
    means:
      "The proxy of the runner was asked for a connection and said no: it wants a login, or does not let this server through. Nothing was sent to the server.",
    next: "Ask the owner of the proxy, or name the server in `no_proxy` if the runner reaches it without.",
  },
} as const;
