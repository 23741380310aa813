/** RA30xx: deploy, before and while writing. RA31xx: why a rollout did not get through. RA32xx: the product's own script. RA33xx: preflight. */
export const deploy = {
  RA3001: {
    title: "The kubeconfig cannot be used",
    means:
      "It is not YAML, has no current context, or names a cluster or user that it does not hold.",
    next: "Give the content of a kubeconfig that works with `kubectl --kubeconfig FILE get pods`.",
  },
  RA3002: {
    title: "The kubeconfig would run a program",
    means: "Its user has an `exec` or `auth-provider` part, which starts a program on the runner.",
    next: "Use a token or a client certificate, or set `allow-exec: true` where you trust the kubeconfig.",
  },
  RA3003: {
    title: "The kubeconfig names files or settings that are not read",
    means: "A runner does not have the files of the machine where the kubeconfig was made.",
    next: "Make it self-contained with `kubectl config view --raw --flatten --minify`.",
  },
  RA3004: {
    title: "The cluster's address is not safe",
    means: "Credentials would cross the network unencrypted.",
    next: "Give the cluster's https:// address.",
  },
  RA3005: {
    title: "The manifests cannot be read",
    means:
      "A file is not YAML, not a Kubernetes object, too large, or names the same object twice.",
    next: "Correct the file at the line that is named; `kubectl apply --dry-run=client -f FILE` shows the same.",
  },
  RA3006: {
    title: "This kind of manifest is not supported",
    means: "The file needs another program to become Kubernetes objects.",
    next: "Commit the rendered objects, for instance from `kubectl kustomize`.",
  },
  RA3007: {
    title: "A component's image is in no manifest",
    means: "The release would be recorded as deployed although nothing would run it.",
    next: "Name the image in a container of the manifests, or correct `image` of the component.",
  },
  RA3008: {
    title: "The cluster does not know the caller",
    means: "The token or certificate of the kubeconfig is expired, revoked or of another cluster.",
    next: "Make a new kubeconfig and replace the secret.",
  },
  RA3009: {
    title: "The namespace does not exist",
    means: "Nothing was written by this request.",
    next: "Create the namespace, or correct `namespace` of the environment.",
  },
  RA3010: {
    title: "The cluster does not know this kind of object",
    means:
      "Its API has no such group, version or kind: a custom resource definition is missing or the version is gone.",
    next: "Install the custom resource definition, or correct apiVersion and kind.",
  },
  RA3011: {
    title: "The cluster refuses an object",
    means: "A field is unknown or has a value that is not allowed, or an admission rule said no.",
    next: "Correct the manifest at the field that is named.",
  },
  RA3012: {
    title: "The cluster answers with an error",
    means: "The request was understood and not carried out.",
    next: "Look at the cluster's sentence, then run the job again.",
  },
  RA3013: {
    title: "The cluster could not be watched",
    means: "The rollout may be going on; this run does not know how it ends.",
    next: "Run the job again: it applies nothing twice and watches on.",
  },
  RA3014: {
    title: "The kubeconfig leads to another cluster",
    means:
      "`deploy.cluster` names the cluster by the uid of its namespace kube-system, and this one has another.",
    next: "Give the environment the kubeconfig of its own cluster, or correct `deploy.cluster`.",
  },
  RA3015: {
    title: "The cluster's certificate would not be checked",
    means:
      "The kubeconfig says insecure-skip-tls-verify: whoever sits between the runner and the cluster could read and change the deployment.",
    next: "Put the cluster's authority into the kubeconfig (`certificate-authority-data`), or set `insecure-skip-tls-verify: true` under `with:`.",
  },
  RA3101: {
    title: "The image is not in the registry",
    means: "The nodes were told that the image or its digest does not exist.",
    next: "Check the image's name, and that the registry still has the digest.",
  },
  RA3102: {
    title: "The cluster may not pull the image",
    means: "The registry refused the nodes' credentials, or there were none.",
    next: "Give the namespace a pull secret and name it under imagePullSecrets.",
  },
  RA3103: {
    title: "The registry limits the pulls",
    means: "The nodes are told to wait. This was waited for until the deadline.",
    next: "Pull with an account, or through a mirror, and run the job again.",
  },
  RA3104: {
    title: "The image cannot be pulled",
    means: "The nodes could not fetch or unpack it, for a reason that may pass.",
    next: "Look at the pod's events, then run the job again.",
  },
  RA3105: {
    title: "A secret or one of its keys is missing",
    means: "The container needs it to start, and the namespace does not have it.",
    next: "Create the secret or add the key, then run the job again.",
  },
  RA3106: {
    title: "A config map or one of its keys is missing",
    means: "The container needs it to start, and the namespace does not have it.",
    next: "Create the config map or add the key, then run the job again.",
  },
  RA3107: {
    title: "The container cannot be created",
    means: "The node refuses the container as it is described.",
    next: "Correct the pod's description, then run the job again.",
  },
  RA3108: {
    title: "The new build crashes",
    means: "Its process ended with an error again and again.",
    next: "Read the last lines of the container's log.",
  },
  RA3109: {
    title: "The new build runs out of memory",
    means: "The container was ended because it took more memory than its limit.",
    next: "Raise resources.limits.memory of the container, or correct the build.",
  },
  RA3110: {
    title: "The new build never became ready",
    means: "Its process runs, and its readiness probe did not pass in time.",
    next: "Ask the probe's address by hand and look at the log.",
  },
  RA3111: {
    title: "No node has room for the new pods",
    means: "The scheduler found no node that fits, and waiting did not help.",
    next: "Add nodes, lower the requests, or correct selectors and volumes.",
  },
  RA3112: {
    title: "A quota forbids the new pods",
    means: "The namespace's quota is used up; the rollout needs at least one pod more for a while.",
    next: "Raise the quota, or lower requests or maxSurge.",
  },
  RA3113: {
    title: "An admission rule says no",
    means: "A webhook, a policy or the namespace's Pod Security refuses the object or its pods.",
    next: "Correct the manifest after the rule's sentence, then run the job again.",
  },
  RA3114: {
    title: "The rollout was not done before the deadline",
    means: "No container says what is wrong; it was only too slow, or nobody works on it.",
    next: "Look at the workload's events, or give a longer `timeout`.",
  },
  RA3115: {
    title: "Another build runs than the one that was deployed",
    means:
      "The running image's digest is not the wanted one: a webhook, a mirror, an older pod, or another run that deployed at the same time.",
    next: "Find out who changes the image before you trust the environment.",
  },
  RA3116: {
    title: "The image does not run on the nodes' architecture",
    means: "It has no variant for the nodes' platform.",
    next: "Build the image for that platform, or choose other nodes.",
  },
  RA3117: {
    title: "The workload was deleted during the rollout",
    means: "Somebody or something removed it after it was applied.",
    next: "Find out who removes it, then run the job again.",
  },
  RA3120: {
    title: "The cluster forbids it",
    means: "The caller's role lacks a permission.",
    next: "Add the rule that is named to the caller's Role.",
  },
  RA3121: {
    title: "Somebody else owns a field",
    means: "Another program or person set it, and it is not overwritten silently.",
    next: "Take the field out of the manifest, or give it up on the other side.",
  },
  RA3122: {
    title: "A field cannot be changed",
    means: "Kubernetes never changes this field of an existing object.",
    next: "Undo the change of the field, or delete the object in a planned moment and run the job again.",
  },
  RA3131: {
    title: "The new build cannot be started",
    means: "The node has the image, and its command is missing, no program, or not allowed to run.",
    next: "Correct `command` of the container or the image's entrypoint, then run the job again.",
  },
  RA3132: {
    title: "The new build is ended by its own probe",
    means: "The liveness or startup probe failed, so the node ended the container again and again.",
    next: "Give the container more time with a startupProbe, or correct what the probe asks.",
  },
  RA3133: {
    title: "The pod's network could not be made",
    means:
      "The node failed before any container: its network plug-in or its runtime is in trouble.",
    next: "Ask the owner of the cluster to look at the node, then run the job again.",
  },
  RA3134: {
    title: "A volume cannot be mounted",
    means: "The containers wait for a volume that the node does not get.",
    next: "Look at the volume and where else it is attached, then run the job again.",
  },
  RA3136: {
    title: "The node put the pod out or went away",
    means:
      "The node is short of disk or memory, or does not answer. Other pods may be made elsewhere.",
    next: "Ask the owner of the cluster to look at the node, then run the job again.",
  },
  RA3137: {
    title: "An admission webhook does not answer",
    means: "The cluster asks it before it makes an object, and takes nothing while it is silent.",
    next: "Bring the webhook back, then run the job again.",
  },
  RA3140: {
    title: "A job of the release failed",
    means: "Its pods ended with errors more often than its backoffLimit allows.",
    next: "Read the pod's log, mend what the job needs, delete the Job and run this job again.",
  },
  RA3141: {
    title: "A volume claim has no volume",
    means:
      "Pods that mount it cannot start: no volume fits, its storage class is missing, or the volume is gone.",
    next: "Look at the claim's events and correct its storage class or size.",
  },
  RA3142: {
    title: "A custom resource failed by its controller's account",
    means: "Its condition Stalled or Failed says that the controller does not go on by itself.",
    next: "Correct the object after the controller's sentence.",
  },
  RA3143: {
    title: "An object of the release did not get ready before the deadline",
    means:
      "Its own status says that it is not there yet: no address, or a condition that is not true.",
    next: "Look at the object's events and at the controller that is in charge of it.",
  },
  RA3144: {
    title: "The cluster did not take a custom resource definition",
    means: "Another definition has its names, or the cluster did not establish it in time.",
    next: "Look at the definition's conditions and rename or remove the other one.",
  },
  RA3145: {
    title: "The rollout is paused",
    means:
      "`spec.paused` of the Deployment is true, by its manifest or since somebody paused it, so its controller renews no pod.",
    next: "Find out who paused it and why, resume it, then run the job again.",
  },
  RA3201: {
    title: "The deployment script failed",
    means: "It could not be started, or it ended with another exit code than 0.",
    next: "Read the script's last lines, correct what they name, then run the job again.",
  },
  RA3202: {
    title: "The deployment script was not done before the deadline",
    means: "It and everything it had started were ended; what it had written by then stays.",
    next: "Read the script's last lines, or give a longer `timeout`.",
  },
  RA3203: {
    title: "No workload holds a component's image",
    means:
      "The script ended well, and no Deployment, StatefulSet or DaemonSet of the namespace has the image.",
    next: "Correct the script, `namespace`, or `image` of the component.",
  },
  RA3204: {
    title: "The deployment script cannot be run",
    means: "At the released commit it is missing, or it is no executable file.",
    next: "Correct `deploy.script`, or commit the file with `git update-index --chmod=+x PATH`.",
  },
  RA3205: {
    title: "The source archive is not unpacked",
    means: "It is damaged, too large, or has an entry that would lead out of its folder.",
    next: "Take the entry that is named out of the repository; for a damaged archive run the job again.",
  },
  RA3206: {
    title: "Two values want the same variable of the script",
    means: "The script would see only one of them and might deploy the wrong image.",
    next: "Rename the component or the key under `deploy.vars`.",
  },
  RA3301: {
    title: "A preflight check does not hold",
    means: "Something that must be true before the first write is not; nothing was written.",
    next: "Do what is named, then run the job again.",
  },
} as const;
